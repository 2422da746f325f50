"""Reads names and types out of an installed Pulumi SDK's source files, without importing them.

An SDK file of a hundred kilobytes is mostly prose and overloads, so only the classes that are asked for are
cut out of the text and parsed. How the files speak is described in pulumi/pulumi, pkg/codegen/python:
inputs are the `@pulumi.getter` properties of `XArgs`, required ones its keyword-only arguments without a
default, outputs the getters of the resource class, defaults and secrets assignments in `_internal_init`.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

TypeForm = Any
"""A type as JSON: "str" "int" "num" "bool" "any" "asset", ["list", T], ["map", T], ["obj", "module:Class"],
["enum", [values]], ["one", [T…]]."""

_SCALARS = {"str": "str", "int": "int", "float": "num", "bool": "bool"}
_CLASS = re.compile(r"^class (\w+)\b", re.MULTILINE)
_TOP = re.compile(r"^(?:class |def |@|[A-Za-z_])", re.MULTILINE)


class SdkError(Exception):
    """An SDK that is not installed, or a token it does not have."""


@dataclass(frozen=True, slots=True)
class PropertyForm:
    """One property as the SDK declares it; `always` means an output that is never null."""

    type: TypeForm
    required: bool = False
    always: bool = False
    default: Any = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ResourceForm:
    """Inputs and outputs of a resource by wire name."""

    inputs: Mapping[str, PropertyForm]
    outputs: Mapping[str, PropertyForm]


@dataclass(frozen=True, slots=True)
class FunctionForm:
    """Arguments and results of a function (a Pulumi invoke) by wire name."""

    inputs: Mapping[str, PropertyForm]
    outputs: Mapping[str, PropertyForm]


def snake(camel: str) -> str:
    """`LogGroup` → `log_group`, as Pulumi's PyName does (runs of capitals stay together)."""
    text = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", camel)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()


class Sdk:
    """One installed SDK package, for instance `pulumi_aws`."""

    def __init__(self, package: str) -> None:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise SdkError(f"{package} is not installed")
        self.package = package
        self.root = Path(spec.origin).parent
        self.version: str = json.loads((self.root / "pulumi-plugin.json").read_text("utf-8"))["version"]
        self._index: dict[str, tuple[str, str]] | None = None
        self._modules: dict[str, str] = {}

    def tokens(self) -> Mapping[str, tuple[str, str]]:
        """Every resource token with its Python module and class."""
        if self._index is None:
            text = (self.root / "__init__.py").read_text("utf-8")
            start = text.index('resource_modules="""') + len('resource_modules="""')
            entries = json.loads(text[start : text.index('"""', start)])
            self._index = {}
            for entry in entries:
                self._modules.setdefault(entry["mod"].split("/")[0], entry["fqn"])
                for token, name in entry["classes"].items():
                    self._index[token] = (entry["fqn"], name)
        return self._index

    def resource(self, token: str) -> ResourceForm:
        """The form of the resource `token`; SdkError when there is none."""
        found = self.tokens().get(token)
        if found is None:
            raise SdkError(f"{self.package} {self.version} has no resource {token}")
        module, name = found
        path = self._file(module, token.split(":")[1].split("/")[-1], name)
        source = _Source.of(path)
        arguments = source.parse(f"{name}InitArgs" if source.has(f"{name}InitArgs") else f"{name}Args")
        resource = source.parse(name)
        names = _Names(self, module)
        defaults, secrets = _start_values(resource)
        inputs = _inputs(arguments, names)
        wire = dict(_wire_names(arguments))
        for python_name, default in defaults.items():
            key = wire.get(python_name)
            if key is not None:
                old = inputs[key]
                inputs[key] = PropertyForm(old.type, old.required, old.always, default, old.secret)
        for key in secrets & inputs.keys():
            old = inputs[key]
            inputs[key] = PropertyForm(old.type, old.required, old.always, old.default, True)
        outputs = {
            key: PropertyForm(
                names.form(annotation), always=not _is_optional(annotation), secret=key in secrets
            )
            for key, annotation in _getters(resource)
        }
        return ResourceForm(inputs, outputs)

    def function(self, token: str) -> FunctionForm:
        """The form of the function `token` (`aws:ec2/getAmi:getAmi`); SdkError when there is none."""
        _, module_part, name = token.split(":")
        self.tokens()
        folder = module_part.split("/")[0]
        # Modules of functions alone are not in the index; their folders are in small letters.
        other = f"{self.package}.{folder.lower()}"
        module = self.package if folder == "index" else self._modules.get(folder, other)
        path = self._folder(module) / f"{snake(name)}.py"
        if not path.is_file():
            raise SdkError(f"{self.package} {self.version} has no function {token}")
        source = _Source.of(path)
        result = source.parse(f"{name[0].upper()}{name[1:]}Result")
        definition = source.parse_function(snake(name))
        names = _Names(self, module)
        required = len(definition.args.args) - len(definition.args.defaults)
        annotations = {argument.arg: argument.annotation for argument in definition.args.args}
        order = [argument.arg for argument in definition.args.args]
        inputs: dict[str, PropertyForm] = {}
        for wire, python_name in _invoke_arguments(definition):
            annotation = annotations[python_name]
            form = names.form(annotation) if annotation is not None else "any"
            inputs[wire] = PropertyForm(form, required=order.index(python_name) < required)
        outputs = {
            key: PropertyForm(names.form(annotation), always=not _is_optional(annotation))
            for key, annotation in _getters(result)
        }
        return FunctionForm(inputs, outputs)

    def object(self, name: str) -> Mapping[str, PropertyForm] | None:
        """The properties of the nested input type `module:Class`, or None when the SDK does not have it."""
        module, class_name = name.split(":")
        source = _Source.of(self._folder(module) / "_inputs.py")
        if not source.has(class_name):
            return None
        return _inputs(source.parse(class_name), _Names(self, module))

    def has_object(self, name: str) -> bool:
        """Whether `object(name)` would find something; cheaper."""
        module, class_name = name.split(":")
        return _Source.of(self._folder(module) / "_inputs.py").has(class_name)

    def enum(self, module: str, name: str) -> list[str] | None:
        """The values of the enum `name` in `module`, or None when there is no such enum."""
        source = _Source.of(self._folder(module) / "_enums.py")
        if not source.has(name):
            return None
        return [
            str(statement.value.value)
            for statement in source.parse(name).body
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        ]

    def _folder(self, module: str) -> Path:
        return self.root.joinpath(*module.split(".")[1:])

    def _file(self, module: str, stem: str, name: str) -> Path:
        folder = self._folder(module)
        for candidate in (folder / f"{snake(stem)}.py", folder / f"{snake(name)}.py"):
            if candidate.is_file() and _Source.of(candidate).has(name):
                return candidate
        marker = f"\nclass {name}(pulumi.CustomResource)"
        for candidate in sorted(folder.glob("*.py")):
            if marker in candidate.read_text("utf-8"):
                return candidate
        raise SdkError(f"{self.package} {self.version}: no file defines {module}.{name}")


