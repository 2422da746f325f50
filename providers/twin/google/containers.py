"""Cloud Run and Artifact Registry."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Behaviour
from providers.twin.google.words import bad, hold, item, key, protected
from providers.twin.scope import Scope
from providers.wire import Value

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,47}[a-z0-9])?")
_CPUS = {"1", "2", "4", "6", "8"}
_LEAST = ((4, 1), (8, 2), (16, 4), (24, 6), (32, 8))


def _named(scope: Scope) -> None:
    """Names of services are shorter than elsewhere: 49 characters (Cloud Run documentation)."""
    if not _NAME.fullmatch(str(scope.get("name"))):
        raise bad(
            f"'{scope.get('name')}' for 'name': lower-case letters, digits, hyphens; 49 characters at most"
        )


def _sizes(scope: Scope) -> None:
    for container in scope.get("template.containers") or []:
        limits = (container.get("resources") or {}).get("limits") or {}
        cpu, memory = str(limits.get("cpu", "1")), str(limits.get("memory", "512Mi"))
        if cpu not in _CPUS:
            raise bad(f"cpu '{cpu}' of container '{container.get('name')}': 1, 2, 4, 6 or 8")
        if memory.endswith("Gi"):
            least = next((cpus for most, cpus in _LEAST if float(memory[:-2]) <= most), 99)
            if int(cpu) < least:
                raise bad(f"memory '{memory}' needs at least {least} cpu")
        for variable in container.get("envs") or []:
            if variable.get("name") in ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"):
                raise bad(f"the environment variable '{variable.get('name')}' is reserved")
    mounted = {
        mount.get("name")
        for container in scope.get("template.containers") or []
        for mount in container.get("volumeMounts") or []
    }
    volumes = {volume.get("name") for volume in scope.get("template.volumes") or []}
    if mounted - volumes:
        raise bad(f"volume '{sorted(mounted - volumes)[0]}' is mounted and not there")


def _uri(scope: Scope) -> Value:
    return "" if scope.get("defaultUriDisabled") else scope.fill("https://{name}-{alnum10}-an.a.run.app")


_TEMPLATE = (
    hold("template.serviceAccount", "serviceaccount.Account"),
    key("template.encryptionKey"),
    hold("template.vpcAccess.networkInterfaces[].network", "compute.Network"),
    hold("template.vpcAccess.networkInterfaces[].subnetwork", "compute.Subnetwork"),
)


def _format(scope: Scope) -> None:
    if scope.get("mode") == "REMOTE_REPOSITORY" and not scope.get("remoteRepositoryConfig"):
        raise bad("a remote repository needs its configuration")
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", str(scope.get("repositoryId"))):
        raise bad(f"'{scope.get('repositoryId')}' is no repository id")


TABLE: Mapping[str, Behaviour] = {
    "cloudrunv2.Service": item(
        "projects/{unit}/locations/{location}/services/{name}",
        "run",
        "run:v2:GoogleCloudRunV2Service",
        "name location",
        refs=_TEMPLATE,
        defaults={"deletionProtection": True},
        computed={
            "uid": "{uuid}",
            "generation": "1",
            "createTime": "{now}",
            "updateTime": "{now}",
            "uri": _uri,
            "launchStage": "GA",
            "latestReadyRevision": "{id}/revisions/{name}-00001-{alnum3}",
            "latestCreatedRevision": "{id}/revisions/{name}-00001-{alnum3}",
        },
        guards=protected(),
        rules=(_named, _sizes),
    ),
    "cloudrunv2.WorkerPool": item(
        "projects/{unit}/locations/{location}/workerPools/{name}",
        "run",
        "run:v2:GoogleCloudRunV2WorkerPool",
        "name location",
        refs=_TEMPLATE,
        defaults={"deletionProtection": True},
        computed={"uid": "{uuid}", "generation": "1", "createTime": "{now}", "updateTime": "{now}"},
        guards=protected(),
        rules=(_named, _sizes),
    ),
    "artifactregistry.Repository": item(
        "projects/{unit}/locations/{location}/repositories/{repositoryId}",
        "artifactregistry",
        "artifactregistry:v1:Repository",
        "repositoryId location format kmsKeyName mode remoteRepositoryConfig.aptRepository",
        autoname="",
        refs=(key("kmsKeyName"),),
        defaults={"mode": "STANDARD_REPOSITORY"},
        computed={
            "name": "projects/{unit}/locations/{location}/repositories/{repositoryId}",
            "registryUri": "{location}-docker.pkg.dev/{unit}/{repositoryId}",
            "createTime": "{now}",
            "updateTime": "{now}",
        },
        rules=(_format,),
    ),
}
