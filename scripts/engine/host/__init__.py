"""Our Python language host: what `pulumi-language-python` is to the official CLI.

The engine starts it, asks it which plugins a program needs, and has it run programs and policy
packs. It is used only beside an engine that we built ourselves, because the official host lives
in a Go module that no proxy serves (docs/adr/2026-11-24-engine-and-language-host.md).
"""
