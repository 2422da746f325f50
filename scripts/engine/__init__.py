"""The engine: the real Pulumi CLI, found, installed or built, and how to run it.

    engine = ensure(report)                      # scripts.engine.install
    workspace = Workspace(engine)                # scripts.engine.workspace; target="cloud" for the real ones
    workspace.ensure_stack("131041-shinjuku")
    subprocess.run(workspace.command(["up", "--yes"], "131041-shinjuku"),
                   cwd=workspace.repo, env=workspace.environment())

Everything here runs on a bare Python 3.11, without a third-party package, because the launcher
uses it while `.venv` is still being made. The language host (scripts.engine.host) is apart: it is
started by the engine and imports none of this.
"""
