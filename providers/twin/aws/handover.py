from __future__ import annotations
from providers.twin.store import Store
from providers.twin.scope import Session
def seed(store: Store, session: Session) -> None:
    return None
