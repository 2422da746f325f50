"""Makes the typed SDK `pulumi_sakura` from the provider's schema, or says that it is stale.

    python -m scripts.codegen.sakura            write the SDK and the resource reference python -m
    scripts.codegen.sakura --check    exit code 1 when either is not what the schema gives, 3 without Go

The generator is Pulumi's own (a Go module, see main.go); it is built outside the repository, in the user's
cache.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from providers.sakura import reference, schema
from scripts.codegen.golang import HERE, CannotGenerateError, build
from stacks.text import Language, Text, language_of

_ROOT: Final = HERE.parent.parent
SDK: Final = _ROOT / "providers" / "sakura" / "sdk"
REFERENCE: Final = _ROOT / "docs" / "sakura-resources.md"
_MANIFEST: Final = ".generated"


def generate(target: Path) -> None:
    """Write the SDK under `target`. CannotGenerateError when the generator cannot be had or refuses the
    schema."""
    program = build(HERE, "codegen")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "schema.json"
        source.write_text(json.dumps(schema.package(), ensure_ascii=False), encoding="utf-8")
        done = subprocess.run(
            [str(program), "package", str(source), str(target)], text=True, capture_output=True
        )
    _describe(target)
    if done.returncode != 0:
        raise CannotGenerateError(
            Text(ja=f"生成できません: {done.stderr}", en=f"It cannot be generated: {done.stderr}")
        )
    _describe(target)


def _describe(target: Path) -> None:
    """The SDK asks the installed package's metadata for its version; where it is used from the clone, this is
    it."""
    folder = target / f"pulumi_sakura-{schema.VERSION}.dist-info"
    folder.mkdir(exist_ok=True)
    text = f"Metadata-Version: 2.1\nName: pulumi_sakura\nVersion: {schema.VERSION}\n"
    (folder / "METADATA").write_text(text, encoding="utf-8")


def stale() -> list[str]:
    """The generated files that are not what the schema gives now, relative to the repository."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        names = set((fresh / _MANIFEST).read_text(encoding="utf-8").split())
        listed = SDK / _MANIFEST
        names |= set(listed.read_text(encoding="utf-8").split()) if listed.exists() else set()
        differ = sorted(name for name in names if not _equal(fresh / name, SDK / name))
    found = [str((SDK / name).relative_to(_ROOT)) for name in differ]
    if not REFERENCE.exists() or REFERENCE.read_text(encoding="utf-8") != reference.markdown():
        found.append(str(REFERENCE.relative_to(_ROOT)))
    return found


def _equal(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and filecmp.cmp(one, other, shallow=False)


def main(arguments: list[str], language: Language) -> int:
    """Generate or check; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.codegen.sakura")
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args(arguments).check
    try:
        if not check:
            generate(SDK)
            REFERENCE.write_text(reference.markdown(), encoding="utf-8")
            return 0
        found = stale()
    except CannotGenerateError as error:
        sys.stderr.write(error.text.say(language) + "\n")
        return 3
    if found:
        text = Text(
            ja="生成物が古くなっています。`python -m scripts.codegen.sakura` を実行してください:",
            en="Generated files are stale. Run `python -m scripts.codegen.sakura`:",
        )
        sys.stderr.write("\n  ".join([text.say(language), *found]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:], language_of()))
