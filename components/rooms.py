"""The rooms of a cloud's folder, each loaded when it is first named: `facts` and whatever else is pure there
stays free of the cloud's SDK.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "provider": "access",
        "Baseline": "baseline",
        "Lgwan": "lgwan",
        "Iaas": "iaas",
        "Paas": "paas",
        "Saas": "saas",
    }
)
"""What every cloud's folder gives, and the module of the folder that it is in.

No name is also a module's: importing a module binds its name in the folder, so that such a name would mean
the module or what is in it, by what was imported first.
"""


def lazily(package: str) -> Callable[[str], Any]:
    """The `__getattr__` (PEP 562) of the folder `package`; it raises AttributeError for any other name."""

    def load(name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{MODULES[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return load
