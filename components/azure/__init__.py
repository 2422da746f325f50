"""A municipal tenant on Azure: the five layers and the provider, loaded when first named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.rooms import lazily

if TYPE_CHECKING:
    from components.azure.access import provider
    from components.azure.baseline import Baseline
    from components.azure.iaas import Iaas
    from components.azure.lgwan import Lgwan
    from components.azure.paas import Paas
    from components.azure.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]

__getattr__ = lazily(__name__)
