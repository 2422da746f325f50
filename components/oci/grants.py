"""Who may do what: IAM statements of a tenancy, counted before anything is made. Pure, no SDK.

All statements of a tenant are in two policies on its own compartment. A path of compartments takes 500
(OCI documentation, "Policy Statements Limit per Compartment Hierarchy": a hard limit), a policy 50 by
default; so pairs of one sender or receiver share a statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from components.derive import hosted, runs
from components.oci.place import owner_tag
from stacks.plan import CloudPlan, HandoverPlan, PackagePlan

STATEMENTS_A_POLICY = 50
STATEMENTS_A_PATH = 500


@dataclass(frozen=True, slots=True)
class Compartments:
    """The OCIDs that statements name: the tenant's own compartment and one a layer."""

    tenant: str
    baseline: str
    iaas: str
    paas: str
    saas: str


def group_name(plan: CloudPlan, package: PackagePlan) -> str:
    """The dynamic group that a package's servers and containers are in."""
    return plan.name(package.key, limit=100)


def matching_rule(plan: CloudPlan, package: PackagePlan, places: Compartments) -> str:
    """Who is in the package's dynamic group: what carries its tag, in the tenant's own compartments."""
    tag = f"tag.{owner_tag(plan)}.value = '{package.key}'"
    return (
        f"any {{all {{instance.compartment.id = '{places.iaas}', {tag}}}, "
        f"all {{resource.type = 'computecontainerinstance', "
        f"resource.compartment.id = '{places.saas}', {tag}}}}}"
    )


def handover_bucket(plan: CloudPlan, network: str) -> str:
    """The hand-over bucket of a network: bucket names are unique in a tenancy's namespace and region."""
    return plan.name("handover", "" if network == "main" else network, limit=100)


