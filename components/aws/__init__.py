"""A municipal tenant on AWS: the five layers and the provider, loaded when first named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.rooms import lazily

if TYPE_CHECKING:
    from components.aws.access import provider
    from components.aws.baseline import Baseline
    from components.aws.iaas import Iaas
    from components.aws.lgwan import Lgwan
    from components.aws.paas import Paas
    from components.aws.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]

__getattr__ = lazily(__name__)
