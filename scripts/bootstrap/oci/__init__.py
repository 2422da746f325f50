"""OCI: from the administrator of a child tenancy to a pipeline that needs nobody.

What this cloud lacks, and what is done instead:

* Pulumi has no secrets provider for OCI's Vault: the passphrase is a secret that the vault itself makes
  up, so that nobody ever sees it; the pipeline reads it when it runs;
* Pulumi reaches Object Storage through its S3 side only, which knows no tokens: the pipeline makes a
  customer secret key for its own user, uses it, and deletes it, each time;
* versions and retention rules exclude each other: the state has versions, which the pipeline may not
  delete and a lifecycle rule takes away after the years that the manifest says;
* the exchange of a pipeline's token wants an OAuth client with a secret. It opens nothing by itself:
  without a token of the one issuer and subject that the trust names, it is refused;
* API keys cannot be deactivated, only deleted;
* there is no permissions boundary: the layers make policies, so the pipeline may, and a policy can say
  anything. What it may not touch are users, groups and domains: who deploys stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.oci import ground, names, people, roads, stores
from scripts.bootstrap.steps import Cloud, Settings
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.bootstrap.oci.session import Oci


def open_session(settings: Settings, recorder: Recorder) -> Oci:
    """A session of the profile in the OCI configuration file. Sends nothing yet."""
    from scripts.bootstrap.oci.session import Oci

    return Oci(settings, recorder)


def successor(settings: Settings, begun: Mapping[str, Any]) -> Text:
    """Who finishes a retirement that was cut off: the sealed user, told whom by the evidence or an option."""
    user = names.named(settings, "break-glass")
    go_on = (
        f"OCI_CONFIG_PROFILE=break-glass ./jichitai bootstrap oci {settings.stack} --step retire"
        f" --set {names.FIRST}={begun['who']}"
    )
    lend = f"./jichitai bootstrap lend oci {settings.stack} --token-file FILE -- COMMAND"
    return Text(
        f"封をした鍵で {user} のプロファイルを作り、{go_on} を実行すると続きから終えます。"
        f"日常の作業は、パイプラインで {lend} です。",
        f"Make a profile of {user} with the sealed key and run {go_on}: it finishes. "
        f"Daily work goes on in the pipeline: {lend}.",
    )


CLOUD = Cloud(
    "oci", open_session, (*ground.STEPS, *stores.STEPS, *people.STEPS, *roads.STEPS), successor=successor
)
