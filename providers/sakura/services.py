"""The APIs of さくらのクラウド: where each answers and how its address may be overridden.

The roots are those of the official clients (facts: sakura-api.md §2.1); the environment names are theirs too,
so that what points them at another server points us there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stacks.text import Text

from .errors import ConfigError

DEFAULT_ROOT: Final = "https://secure.sakura.ad.jp/cloud/zone"
"""`SAKURA_API_ROOT_URL`'s default: the IaaS API's zones lie under it."""


@dataclass(frozen=True, slots=True)
class Service:
    """One API. `path` starts at the root; `{zone}` is the resource's zone or the default for global ones.

    zonal: lies under `…/cloud/zone`; the others lie under its sibling `…/cloud/api`.
    key: the part after `SAKURA_ENDPOINTS_`. form: how it words errors and lists.
    """

    name: str
    key: str
    path: str
    zonal: bool = True
    form: str = "iaas"


_ALL: Final = (
    Service("iaas", "IAAS", "{zone}/api/cloud/1.1"),
    Service("kms", "KMS", "tk1a/api/cloud/1.1", form="kms"),
    Service("secretmanager", "SECRETMANAGER", "tk1a/api/cloud/1.1", form="kms"),
    Service("nosql", "NOSQL", "tk1b/api/cloud/1.1"),
    Service("seg", "SERVICE_ENDPOINT_GATEWAY", "{zone}/api/cloud/1.1"),
    Service("simplemq", "SIMPLE_MQ_QUEUE", "is1a/api/cloud/1.1"),
    Service("eventbus", "EVENTBUS", "is1a/api/cloud/1.1"),
    Service("simplenotification", "SIMPLE_NOTIFICATION", "is1a/api/cloud/1.1"),
    Service("monitoring", "MONITORING_SUITE", "is1a/api/monitoring/1.0", form="monitoring"),
    Service("securitycontrol", "SECURITY_CONTROL", "tk1b/api/securitycontrol/1.0", form="iam"),
    Service("objectstorage", "OBJECT_STORAGE", "is1a/api/objectstorage/1.0", form="objectstorage"),
    Service("webaccel", "WEBACCEL", "is1a/api/webaccel/1.0", form="webaccel"),
    Service("dedicatedstorage", "DEDICATED_STORAGE", "tk1b/api/cloud/1.0"),
    Service("iam", "IAM", "iam/1.0", zonal=False, form="iam"),
    Service("apigw", "APIGW", "apigw/1.0", zonal=False, form="apigw"),
    Service("apprun", "APPRUN_SHARED", "apprun/1.0/apprun/api", zonal=False, form="apprun"),
)
SERVICES: Final = {service.name: service for service in _ALL}


def base_url(name: str, zone: str, root: str, endpoints: dict[str, str]) -> str:
    """The address, without a slash at its end, under which service `name` answers for `zone`.

    An endpoint given for the service wins. Else it is derived from `root`; where `root` is not the usual
    `…/cloud/zone`, the services beside the zones cannot be derived, and asking for them is a ConfigError:
    they must never silently be the real ones while the rest is somewhere else.
    """
    service = SERVICES[name]
    given = endpoints.get(service.key, "").rstrip("/")
    if given:
        return given.replace("{zone}", zone)
    root = root.rstrip("/")
    if service.zonal:
        return f"{root}/{service.path.replace('{zone}', zone)}"
    if not root.endswith("/zone"):
        raise ConfigError(
            Text(
                ja=f"{service.name} のAPIの場所が決まりません。SAKURA_API_ROOT_URL "
                "が「…/cloud/zone」の形でないため、"
                f"SAKURA_ENDPOINTS_{service.key} を指定してください。",
                en=f"Where {service.name} answers is not known: SAKURA_API_ROOT_URL does not end in "
                "/cloud/zone, "
                f"so set SAKURA_ENDPOINTS_{service.key}.",
            )
        )
    return f"{root.removesuffix('/zone')}/api/{service.path}"
