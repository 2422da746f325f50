"""The first run: this clone's `.venv` and, beside it, the engine. Bare Python, started by ./jichitai."""
