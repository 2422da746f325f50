"""Derives `models.json` from Microsoft's published Python models: names, enums, what is read only.

    uv pip install --target DIR azure-mgmt-network … (the packages in `SOURCES`)
    python -m providers.twin.azure.derive DIR [OLDER_DIR]

A tool for developers: neither users nor tests need those packages (200 MB). Only facts are kept: for each
resource type that the twin has a record of, which properties there are and which words they take. The
models are read as files, never imported. `OLDER_DIR` holds azure-mgmt-monitor 6, the last that spoke of
diagnostic settings and private link scopes.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from providers.twin.azure.published import FILE

SOURCES: Mapping[str, str] = {
    "resources.ResourceGroup": "resource/resources ResourceGroup",
    "resources.DeploymentStackAtResourceGroup": "resource/deploymentstacks DeploymentStack",
    "managedidentity.UserAssignedIdentity": "msi/v2024_11_30 Identity",
    "authorization.RoleAssignment": "authorization/v2022_04_01 RoleAssignmentCreateParameters",
    "authorization.RoleDefinition": "authorization/v2022_05_01_preview RoleDefinition",
    "authorization.PolicyAssignment": "resource/policy PolicyAssignment",
    "authorization.PolicySetDefinition": "resource/policy PolicySetDefinition",
    "security.Pricing": "security/v2024_01_01 Pricing",
    "security.Automation": "security/v2019_01_01_preview Automation",
    "consumption.Budget": "consumption Budget",
    "keyvault.Vault": "keyvault VaultCreateOrUpdateParameters",
    "keyvault.Key": "keyvault KeyCreateParameters",
    "storage.StorageAccount": "storage StorageAccountCreateParameters",
    "storage.BlobServiceProperties": "storage BlobServiceProperties",
    "storage.FileServiceProperties": "storage FileServiceProperties",
    "storage.ManagementPolicy": "storage ManagementPolicy",
    "storage.BlobContainer": "storage BlobContainer",
    "storage.Queue": "storage StorageQueue",
    "storage.FileShare": "storage FileShare",
    "dbforpostgresql.Server": "postgresqlflexibleservers Server",
    "dbforpostgresql.Administrator": "postgresqlflexibleservers AdministratorMicrosoftEntraAdd",
    "dbforpostgresql.Configuration": "postgresqlflexibleservers Configuration",
    "dbforpostgresql.Database": "postgresqlflexibleservers Database",
    "dbformysql.Server": "mysqlflexibleservers Server",
    "dbformysql.AzureADAdministrator": "mysqlflexibleservers AzureADAdministrator",
    "dbformysql.Configuration": "mysqlflexibleservers Configuration",
    "dbformysql.Database": "mysqlflexibleservers Database",
    "compute.DiskEncryptionSet": "compute DiskEncryptionSet",
    "compute.VirtualMachine": "compute VirtualMachine",
    "compute.VirtualMachineExtension": "compute VirtualMachineExtension",
    "maintenance.MaintenanceConfiguration": "maintenance MaintenanceConfiguration",
    "maintenance.ConfigurationAssignmentsForResourceGroup": "maintenance ConfigurationAssignment",
    "recoveryservices.Vault": "recoveryservices Vault",
    "recoveryservices.ProtectionPolicy": "recoveryservicesbackup ProtectionPolicyResource",
    "recoveryservices.ProtectedItem": "recoveryservicesbackup ProtectedItemResource",
    "app.ManagedEnvironment": "appcontainers ManagedEnvironment",
    "app.ManagedEnvironmentsStorage": "appcontainers ManagedEnvironmentStorage",
    "app.Certificate": "appcontainers Certificate",
    "app.ContainerApp": "appcontainers ContainerApp",
    "containerregistry.Registry": "containerregistry Registry",
    "logic.Workflow": "logic Workflow",
    "operationalinsights.Workspace": "loganalytics Workspace",
    "monitor.DiagnosticSetting": "monitor/v2021_05_01_preview DiagnosticSettingsResource",
    "monitor.ActionGroup": "monitor ActionGroupResource",
    "monitor.ActivityLogAlert": "monitor ActivityLogAlertResource",
    "monitor.ScheduledQueryRule": "monitor ScheduledQueryRuleResource",
    "monitor.MetricAlert": "monitor MetricAlertResource",
    "monitor.DataCollectionEndpoint": "monitor DataCollectionEndpointResource",
    "monitor.DataCollectionRule": "monitor DataCollectionRuleResource",
    "monitor.DataCollectionRuleAssociation": "monitor DataCollectionRuleAssociationProxyOnlyResource",
    "monitor.PrivateLinkScope": "monitor/v2021_07_01_preview AzureMonitorPrivateLinkScope",
    "monitor.PrivateLinkScopedResource": "monitor/v2021_07_01_preview ScopedResource",
    "privatedns.PrivateZone": "privatedns PrivateZone",
    "privatedns.VirtualNetworkLink": "privatedns VirtualNetworkLink",
    "privatedns.PrivateRecordSet": "privatedns RecordSet",
    "dnsresolver.DnsResolver": "dnsresolver DnsResolver",
    "dnsresolver.InboundEndpoint": "dnsresolver InboundEndpoint",
    "dnsresolver.OutboundEndpoint": "dnsresolver OutboundEndpoint",
    "dnsresolver.DnsForwardingRuleset": "dnsresolver DnsForwardingRuleset",
    "dnsresolver.ForwardingRule": "dnsresolver ForwardingRule",
    "dnsresolver.PrivateResolverVirtualNetworkLink": "dnsresolver VirtualNetworkLink",
} | {
    f"network.{kind}": f"network {kind}"
    for kind in (
        "VirtualNetwork", "Subnet", "NetworkSecurityGroup", "RouteTable", "FlowLog", "PublicIPAddress",
        "NetworkInterface", "PrivateEndpoint", "PrivateDnsZoneGroup", "LoadBalancer", "ExpressRouteCircuit",
        "ExpressRouteCircuitPeering", "VirtualNetworkGateway", "VirtualNetworkGatewayConnection",
        "HubVirtualNetworkConnection", "AzureFirewall", "FirewallPolicy", "FirewallPolicyRuleCollectionGroup",
    )
}  # fmt: skip
"""Where each type's body is: folder below azure/mgmt, and class."""

