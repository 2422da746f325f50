"""A project as it is handed over: what Google leaves in a new one, and the organisation's own templates.

The bodies of the official templates are not public (docs: what is unknown). What is modelled is what
every project has (the default network and its rules, the default log buckets and sinks, the default
service account) and what the public record names: an organisation's log archive and its recording.
"""

from __future__ import annotations

from providers.twin.google.facts import GLOBAL, ZONES
from providers.twin.google.identity import project_number
from providers.twin.google.words import COMPUTE, token
from providers.twin.scope import Session
from providers.twin.store import Store
from providers.wire import Value

ARCHIVE_PROJECT = "gov-log-archive"
"""The organisation's project that owns what its templates write to."""


class _Unit:
    """Writes resources that nobody's program made into one project."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store, self.unit = store, session.unit

    def add(self, region: str, kind: str, id_: str, state: dict[str, Value], *handles: str) -> None:
        """Adds one resource."""
        body: dict[str, Value] = {"project": self.unit, **state}
        rid = self.store.add("gcp", self.unit, region, token(kind), id_, body, {})
        self.store.set_handles(rid, {str(value) for value in (state.get("selfLink"), *handles) if value})


def seed(store: Store, session: Session) -> None:
    """Fills a project that has just been handed over."""
    unit = _Unit(store, session)
    _network(unit)
    _logs(unit)
    account = f"{project_number(unit.unit)}-compute@developer.gserviceaccount.com"
    unit.add(
        GLOBAL,
        "serviceaccount.Account",
        f"projects/{unit.unit}/serviceAccounts/{account}",
        {"email": account, "displayName": "Compute Engine default service account", "disabled": False},
        account,
    )


def _network(unit: _Unit) -> None:
    base = f"projects/{unit.unit}/global/networks/default"
    unit.add(
        GLOBAL,
        "compute.Network",
        base,
        {
            "name": "default",
            "autoCreateSubnetworks": True,
            "selfLink": COMPUTE + base,
            "description": "Default network for the project",
        },
        "default",
    )
    for number, region in enumerate(ZONES):
        id_ = f"projects/{unit.unit}/regions/{region}/subnetworks/default"
        unit.add(
            region,
            "compute.Subnetwork",
            id_,
            {
                "name": "default",
                "region": region,
                "network": COMPUTE + base,
                "ipCidrRange": f"10.{146 + 28 * number}.0.0/20",
                "selfLink": COMPUTE + id_,
            },
            "default",
        )
    for name, protocol, ports in (
        ("default-allow-icmp", "icmp", []),
        ("default-allow-internal", "tcp", ["0-65535"]),
        ("default-allow-rdp", "tcp", ["3389"]),
        ("default-allow-ssh", "tcp", ["22"]),
    ):
        id_ = f"projects/{unit.unit}/global/firewalls/{name}"
        unit.add(
            GLOBAL,
            "compute.Firewall",
            id_,
            {
                "name": name,
                "network": COMPUTE + base,
                "direction": "INGRESS",
                "priority": 65534,
                "allows": [{"protocol": protocol, "ports": ports}],
                "sourceRanges": ["10.128.0.0/9" if name.endswith("internal") else "0.0.0.0/0"],
                "selfLink": COMPUTE + id_,
            },
            name,
        )


def _logs(unit: _Unit) -> None:
    """The two log buckets and sinks of every project, and the organisation's archive."""
    for bucket, days, locked in (("_Default", 30, False), ("_Required", 400, True)):
        id_ = f"projects/{unit.unit}/locations/global/buckets/{bucket}"
        unit.add(
            GLOBAL,
            "logging.ProjectBucketConfig",
            id_,
            {"bucketId": bucket, "location": "global", "retentionDays": days, "locked": locked, "name": id_},
        )
        unit.add(
            GLOBAL,
            "logging.ProjectSink",
            f"projects/{unit.unit}/sinks/{bucket}",
            {"name": bucket, "destination": f"logging.googleapis.com/{id_}"},
            bucket,
        )
    archive = f"central-logs-{unit.unit}"
    unit.add(
        "asia-northeast1",
        "storage.Bucket",
        archive,
        {
            "name": archive,
            "project": ARCHIVE_PROJECT,
            "location": "ASIA-NORTHEAST1",
            "uniformBucketLevelAccess": True,
            "publicAccessPrevention": "enforced",
            "retentionPolicy": {"retentionPeriod": "220752000", "isLocked": True},
            "managedByTemplates": True,
        },
    )
