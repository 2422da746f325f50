"""The CrossGuard pack: `pulumi preview --policy-pack policies`."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# The engine runs this folder as a program, which puts it first on the path: its modules are not top-level.
sys.path[:] = [p for p in sys.path if not p or Path(p).resolve() != _HERE]
if not any(p and Path(p).resolve() == _HERE.parent for p in sys.path):
    sys.path.insert(0, str(_HERE.parent))

if __name__ == "__main__":
    from policies.live.server import serve

    serve()
