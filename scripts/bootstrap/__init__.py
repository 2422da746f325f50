"""From the administrator of a unit that was just handed over to a safe, empty tenant.

How a cloud's module is written is in `scripts.bootstrap.steps`.
"""
