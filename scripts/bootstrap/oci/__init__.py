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

from typing import TYPE_CHECKING

from scripts.bootstrap.calls import Recorder
from scripts.bootstrap.oci import ground, people, roads, stores
from scripts.bootstrap.steps import Cloud, Settings

if TYPE_CHECKING:
    from scripts.bootstrap.oci.session import Oci


def open_session(settings: Settings, recorder: Recorder) -> Oci:
    """A session of the profile in the OCI configuration file. Sends nothing yet."""
    from scripts.bootstrap.oci.session import Oci

    return Oci(settings, recorder)


CLOUD = Cloud("oci", open_session, (*ground.STEPS, *stores.STEPS, *people.STEPS, *roads.STEPS))
