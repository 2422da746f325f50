from __future__ import annotations
from providers.twin.cloud import Function
def function(token: str) -> Function | None:
    return None