OPEN = frozenset({"VirtualMachineSizeTypes"})
"""Enums that list only some of the words in use: Azure has more sizes than its models know."""

READ_ONLY = 0
ANYTHING = 1


class Package:
    """The models of one package: classes and enums by name."""

    def __init__(self, folder: Path) -> None:
        self.classes: dict[str, ast.ClassDef] = {}
        self.enums: dict[str, list[str]] = {}
        for file in sorted((folder / "models").glob("_*.py")):
            for node in ast.parse(file.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    values = list(_enum(node))
                    if "Enum" in ast.unparse(ast.Tuple(list(node.bases), ast.Load())):
                        self.enums[node.name] = values
                    else:
                        self.classes[node.name] = node

    def base_names(self, name: str) -> list[str]:
        """The classes that a class derives from."""
        return [ast.unparse(b).split(".")[-1] for b in self.classes[name].bases]

    def family(self, name: str) -> list[str]:
        """A class, its bases, and (for the bodies that come in kinds) all that derive from it."""
        found, todo = [], [name]
        while todo:
            one = todo.pop()
            if one in found or one not in self.classes:
                continue
            found.append(one)
            todo += self.base_names(one)
        below = [name]
        while below:
            one = below.pop()
            for other in self.classes:
                if one in self.base_names(other) and other not in found and _kinds(self.classes[name]):
                    found.append(other)
                    below.append(other)
        return found

    def members(self, name: str) -> dict[str, Any]:
        """Wire name → what it takes, of a class with all its family; `properties` is folded in."""
        found: dict[str, Any] = {}
        for one in self.family(name):
            for wire, form in _members(self, self.classes[one]):
                found.setdefault(wire, form)
        inner = found.pop("properties", None)
        if isinstance(inner, str):
            for wire, form in self.members(inner).items():
                found.setdefault(wire, form)
        return found


def _enum(node: ast.ClassDef) -> Iterator[str]:
    for item in node.body:
        if (
            isinstance(item, ast.Assign)
            and isinstance(item.value, ast.Constant)
            and isinstance(item.value.value, str)
        ):
            yield item.value.value


def _kinds(node: ast.ClassDef) -> bool:
    text = ast.unparse(node)
    return "_subtype_map" in text or "discriminator=" in text or "rest_discriminator" in text


def _members(package: Package, node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    """The members of one class, of either generation of the models."""
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.value, ast.Call):
            call = {k.arg: k.value for k in item.value.keywords}
            name = call.get("name")
            wire = name.value if isinstance(name, ast.Constant) else ast.unparse(item.target)
            seen = call.get("visibility")
            only = isinstance(seen, ast.List) and [ast.unparse(e) for e in seen.elts] == ["'read'"]
            yield str(wire), READ_ONLY if only else _form(package, item.annotation)
    yield from _older(package, node)


def _older(package: Package, node: ast.ClassDef) -> Iterator[tuple[str, Any]]:
    tables = {
        ast.unparse(item.targets[0]): ast.literal_eval(item.value)
        for item in node.body
        if isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) in ("_attribute_map", "_validation")
    }
    hints = {
        a.arg: a.annotation
        for item in node.body
        if isinstance(item, ast.FunctionDef) and item.name == "__init__"
        for a in item.args.kwonlyargs
    }
    for attribute, entry in tables.get("_attribute_map", {}).items():
        parts = entry["key"].replace("\\.", "·").split(".")
        wire = parts[-1].replace("·", ".")
        if tables.get("_validation", {}).get(attribute, {}).get("readonly"):
            yield wire, READ_ONLY
        elif len(parts) > 1 and parts[0] not in ("properties",):
            yield parts[0], ANYTHING
        else:
            hint = hints.get(attribute)
            yield wire, _form(package, hint) if hint is not None else _old_form(package, entry["type"])


