"""What layers on Azure give each other beyond the contract of all clouds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components import contract


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineGives(contract.BaselineGives):
    """The contract, and: the workspace that logs go to, the key of what is kept in the recovery region."""

    workspace: pulumi.Output[str]
    recovery_key: pulumi.Output[str]


@dataclass(frozen=True, slots=True)
class EnvironmentGives:
    """Where the containers of a segment run: its id, its one private address, the domain of its names."""

    id: pulumi.Output[str]
    address: pulumi.Output[str]
    domain: pulumi.Output[str]


@dataclass(frozen=True, slots=True)
class PaasGives(contract.PaasGives):
    """The contract, and: container environments by network and segment, identities' client ids."""

    environments: Mapping[tuple[str, str], EnvironmentGives]
    clients: Mapping[str, pulumi.Output[str]]


def baseline(given: contract.BaselineGives) -> BaselineGives:
    """What Azure's own baseline gave. Raises TypeError for that of another cloud."""
    if not isinstance(given, BaselineGives):
        raise TypeError(f"not Azure's baseline: {type(given).__name__}")
    return given


def paas(given: contract.PaasGives) -> PaasGives:
    """What Azure's own platform gave. Raises TypeError for that of another cloud."""
    if not isinstance(given, PaasGives):
        raise TypeError(f"not Azure's platform: {type(given).__name__}")
    return given
