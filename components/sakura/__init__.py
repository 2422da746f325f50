"""A municipal tenant on さくらのクラウド: the five layers and the provider, loaded when first named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.rooms import lazily

if TYPE_CHECKING:
    from components.sakura.access import provider
    from components.sakura.baseline import Baseline
    from components.sakura.iaas import Iaas
    from components.sakura.lgwan import Lgwan
    from components.sakura.paas import Paas
    from components.sakura.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]

__getattr__ = lazily(__name__)
