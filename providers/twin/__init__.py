"""The digital twin: the clouds on this machine, over the provider protocol (docs/adr)."""
