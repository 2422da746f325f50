"""さくらのクラウド: from the first service principal of a project to a pipeline that needs nobody.

What this cloud lacks, and what is done instead:

* federation (OIDC) for pipelines: a service principal signs in with a key pair (RFC 7523). The pipeline
  makes the pair, only its public half comes here, and the tokens live an hour;
* roles of one's own and permission boundaries: the preset role that `pulumi up` needs is chosen from the
  project's list, and everything else is bounded by the project itself;
* an audit-log API: security control watches the members of IAM and tells the contacts; operations are in
  the control panel's event log;
* object lock: versions, and a copy at the other site that the pipeline has no key for;
* S3 keys that expire: a key is made for one run and deleted after it;
* IAM by API key: IAM takes service principals only, so the first credential must be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.sakura import identities, names, roads, stores
from scripts.bootstrap.steps import Cloud, Settings
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.sakura.session import Sakura


def open_session(settings: Settings, recorder: Recorder) -> Sakura:
    """A session of the credentials in the environment or the usacloud profile. Sends nothing yet."""
    from scripts.bootstrap.sakura.session import Sakura

    return Sakura(settings, recorder)


def successor(settings: Settings, begun: Mapping[str, Any]) -> Text:
    """Who finishes a retirement that was cut off: the pipeline, whose principal remembers whom."""
    go_on = (
        f"./jichitai bootstrap sakura {settings.stack} --step retire --yes"
        f" --set {names.PRINCIPAL}={begun['who']}"
    )
    lend = f"./jichitai bootstrap lend sakura {settings.stack} -- COMMAND"
    own = "SAKURA_SERVICE_PRINCIPAL_ID, SAKURA_SERVICE_PRINCIPAL_KEY_KID, SAKURA_PRIVATE_KEY_PATH"
    return Text(
        f"パイプラインの認証情報（{own}）で {go_on} を実行すると続きから終えます。日常の作業は {lend} です。",
        f"With the pipeline's own credential ({own}) run {go_on}: it finishes. Daily work goes on: {lend}.",
    )


CLOUD = Cloud(
    "sakura",
    open_session,
    (*identities.FIRST, *stores.STEPS, *identities.STEPS, *roads.STEPS),
    successor=successor,
)
