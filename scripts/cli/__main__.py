"""`python -m scripts.cli`: what the launcher starts."""

from __future__ import annotations

from scripts.cli.app import main

main()
