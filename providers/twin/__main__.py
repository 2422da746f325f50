"""`python -m providers.twin serve --dir DIR [--idle SECONDS]`: the twin's own process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m providers.twin")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve until stopped")
    serve.add_argument("--dir", type=Path, required=True, help="where the store and twin.json are")
    serve.add_argument("--idle", type=float, default=0, help="end after this many seconds without a call")
    return parser


if __name__ == "__main__":
    arguments = _parser().parse_args()
    from providers.twin.clouds import CLOUDS
    from providers.twin.process import main

    sys.exit(main(arguments.dir, list(CLOUDS.values()), arguments.idle))
