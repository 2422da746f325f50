"""Derives `providers/twin/oci/models.json`: what the published models say of the types that the twin plays.

    uv pip install --target FOLDER --no-deps oci
    python -m scripts.codegen.oci FOLDER

Two sources, read as text and never imported: the `oci` package's model classes (names, types, allowed
values, what is required) and the documentation in the Pulumi SDK (whatever is not marked "(Updatable)"
there is replaced by a change). Only facts are kept: names, enums, flags.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from providers.twin.oci.models import PATH
from providers.twin.sdk import Sdk, snake

FOLDERS: Mapping[str, str] = {
    "AnnouncementsService": "announcements_service",
    "CertificatesManagement": "certificates_management",
    "CloudGuard": "cloud_guard",
    "ContainerEngine": "container_instances",
    "FileStorage": "file_storage",
    "Kms": "key_management",
    "LoadBalancer": "load_balancer",
    "NetworkFirewall": "network_firewall",
    "NetworkLoadBalancer": "network_load_balancer",
    "ObjectStorage": "object_storage",
    "OsManagementHub": "os_management_hub",
    "ResourceScheduler": "resource_scheduler",
    "VulnerabilityScanning": "vulnerability_scanning",
}
"""Folders of the `oci` package whose names are not the module's in small letters."""

MODELS: Mapping[str, str] = {
    "Audit.Configuration": "UpdateConfigurationDetails",
    "Budget.Rule": "CreateAlertRuleDetails",
    "CloudGuard.CloudGuardConfiguration": "UpdateConfigurationDetails",
    "Core.DefaultRouteTable": "UpdateRouteTableDetails",
    "Core.DefaultSecurityList": "UpdateSecurityListDetails",
    "Core.DrgAttachmentManagement": "UpdateDrgAttachmentDetails",
    "Core.DrgRouteDistributionStatement": "AddDrgRouteDistributionStatementDetails",
    "Core.DrgRouteTableRouteRule": "AddDrgRouteRuleDetails",
    "Core.Instance": "LaunchInstanceDetails",
    "Core.NetworkSecurityGroupSecurityRule": "AddSecurityRuleDetails",
    "Core.RouteTableAttachment": "UpdateSubnetDetails",
    "Database.AutonomousDatabase": "CreateAutonomousDatabaseBase",
    "Dns.Resolver": "UpdateResolverDetails",
    "Dns.ResolverEndpoint": "CreateResolverVnicEndpointDetails",
    "Dns.Rrset": "UpdateRRSetDetails",
    "Mysql.MysqlDbSystem": "CreateDbSystemDetails",
    "NetworkFirewall.NetworkFirewallPolicyAddressList": "CreateAddressListDetails",
    "NetworkFirewall.NetworkFirewallPolicySecurityRule": "CreateSecurityRuleDetails",
    "NetworkFirewall.NetworkFirewallPolicyService": "CreateServiceDetails",
    "NetworkFirewall.NetworkFirewallPolicyServiceList": "CreateServiceListDetails",
    "NetworkFirewall.NetworkFirewallPolicyUrlList": "CreateUrlListDetails",
    "ObjectStorage.ObjectLifecyclePolicy": "PutObjectLifecyclePolicyDetails",
    "Ons.NotificationTopic": "CreateTopicDetails",
    "Sch.Connector": "CreateServiceConnectorDetails",
}
"""The model that a type's inputs go to, where it is not `Create<Type>Details`."""

_SCALARS = {
    "str": "string", "int": "integer", "float": "float", "bool": "boolean", "datetime": "string",
    "object": "any", "date": "string", "bytes": "string",
}  # fmt: skip


@dataclass(slots=True)
class Model:
    """One model class: members with their types, allowed values, what is required, its base."""

    name: str
    base: str
    types: dict[str, str]
    wire: dict[str, str]
    required: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)


def models(folder: Path) -> dict[str, Model]:
    """Every model class of one service, by name."""
    found: dict[str, Model] = {}
    for path in sorted(folder.glob("*.py")):
        model = _model(path.read_text("utf-8"))
        if model is not None:
            found[model.name] = model
    return found


