"""A municipal tenant on Google Cloud: the five layers and the provider, loaded when first named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.rooms import lazily

if TYPE_CHECKING:
    from components.google.access import provider
    from components.google.baseline import Baseline
    from components.google.iaas import Iaas
    from components.google.lgwan import Lgwan
    from components.google.paas import Paas
    from components.google.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]

__getattr__ = lazily(__name__)