def _old_form(package: Package, text: str) -> Any:
    if text.startswith("["):
        return ["[]", _old_form(package, text[1:-1])]
    if text.startswith("{"):
        return ["{}", _old_form(package, text[1:-1])]
    return text if text in package.classes else ANYTHING


def _form(package: Package, hint: ast.expr | None) -> Any:
    """What an annotation says: a class's name, a list of words, a list or map of these, or anything."""
    if hint is None:
        return ANYTHING
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        return _form(package, ast.parse(hint.value, mode="eval").body)
    if isinstance(hint, ast.Subscript):
        outer, inner = ast.unparse(hint.value).split(".")[-1].lower(), hint.slice
        parts = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
        if outer == "optional":
            return _form(package, parts[0])
        if outer in ("list", "sequence"):
            return ["[]", _form(package, parts[0])]
        if outer in ("dict", "mapping"):
            return ["{}", _form(package, parts[-1])]
        if outer == "union":
            found = [f for f in (_form(package, p) for p in parts) if f != ANYTHING]
            return found[0] if len(found) == 1 else ANYTHING
        return ANYTHING
    name = ast.unparse(hint).split(".")[-1]
    if name in package.enums and name not in OPEN:
        return {"=": package.enums[name]}
    return name if name in package.classes else ANYTHING


@lru_cache(maxsize=64)
def _package(folder: Path) -> Package:
    return Package(folder)


def derive(roots: list[Path], sources: Mapping[str, str] = SOURCES) -> dict[str, Any]:
    """The whole of `models.json`, or of `sources`. Raises LookupError for a package or class that is not
    there."""
    types: dict[str, str] = {}
    classes: dict[str, Any] = {}
    for short, source in sources.items():
        folder, name = source.split()
        places = [r / "azure/mgmt" / folder for r in roots if (r / "azure/mgmt" / folder / "models").is_dir()]
        package = next((p for p in map(_package, places) if name in p.classes), None)
        if package is None:
            raise LookupError(f"{source} is in none of {', '.join(map(str, roots))}")
        types[f"azure-native:{short.replace('.', ':')}"] = f"{folder}:{name}"
        _collect(package, folder, name, classes)
    return {"types": types, "classes": dict(sorted(classes.items()))}


def _collect(package: Package, folder: str, name: str, classes: dict[str, Any]) -> None:
    key = f"{folder}:{name}"
    if key in classes:
        return
    classes[key] = {}
    for wire, form in sorted(package.members(name).items()):
        classes[key][wire] = _named(package, folder, form, classes)


def _named(package: Package, folder: str, form: Any, classes: dict[str, Any]) -> Any:
    if isinstance(form, str):
        _collect(package, folder, form, classes)
        return f"{folder}:{form}"
    if isinstance(form, list):
        return [form[0], _named(package, folder, form[1], classes)]
    return form


if __name__ == "__main__":
    text = json.dumps(derive([Path(a) for a in sys.argv[1:]]), separators=(",", ":"), sort_keys=True)
    FILE.write_text(text.replace('"},"', '"},\n"').replace('},"', '},\n"') + "\n", encoding="utf-8")
    print(f"{FILE}: {len(text):,} characters")  # noqa: T201 - a tool for developers
