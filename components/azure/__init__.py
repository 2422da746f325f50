"""A municipal tenant on Azure: the five layers and the provider, each loaded when it is first named.

Each room is a package with the same name in every cloud's folder; loading it late keeps `facts`,
which is pure, free of the SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.azure.baseline import Baseline
    from components.azure.iaas import Iaas
    from components.azure.lgwan import Lgwan
    from components.azure.paas import Paas
    from components.azure.provider import provider
    from components.azure.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]


def __getattr__(name: str) -> Any:
    """PEP 562: each name of `__all__` lives in the module of its own name."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # The function named as its module: the import has then bound the module to the same name.
    found = getattr(import_module(f"{__name__}.{name.lower()}"), name)
    globals()[name] = found
    return found
