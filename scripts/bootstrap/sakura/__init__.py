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

from typing import TYPE_CHECKING

from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.sakura import identities, roads, stores
from scripts.bootstrap.steps import Cloud, Settings

if TYPE_CHECKING:
    from scripts.bootstrap.sakura.session import Sakura


def open_session(settings: Settings, recorder: Recorder) -> Sakura:
    """A session of the credentials in the environment or the usacloud profile. Sends nothing yet."""
    from scripts.bootstrap.sakura.session import Sakura

    return Sakura(settings, recorder)


CLOUD = Cloud("sakura", open_session, (*identities.FIRST, *stores.STEPS, *identities.STEPS, *roads.STEPS))
