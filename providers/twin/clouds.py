"""The clouds the twin plays. Another one is one more entry here and a package of tables beside `aws`."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.aws import AWS
from providers.twin.azure import AZURE
from providers.twin.cloud import Cloud
from providers.twin.google import GOOGLE
from providers.twin.oci import OCI

CLOUDS: Mapping[str, Cloud] = {cloud.name: cloud for cloud in (AWS, AZURE, GOOGLE, OCI)}
