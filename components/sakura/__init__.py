"""A municipal tenant on さくらのクラウド: the five layers and the provider, each loaded when it is first
named."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.sakura.baseline import Baseline
    from components.sakura.iaas import Iaas
    from components.sakura.lgwan import Lgwan
    from components.sakura.paas import Paas
    from components.sakura.provider import provider
    from components.sakura.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]


def __getattr__(name: str) -> Any:
    """PEP 562: each name of `__all__` lives in the module of its own name."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The function named as its module: the import has then bound the module to the same name.
    found = getattr(import_module(f"{__name__}.{name.lower()}"), name)
    globals()[name] = found
    return found