def _model(text: str) -> Model | None:
    head = re.search(r"^class (\w+)\((\w+)\):", text, re.MULTILINE)
    types = re.search(r"self\.swagger_types = (\{.*?\})", text, re.DOTALL)
    wire = re.search(r"self\.attribute_map = (\{.*?\})", text, re.DOTALL)
    if head is None or types is None or wire is None:
        return None
    model = Model(head[1], head[2], ast.literal_eval(types[1]), ast.literal_eval(wire[1]))
    head_text = text[: types.start()]
    for name in model.types:
        allowed = re.search(
            rf":param {name}:(?:(?!:param ).)*?Allowed values for this property are: ([^\n]*)",
            head_text,
            re.DOTALL,
        )
        items = re.search(
            rf":param {name}:(?:(?!:param ).)*?Allowed values for items in this list are: ([^\n]*)",
            head_text,
            re.DOTALL,
        )
        listed = re.findall(r'"([^"]*)"', (allowed or items or [""])[0]) if allowed or items else []
        if listed:
            model.values[name] = [value for value in listed if value != "UNKNOWN_ENUM_VALUE"]
        getter = re.search(rf"def {name}\(self\):\s*\"\"\"\s*(\*\*\[Required\]\*\*)?", text)
        if getter is not None and getter[1]:
            model.required.append(name)
    for name in re.findall(r"^        self\._(\w+) = '([^']+)'$", text, re.MULTILINE):
        # What tells the subtypes apart.
        model.values.setdefault(name[0], [name[1]])
    return model


class Service:
    """The models of one service, as shapes in the form of `providers.twin.api`."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.models = models(root / "oci" / name / "models")
        self.shapes: dict[str, Any] = {}

    def shape(self, model: str) -> str:
        """The shape of a model: its own members and those of all its subtypes together."""
        key = f"{self.name}.{model}"
        if key in self.shapes:
            return key
        self.shapes[key] = {}
        family = [self.models[model], *self._subtypes(model)]
        members: dict[str, dict[str, str]] = {}
        required = [family[0].wire[name] for name in family[0].required]
        for one in family:
            for name, kind in one.types.items():
                values = sorted({v for other in family for v in other.values.get(name, ())})
                members.setdefault(one.wire[name], {"shape": self._kind(kind, values)})
        self.shapes[key] = {"type": "structure", "members": members, "required": required}
        return key

    def _subtypes(self, base: str) -> Iterator[Model]:
        for model in self.models.values():
            if model.base == base:
                yield model
                yield from self._subtypes(model.name)

    def _kind(self, kind: str, values: list[str]) -> str:
        listed = re.fullmatch(r"list\[(.+)\]", kind)
        mapped = re.fullmatch(r"dict\(str, (.+)\)", kind)
        if listed:
            inner = self._kind(listed[1], values)
            key = f"[{inner}]"
            self.shapes[key] = {"type": "list", "member": {"shape": inner}}
        elif mapped:
            inner = self._kind(mapped[1], [])
            key = f"<{inner}>"
            self.shapes[key] = {"type": "map", "value": {"shape": inner}}
        elif kind in self.models:
            return self.shape(kind)
        elif values:
            key = "|".join(values)
            self.shapes[key] = {"type": "string", "enum": values}
        else:
            key = _SCALARS.get(kind, "any")
            self.shapes[key] = {"type": key}
        return key


def fixed(sdk: Sdk, token: str) -> list[str]:
    """The inputs of a type that its documentation does not mark "(Updatable)": a change replaces it."""
    _, module, name = token.split(":")
    text = (sdk.root / module.split("/")[0].lower() / f"{snake(name)}.py").read_text("utf-8")
    form = sdk.resource(token)
    found: list[str] = []
    for wire in form.inputs:
        said = re.search(rf":param pulumi\.Input\[[^\n]*\] {snake(wire)}: ([^\n]*)", text)
        if said is not None and "(Updatable)" not in said[1]:
            found.append(wire)
    return sorted(found)


def derive(root: Path) -> dict[str, Any]:
    """The whole document."""
    from providers.twin.oci.tables import tokens

    sdk, services = Sdk("pulumi_oci"), dict[str, Service]()
    operations: dict[str, Any] = {}
    unchangeable: dict[str, list[str]] = {}
    for short, token in sorted(tokens().items()):
        if token not in sdk.tokens():
            continue
        module, name = short.split(".")
        folder = FOLDERS.get(module, module.lower())
        service = services.setdefault(folder, Service(folder, root))
        model = MODELS.get(short, f"Create{name}Details")
        if model in service.models:
            operations[short] = {"input": {"shape": service.shape(model)}}
        else:
            print(f"no model {folder}.{model} for {short}", file=sys.stderr)  # noqa: T201 - a developer's tool
        unchangeable[short] = fixed(sdk, token)
    shapes: dict[str, Any] = {}
    for service in services.values():
        shapes |= service.shapes
    return {"operations": operations, "shapes": dict(sorted(shapes.items())), "fixed": unchangeable}


if __name__ == "__main__":
    PATH.write_text(
        json.dumps(derive(Path(sys.argv[1])), separators=(",", ":"), sort_keys=True) + "\n", "utf-8"
    )