def handover_prefixes(
    handovers: Sequence[HandoverPlan], package: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The prefixes that `package` may put under, and those that it may get from."""
    return (
        tuple(h.prefix for h in handovers if h.sender == package),
        tuple(h.prefix for h in handovers if h.receiver == package),
    )


def _objects(group: str, place: str, bucket: str, prefixes: Sequence[str], permissions: Sequence[str]) -> str:
    """Objects under `prefixes` of `bucket`, and nothing beside them."""
    names = ", ".join(f"target.object.name = '{prefix}*'" for prefix in prefixes)
    may = ", ".join(f"request.permission = '{permission}'" for permission in permissions)
    return (
        f"Allow dynamic-group {group} to manage objects in compartment id {place} where all "
        f"{{target.bucket.name = '{bucket}', any {{{names}}}, any {{{may}}}}}"
    )


def package_statements(plan: CloudPlan, package: PackagePlan, places: Compartments) -> Iterator[str]:
    """What the workloads of one package may do: their own secrets, images, queue, and hand-over prefixes."""
    group = group_name(plan, package)
    own = f"target.resource.tag.{owner_tag(plan)} = '{package.key}'"
    yield (
        f"Allow dynamic-group {group} to read secret-bundles in compartment id {places.paas} where any "
        f"{{target.secret.name = '{plan.name(package.key, 'application', limit=255)}', "
        f"target.secret.name = '{plan.name(package.key, 'database', limit=255)}'}}"
    )
    if runs(package, "container"):
        yield (
            f"Allow dynamic-group {group} to read repos in compartment id {places.paas} where "
            f"target.repo.name = '{repository(plan, package)}'"
        )
    if package.queue:
        yield f"Allow dynamic-group {group} to use queues in compartment id {places.paas} where {own}"
    sends, receives = handover_prefixes(plan.handovers, package.key)
    bucket = handover_bucket(plan, package.network)
    if sends:
        yield _objects(group, places.paas, bucket, sends, ("OBJECT_CREATE", "OBJECT_INSPECT"))
    if receives:
        yield _objects(group, places.paas, bucket, receives, ("OBJECT_READ", "OBJECT_INSPECT"))


def repository(plan: CloudPlan, package: PackagePlan) -> str:
    """The image repository of a package."""
    return f"{plan.prefix}/{package.key}"


KEY_USERS = (
    "autonomousdatabase",
    "certificateauthority",
    "filesystem",
    "mysqldbsystem",
    "postgresqldbsystem",
    "queue",
)
"""Resource principals that encrypt with the tenant's keys."""


def service_statements(plan: CloudPlan, places: Compartments) -> Iterator[str]:
    """What Oracle's own services may do in the tenant: use keys, move logs, scan, patch, start and stop."""
    store = [f"objectstorage-{region}" for region in (plan.region, plan.recovery_region)]
    yield (
        f"Allow service {', '.join(['blockstorage', 'FssOc1Prod', *store])} to use keys in compartment id "
        f"{places.baseline}"
    )
    users = ", ".join(f"request.principal.type = '{kind}'" for kind in KEY_USERS)
    yield f"Allow any-user to use keys in compartment id {places.baseline} where any {{{users}}}"
    yield (
        f"Allow any-user to manage objects in compartment id {places.baseline} where all "
        f"{{request.principal.type = 'serviceconnector', "
        f"request.principal.compartment.id = '{places.baseline}', "
        f"target.bucket.name = '{archive_bucket(plan)}'}}"
    )
    yield f"Allow service {store[0]} to manage object-family in compartment id {places.tenant}"
    yield f"Allow service cloudguard to read all-resources in compartment id {places.tenant}"
    if any(runs(package, "server") for package in hosted(plan)):
        scanner = "Allow service vulnerability-scanning-service"
        yield f"{scanner} to manage instances in compartment id {places.iaas}"
        yield f"{scanner} to read vnics in compartment id {places.iaas}"
    if any(p.database is not None and p.database.engine == "mysql" for p in hosted(plan)):
        yield from _mysql_statements(places)
    if any(package.schedule for package in plan.packages.values()):
        kinds = "instance-family", "autonomous-databases", "compute-container-instances"
        for kind in (*kinds, "mysql-family", "postgres-db-systems"):
            yield (
                f"Allow any-user to manage {kind} in compartment id {places.tenant} where "
                "request.principal.type = 'resourceschedule'"
            )


def _mysql_statements(places: Compartments) -> Iterator[str]:
    """What MySQL needs to stand in a network security group: it joins the group itself, as itself.

    (HeatWave documentation, "Mandatory Policies and Permissions": without both it is not made.)
    """
    who = f"request.principal.type = 'mysqldbsystem', request.resource.compartment.id = '{places.paas}'"
    for may in (
        "NETWORK_SECURITY_GROUP_UPDATE_MEMBERS",
        "VNIC_CREATE, VNIC_UPDATE, VNIC_ASSOCIATE_NETWORK_SECURITY_GROUP, "
        "VNIC_DISASSOCIATE_NETWORK_SECURITY_GROUP",
    ):
        yield f"Allow any-user to {{{may}}} in compartment id {places.iaas} where all {{{who}}}"


def archive_bucket(plan: CloudPlan) -> str:
    """The immutable bucket for logs."""
    return plan.name("archive", limit=100)


def statements(plan: CloudPlan, places: Compartments) -> tuple[str, ...]:
    """Every statement of the tenant. Raises ValueError above what a compartment's path can have."""
    found = (
        *service_statements(plan, places),
        *(s for p in hosted(plan) for s in package_statements(plan, p, places)),
    )
    if len(found) > STATEMENTS_A_PATH:
        raise ValueError(f"{len(found)} IAM statements; a path of compartments takes {STATEMENTS_A_PATH}")
    return found


def policies(found: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Statements in as few policies as they fit in, by the policy's number."""
    step = STATEMENTS_A_POLICY
    return {str(at // step + 1): tuple(found[at : at + step]) for at in range(0, len(found), step)}
