"""Google Cloud: the five rooms, and the provider that reaches the project."""

from __future__ import annotations

from components.google.baseline import Baseline
from components.google.iaas import Iaas
from components.google.lgwan import Lgwan
from components.google.paas import Paas
from components.google.provider import provider
from components.google.saas import Saas

__all__ = ["Baseline", "Iaas", "Lgwan", "Paas", "Saas", "provider"]
