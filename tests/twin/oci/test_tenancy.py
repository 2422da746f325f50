"""A tenancy of OCI in the twin, over real gRPC: ids, references, names, what is fixed, what is refused."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from providers.twin import client
from providers.twin.caller import Caller, CallError, Made
from providers.twin.oci import facts
from providers.twin.oci.tables import every, tokens
from providers.twin.oci.words import token
from providers.twin.schema import Catalogue
from providers.twin.store import Store

_TENANCIES = itertools.count(1)
Connect = Callable[..., Caller]


@pytest.fixture
def tenancy() -> str:
    """A tenancy that no other test uses."""
    return facts.ocid("tenancy", f"test{next(_TENANCIES)}")


@pytest.fixture
def connect(running: client.Running, tenancy: str) -> Iterator[Connect]:
    made: list[Caller] = []

    def make(region: str = facts.TOKYO) -> Caller:
        made.append(Caller(running.ports["oci"], {"region": region, "tenancyOcid": tenancy}))
        return made[-1]

    yield make
    for caller in made:
        caller.close()


class Tenancy:
    """A tenancy with one compartment, and short words to make things in it."""

    def __init__(self, caller: Caller, unit: str) -> None:
        self.caller, self.unit = caller, unit
        self._names = itertools.count(1)
        self.place = self.make("Identity.Compartment", compartmentId=unit, name="ours", description="ours").id

    def make(self, kind: str, **inputs: Any) -> Made:
        return self.caller.create(token(kind), f"thing{next(self._names)}", inputs)

    def vcn(self, *cidrs: str, **more: Any) -> Made:
        return self.make(
            "Core.Vcn", compartmentId=self.place, cidrBlocks=list(cidrs or ("10.0.0.0/16",)), **more
        )

    def subnet(self, vcn: str, cidr: str = "10.0.0.0/24", **more: Any) -> Made:
        return self.make("Core.Subnet", compartmentId=self.place, vcnId=vcn, cidrBlock=cidr, **more)

    def vault(self, kind: str = "VIRTUAL_PRIVATE") -> Made:
        return self.make("Kms.Vault", compartmentId=self.place, displayName="v", vaultType=kind)

    def key(self, vault: Made, algorithm: str = "AES", length: int = 32, **more: Any) -> Made:
        return self.make(
            "Kms.Key",
            compartmentId=self.place,
            displayName="k",
            managementEndpoint=vault.state["managementEndpoint"],
            keyShape={"algorithm": algorithm, "length": length},
            **more,
        )


@pytest.fixture
def ours(connect: Connect, tenancy: str) -> Tenancy:
    return Tenancy(connect(), tenancy)


def test_ids_have_the_clouds_own_form(ours: Tenancy) -> None:
    vcn = ours.vcn(displayName="v")
    assert re.fullmatch(r"ocid1\.vcn\.oc1\.ap-tokyo-1\.[a-z0-9]{60}", vcn.id)
    assert re.fullmatch(r"ocid1\.compartment\.oc1\.\.[a-z0-9]{60}", ours.place)
    vault = ours.vault()
    assert re.fullmatch(r"ocid1\.vault\.oc1\.ap-tokyo-1\.[a-z0-9]{12}\.[a-z0-9]{60}", vault.id)
    assert vault.state["managementEndpoint"].endswith("-management.kms.ap-tokyo-1.oraclecloud.com")
    assert ours.key(vault).state["vaultId"] == vault.id


def test_a_network_is_born_with_its_defaults_and_takes_them_along(ours: Tenancy) -> None:
    vcn = ours.vcn(dnsLabel="ours")
    assert vcn.state["defaultSecurityListId"].startswith("ocid1.securitylist.oc1.ap-tokyo-1.")
    closed = ours.make("Core.DefaultSecurityList", manageDefaultResourceId=vcn.state["defaultSecurityListId"])
    assert closed.id == vcn.state["defaultSecurityListId"]
    resolver = ours.caller.invoke(
        "oci:Core/getCnvDnsResolverAssociation:getCnvDnsResolverAssociation", {"vcnId": vcn.id}
    )
    assert resolver["dnsResolverId"].startswith("ocid1.dnsresolver.")
    ours.caller.delete(closed)
    ours.caller.delete(vcn)


Refused = Callable[[Tenancy], Any]

REFUSED: dict[str, tuple[str, Refused]] = {
    "no such compartment": (
        "404-NotAuthorizedOrNotFound",
        lambda t: t.make("Core.Vcn", compartmentId="ocid1.compartment.oc1..gone", cidrBlocks=["10.0.0.0/16"]),
    ),
    "range of a VCN": ("between /16 and /30", lambda t: t.vcn("10.0.0.0/8")),
    "host bits": ("not a valid CIDR", lambda t: t.vcn("10.0.0.1/16")),
    "ranges of one VCN": ("overlaps", lambda t: t.vcn("10.0.0.0/16", "10.0.128.0/17")),
    "subnet outside": ("not within the VCN", lambda t: t.subnet(t.vcn().id, "10.1.0.0/24")),
    "subnets overlap": (
        "overlaps another subnet",
        lambda t: [t.subnet(v, c) for v in [t.vcn().id] for c in ("10.0.0.0/24", "10.0.0.128/25")],
    ),
    "label": ("dnsLabel", lambda t: t.vcn(dnsLabel="with-hyphen")),
    "value that the model does not have": (
        "allowed: ",
        lambda t: t.make("Kms.Vault", compartmentId=t.place, displayName="v", vaultType="CHEAP"),
    ),
    "unknown property": ("no property `cidr_block`", lambda t: t.vcn(cidr_block="10.0.0.0/16")),
    "rotation in a shared vault": (
        "virtual private vaults only",
        lambda t: t.key(t.vault("DEFAULT"), isAutoRotationEnabled=True),
    ),
    "length of a key": ("has no length 33", lambda t: t.key(t.vault(), length=33)),
    "versions and retention": (
        "RetentionRuleConflict",
        lambda t: t.make(
            "ObjectStorage.Bucket",
            compartmentId=t.place,
            namespace=facts.namespace(t.unit),
            name="b",
            versioning="Enabled",
            retentionRules=[{"displayName": "r", "duration": {"timeAmount": "1", "timeUnit": "DAYS"}}],
        ),
    ),
    "somebody else's namespace": (
        "NamespaceNotFound",
        lambda t: t.make("ObjectStorage.Bucket", compartmentId=t.place, namespace="theirs", name="b"),
    ),
    "too many tags": ("10 free-form", lambda t: t.vcn(freeformTags={f"k{n}": "v" for n in range(11)})),
    "a tag that is not defined": (
        "there is no tag ours.package",
        lambda t: t.vcn(definedTags={"ours.package": "a"}),
    ),
    "a statement that is none": (
        "No permissions found",
        lambda t: t.make(
            "Identity.Policy",
            compartmentId=t.place,
            name="p",
            description="p",
            statements=["Let everybody in"],
        ),
    ),
    "a group that is not there": (
        "Dynamic group nobody does not exist",
        lambda t: t.make(
            "Identity.Policy",
            compartmentId=t.place,
            name="p",
            description="p",
            statements=[f"Allow dynamic-group nobody to use keys in compartment id {t.place}"],
        ),
    ),
    "more statements than a policy takes": (
        "at most 50 statements",
        lambda t: t.make(
            "Identity.Policy",
            compartmentId=t.place,
            name="p",
            description="p",
            statements=["Allow any-user to inspect tenancies in tenancy"] * 51,
        ),
    ),
    "days of audit": (
        "between 90 and 365",
        lambda t: t.make("Audit.Configuration", compartmentId=t.unit, retentionPeriodDays=30),
    ),
    "a second target over the tenancy": (
        "409-NameAlreadyExists",
        lambda t: t.make(
            "CloudGuard.Target",
            compartmentId=t.unit,
            displayName="second",
            targetResourceId=t.unit,
            targetResourceType="COMPARTMENT",
        ),
    ),
    "a query": (
        "The query is not valid",
        lambda t: t.make(
            "Monitoring.Alarm",
            compartmentId=t.place,
            metricCompartmentId=t.place,
            displayName="a",
            destinations=[],
            isEnabled=True,
            namespace="oci_lbaas",
            severity="CRITICAL",
            query="when it feels unwell",
        ),
    ),
    "a shape": (
        "is not available",
        lambda t: t.make(
            "Core.Instance",
            compartmentId=t.place,
            availabilityDomain=facts.domain(t.unit, facts.TOKYO),
            shape="VM.Huge",
        ),
    ),
    "a subnet that grows into another": (
        "overlaps another subnet",
        lambda t: [
            t.caller.update(
                t.subnet(v, "10.0.0.0/25"), {"compartmentId": t.place, "vcnId": v, "cidrBlock": "10.0.0.0/24"}
            )
            for v in [t.vcn().id]
            for _ in [t.subnet(v, "10.0.0.128/25")]
        ],
    ),
    "a range that has subnets": (
        "cannot be removed from the VCN",
        lambda t: [
            t.caller.update(v, {"compartmentId": t.place, "cidrBlocks": ["10.1.0.0/16"]})
            for v in [t.vcn("10.0.0.0/16", "10.1.0.0/16")]
            for _ in [t.subnet(v.id, "10.0.0.0/24")]
        ],
    ),
    "peers that overlap": (
        "overlapping CIDRs",
        lambda t: t.make(
            "Core.LocalPeeringGateway",
            compartmentId=t.place,
            vcnId=t.vcn("10.0.0.0/16").id,
            peerId=t.make(
                "Core.LocalPeeringGateway", compartmentId=t.place, vcnId=t.vcn("10.0.128.0/17").id
            ).id,
        ),
    ),
    "ports": (
        "min before max",
        lambda t: t.make(
            "Core.NetworkSecurityGroupSecurityRule",
            networkSecurityGroupId=t.make(
                "Core.NetworkSecurityGroup", compartmentId=t.place, vcnId=t.vcn().id
            ).id,
            direction="INGRESS",
            protocol="6",
            source="10.0.0.0/24",
            tcpOptions={"destinationPortRange": {"min": 443, "max": 80}},
        ),
    ),
    "an id of another kind": (
        "404-NotAuthorizedOrNotFound",
        lambda t: t.subnet(t.vcn().id, routeTableId=t.vcn("10.1.0.0/16").id),
    ),
    "a table of another network": (
        "is not in the VCN",
        lambda t: t.subnet(
            t.vcn().id,
            routeTableId=t.make(
                "Core.RouteTable", compartmentId=t.place, vcnId=t.vcn("10.1.0.0/16").id, routeRules=[]
            ).id,
        ),
    ),
    "a second service gateway": (
        "409-",
        lambda t: [
            t.make("Core.ServiceGateway", compartmentId=t.place, vcnId=v, services=[])
            for v in [t.vcn().id]
            for _ in range(2)
        ],
    ),
    "a group that rules refer to": (
        "409-",
        lambda t: [
            t.caller.delete(g)
            for g in [
                t.make("Core.NetworkSecurityGroup", compartmentId=t.place, vcnId=t.vcn("10.0.0.0/16").id)
            ]
            for _ in [
                t.make(
                    "Mysql.MysqlDbSystem",
                    compartmentId=t.place,
                    availabilityDomain=facts.domain(t.unit, facts.TOKYO),
                    shapeName="MySQL.2",
                    subnetId=t.subnet(g.state["vcnId"]).id,
                    nsgIds=[g.id],
                    adminUsername="admin",
                    adminPassword="Not-a-real-1-password",
                    dataStorageSizeInGb=50,
                )
            ]
        ],
    ),
    "an availability domain of somebody else": (
        "is unknown here",
        lambda t: t.make(
            "FileStorage.FileSystem", compartmentId=t.place, availabilityDomain="Xxxx:AP-TOKYO-1-AD-1"
        ),
    ),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_oci_refuses_the_twin_refuses(ours: Tenancy, what: str) -> None:
    says, attempt = REFUSED[what]
    with pytest.raises(CallError, match=re.escape(says)):
        attempt(ours)


def test_what_is_in_use_stays(ours: Tenancy) -> None:
    vcn = ours.vcn()
    subnet = ours.subnet(vcn.id)
    with pytest.raises(CallError, match="409-IncorrectState"):
        ours.caller.delete(vcn)
    ours.caller.delete(subnet)
    ours.caller.delete(vcn)


def test_a_compartment_goes_when_it_is_empty_and_may_go(ours: Tenancy) -> None:
    kept = ours.make("Identity.Compartment", compartmentId=ours.place, name="kept", description="kept")
    with pytest.raises(CallError, match="enableDelete"):
        ours.caller.delete(kept)
    loose = ours.make(
        "Identity.Compartment", compartmentId=ours.place, name="loose", description="loose", enableDelete=True
    )
    inside = ours.make("Core.Vcn", compartmentId=loose.id, cidrBlocks=["10.0.0.0/16"])
    with pytest.raises(CallError, match="412-CompartmentNotEmpty"):
        ours.caller.delete(loose)
    ours.caller.delete(inside)
    ours.caller.delete(loose)


@pytest.mark.parametrize(
    ("kind", "fixed", "free"),
    [
        ("Core.Subnet", "vcnId", "displayName"),
        ("Core.Subnet", "prohibitPublicIpOnVnic", "cidrBlock"),
        ("Core.Instance", "availabilityDomain", "shape"),
        ("Kms.Key", "keyShape", "displayName"),
        ("Kms.Vault", "vaultType", "displayName"),
        ("FileStorage.FileSystem", "availabilityDomain", "displayName"),
        ("LoadBalancer.LoadBalancer", "isPrivate", "displayName"),
        ("Core.DrgAttachment", "drgId", "drgRouteTableId"),
    ],
)
def test_what_cannot_change_in_place_replaces(kind: str, fixed: str, free: str) -> None:
    record = every()[token(kind)]
    assert fixed in record.fixed
    assert free not in record.fixed


def test_identity_is_changed_in_the_home_region_only(connect: Connect, tenancy: str) -> None:
    away = connect(facts.OSAKA)
    with pytest.raises(CallError, match="home region NRT"):
        away.create(
            token("Identity.Compartment"), "c", {"compartmentId": tenancy, "name": "c", "description": "c"}
        )


def test_only_the_domestic_pair_is_subscribed(connect: Connect, tenancy: str) -> None:
    with pytest.raises(CallError, match="401-NotAuthenticated"):
        connect("us-ashburn-1").create(
            token("Core.Vcn"), "v", {"compartmentId": tenancy, "cidrBlocks": ["10.0.0.0/16"]}
        )


def test_regions_are_apart_and_identity_is_common(ours: Tenancy, connect: Connect) -> None:
    away = Tenancy.__new__(Tenancy)
    away.caller, away.unit, away.place, away._names = (
        connect(facts.OSAKA),
        ours.unit,
        ours.place,
        itertools.count(50),
    )
    here, there = ours.vcn(), away.vcn()
    assert ".ap-osaka-1." in there.id
    with pytest.raises(CallError, match="404-NotAuthorizedOrNotFound"):
        away.subnet(here.id)


def test_a_secret_of_the_vaults_making_is_never_stored(ours: Tenancy, running: client.Running) -> None:
    vault = ours.vault()
    secret = ours.make(
        "Vault.Secret",
        compartmentId=ours.place,
        vaultId=vault.id,
        keyId=ours.key(vault).id,
        secretName="s",
        enableAutoGeneration=True,
        secretGenerationContext={
            "generationType": "PASSPHRASE",
            "generationTemplate": "DBAAS_DEFAULT_PASSWORD",
        },
    )
    found = ours.caller.invoke("oci:Secrets/getSecretbundle:getSecretbundle", {"secretId": secret.id})
    content = found["secretBundleContents"][0]["content"]
    assert content
    store = Store(running.folder / "store.sqlite")
    try:
        assert not any(content in str(row.state) for row in store.rows(cloud="oci"))
    finally:
        store.close()


def test_a_tenancy_has_what_the_templates_left(ours: Tenancy, running: client.Running) -> None:
    recipes = ours.caller.invoke(
        "oci:CloudGuard/getDetectorRecipes:getDetectorRecipes", {"compartmentId": ours.unit}
    )
    items = recipes["detectorRecipeCollections"][0]["items"]
    assert {item["detector"] for item in items} == set(facts.DETECTORS)
    store = Store(running.folder / "store.sqlite")
    try:
        left = {
            row.type for row in store.rows(cloud="oci", unit=ours.unit) if row.state.get("managedByTemplates")
        }
    finally:
        store.close()
    assert left == {
        token(kind)
        for kind in ("Audit.Configuration", "CloudGuard.CloudGuardConfiguration", "CloudGuard.Target")
    }


def test_refresh_sees_what_was_changed_behind_the_engines_back(
    ours: Tenancy, running: client.Running
) -> None:
    vcn = ours.vcn(displayName="ours")
    store = Store(running.folder / "store.sqlite")
    try:
        row = next(row for row in store.rows(cloud="oci", unit=ours.unit) if row.id == vcn.id)
        store.rewrite(
            row.rid, {**row.state, "displayName": "theirs"}, {**row.inputs, "displayName": "theirs"}
        )
    finally:
        store.close()
    assert ours.caller.read(vcn).state["displayName"] == "theirs"


def test_every_record_is_of_a_type_that_the_sdk_has() -> None:
    known = Catalogue("pulumi_oci").tokens()
    assert [short for short, name in tokens().items() if name not in known] == []