class _Source:
    """One source file, cut into its classes."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text("utf-8") if path.is_file() else ""
        self._at = {match[1]: match.start() for match in _CLASS.finditer(self.text)}

    @staticmethod
    @lru_cache(maxsize=16)  # an _inputs.py is up to 3.5 MB: enough for one module's work, no more
    def of(path: Path) -> _Source:
        return _Source(path)

    def has(self, name: str) -> bool:
        return name in self._at

    def parse(self, name: str) -> ast.ClassDef:
        node = ast.parse(self._cut(self._at[name])).body[0]
        if not isinstance(node, ast.ClassDef):
            raise SdkError(f"{name} is not a class")
        return node

    def parse_function(self, name: str) -> ast.FunctionDef:
        match = re.search(rf"^def {re.escape(name)}\(", self.text, re.MULTILINE)
        if match is None:
            raise SdkError(f"no function {name}")
        node = ast.parse(self._cut(match.start())).body[0]
        if not isinstance(node, ast.FunctionDef):
            raise SdkError(f"{name} is not a function")
        return node

    def _cut(self, start: int) -> str:
        after = _TOP.search(self.text, self.text.index("\n", start) + 1)
        return self.text[start : after.start() if after else None]


class _Names:
    """Turns annotations of one module into type forms."""

    def __init__(self, sdk: Sdk, module: str) -> None:
        self._sdk = sdk
        self._module = module

    def form(self, node: ast.expr) -> TypeForm:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._named(node.value)
        if isinstance(node, ast.Attribute):
            return "asset" if node.attr in {"Asset", "Archive"} else _SCALARS.get(node.attr, "any")
        if isinstance(node, ast.Name):
            return "any"
        if not isinstance(node, ast.Subscript):
            return "any"
        outer = node.value.attr if isinstance(node.value, ast.Attribute) else ast.unparse(node.value)
        inner = node.slice
        if outer in {"Input", "Output", "Optional", "NotRequired", "InputType"}:
            return self.form(inner)
        if outer == "Sequence":
            return ["list", self.form(inner)]
        if outer == "Mapping" and isinstance(inner, ast.Tuple):
            return ["map", self.form(inner.elts[1])]
        if outer == "Union" and isinstance(inner, ast.Tuple):
            return self._union(inner)
        return "any"

    def _union(self, node: ast.Tuple) -> TypeForm:
        forms: list[TypeForm] = []
        for element in node.elts:
            # One object is written three times: as a class, as its dictionary twin and as an output.
            if isinstance(element, ast.Constant) and str(element.value).endswith("ArgsDict"):
                continue
            if isinstance(element, ast.Constant) and str(element.value).startswith("outputs."):
                continue
            form = self.form(element)
            if form not in forms:
                forms.append(form)
        # `Union[str, 'SomeEnum']` accepts any string: the enum is a suggestion of the SDK's, no rule.
        if "str" in forms:
            forms = [form for form in forms if not (isinstance(form, list) and form[0] == "enum")]
        return forms[0] if len(forms) == 1 else ["one", forms]

    def _named(self, text: str) -> TypeForm:
        if text.startswith("outputs."):
            return "any"  # what an output is made of matters to nobody here
        name = text
        module = self._module
        if "." in name:
            prefix, name = name.rsplit(".", 1)
            module = f"{self._sdk.package}.{prefix.strip('_')}"
        for where in dict.fromkeys((module, self._sdk.package)):
            values = self._sdk.enum(where, name)
            if values is not None:
                return ["enum", values]
            if name.endswith("Args") and self._sdk.has_object(f"{where}:{name}"):
                return ["obj", f"{where}:{name}"]
        # Types of other modules: an object whose inside is not checked here.
        return ["map", "any"]


def _getters(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.returns is not None:
            name = _getter_name(item)
            if name is not None:
                yield name, item.returns


def _getter_name(function: ast.FunctionDef) -> str | None:
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        target = call.func if call else decorator
        if isinstance(target, ast.Attribute) and target.attr == "getter":
            if call and call.keywords and isinstance(call.keywords[0].value, ast.Constant):
                return str(call.keywords[0].value.value)
            return function.name
    return None


def _wire_names(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and (name := _getter_name(item)) is not None:
            yield item.name, name


def _inputs(node: ast.ClassDef, names: _Names) -> dict[str, PropertyForm]:
    wire = dict(_wire_names(node))
    start = next(i for i in node.body if isinstance(i, ast.FunctionDef) and i.name == "__init__")
    inputs: dict[str, PropertyForm] = {}
    pairs = zip(start.args.kwonlyargs, start.args.kw_defaults, strict=True)
    for argument, default in pairs:
        key = wire.get(argument.arg)
        if key is None or argument.annotation is None:
            continue
        inputs[key] = PropertyForm(names.form(argument.annotation), required=default is None)
    return inputs


def _is_optional(node: ast.expr) -> bool:
    """Whether an annotation `pulumi.Output[…]` or a plain one admits None."""
    while isinstance(node, ast.Subscript):
        outer = node.value.attr if isinstance(node.value, ast.Attribute) else ast.unparse(node.value)
        if outer == "Optional":
            return True
        if outer not in {"Output", "Input"}:
            return False
        node = node.slice
    return False


def _start_values(node: ast.ClassDef) -> tuple[dict[str, Any], set[str]]:
    """Constant defaults by Python name and secret properties by wire name, out of `_internal_init`."""
    start = next(
        (i for i in node.body if isinstance(i, ast.FunctionDef) and i.name == "_internal_init"), None
    )
    defaults: dict[str, Any] = {}
    secrets: set[str] = set()
    for item in ast.walk(start) if start is not None else ():
        if isinstance(item, ast.If) and isinstance(item.test, ast.Compare) and len(item.body) == 1:
            statement = item.body[0]
            if (
                isinstance(statement, ast.Assign)
                and isinstance(statement.targets[0], ast.Name)
                and isinstance(statement.value, ast.Constant)
            ):
                defaults[statement.targets[0].id] = statement.value.value
        elif isinstance(item, ast.keyword) and item.arg == "additional_secret_outputs":
            secrets |= set(ast.literal_eval(item.value))
    return defaults, secrets


def _invoke_arguments(node: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for item in node.body:
        if (
            isinstance(item, ast.Assign)
            and isinstance(item.targets[0], ast.Subscript)
            and isinstance(item.targets[0].slice, ast.Constant)
            and isinstance(item.value, ast.Name)
        ):
            yield str(item.targets[0].slice.value), item.value.id
