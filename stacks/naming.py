"""Names of cloud resources: stable, within every cloud's limits, never made from Japanese text."""

from __future__ import annotations

from hashlib import blake2s

from stacks.manifest import Environment


def prefix(code: str, environment: Environment) -> str:
    """What every name of a tenant starts with: `jt131041p`.

    A letter first (RDS, Azure and OCI ask for it), then the code, then the environment; nine
    characters, lower case and digits only, so that it also fits where hyphens do not.
    """
    return f"jt{code}{environment[0]}"


def name(*parts: str, limit: int = 63) -> str:
    """`parts` joined by hyphens, shortened to `limit` characters by a hash of the whole.

    The same parts always give the same name; parts that differ give names that differ, with the
    hash's 32 bits where they were shortened. Raises ValueError if `limit` leaves no room.
    """
    if limit < 12:
        raise ValueError(f"no room for a name in {limit} characters")
    whole = "-".join(part for part in parts if part)
    if len(whole) <= limit:
        return whole
    digest = blake2s(whole.encode(), digest_size=4).hexdigest()
    return f"{whole[: limit - 9].rstrip('-')}-{digest}"
