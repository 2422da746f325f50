"""Python programs out of what `pulumi import` wrote, for the language host."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping

from scripts.codegen.golang import HERE, CannotGenerateError, build
from stacks.text import Text


def program(sources: Mapping[str, str], loader: str) -> tuple[dict[str, str], list[str]]:
    """Files of a Python program, and what the generator says; `loader` is the engine's address for schemas.

    CannotGenerateError when the generator cannot be built, or fails.
    """
    command = [str(build(HERE, "codegen")), "program", loader]
    done = subprocess.run(
        command, input=json.dumps(dict(sources)), text=True, capture_output=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip()
        raise CannotGenerateError(
            Text(ja=f"プログラムを生成できません: {said}", en=f"The program cannot be generated: {said}")
        )
    answer = json.loads(done.stdout)
    return dict(answer["files"]), list(answer["problems"])
