"""How identities are written in different places."""

from __future__ import annotations

import pulumi


def short_name(address: str, engine: str) -> str:
    """The database user of a service account: PostgreSQL wants its address without the ending
    `.gserviceaccount.com`, MySQL what stands before the `@` (Cloud SQL documentation, "Add an IAM user")."""
    return address.split("@")[0] if engine == "mysql" else address.removesuffix(".gserviceaccount.com")


def member(account: pulumi.Input[str]) -> pulumi.Output[str]:
    """A service account, by its address, as permissions name it."""
    return pulumi.Output.concat("serviceAccount:", account)
