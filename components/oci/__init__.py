"""A municipal tenant on OCI: the five layers and the provider, loaded when first named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.rooms import lazily

if TYPE_CHECKING:
    from components.oci.access import provider
    from components.oci.baseline import Baseline
    from components.oci.iaas import Iaas
    from components.oci.lgwan import Lgwan
    from components.oci.paas import Paas
    from components.oci.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]

__getattr__ = lazily(__name__)
