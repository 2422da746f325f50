"""The twin refuses what Google Cloud refuses, and says what Google says."""

from __future__ import annotations

import json

import pytest

from providers.twin.caller import CallError, Made
from providers.twin.google.facts import BILLING
from tests.twin.google.conftest import Project

REGION = "asia-northeast1"


def subnet(project: Project, network: Made, cidr: str, name: str = "sub", **more: object) -> Made:
    return project.make("compute.Subnetwork", name, name=name, network=network.id, ipCidrRange=cidr, **more)


def test_ids_and_links_have_googles_form(project: Project, network: Made) -> None:
    assert network.id == f"projects/{project.unit}/global/networks/net"
    assert network.state["selfLink"] == f"https://www.googleapis.com/compute/v1/{network.id}"
    made = subnet(project, network, "10.0.0.0/24")
    assert made.id == f"projects/{project.unit}/regions/{REGION}/subnetworks/sub"
    assert made.state["gatewayAddress"] == "10.0.0.1"


def test_a_service_that_is_off_refuses(virgin: Project) -> None:
    with pytest.raises(CallError, match=r"compute\.googleapis\.com has not been used.*SERVICE_DISABLED"):
        virgin.make("compute.Network", "net", name="net")


def test_names_ranges_and_places(project: Project, network: Made) -> None:
    with pytest.raises(CallError, match="does not match"):
        project.make("compute.Network", "bad", name="Net_1")
    with pytest.raises(CallError, match="alreadyExists"):
        project.make("compute.Network", "again", name="net")
    subnet(project, network, "10.0.0.0/24")
    with pytest.raises(CallError, match="conflicts with an existing range"):
        subnet(project, network, "10.0.0.128/25", "other")
    with pytest.raises(CallError, match="not a valid IP range"):
        subnet(project, network, "10.0.1.1/24", "host-bits")
    with pytest.raises(CallError, match=r"constraints/gcp\.resourceLocations"):
        subnet(project, network, "10.1.0.0/24", "abroad", region="us-central1")
    with pytest.raises(CallError, match="notFound"):
        project.make(
            "compute.Subnetwork",
            "lost",
            name="lost",
            network="projects/x/global/networks/y",
            ipCidrRange="10.2.0.0/24",
        )


def test_one_proxy_subnet_and_no_balancer_without(project: Project, network: Made) -> None:
    work = subnet(project, network, "10.0.0.0/24")
    backend = project.make(
        "compute.RegionBackendService",
        "b",
        name="b",
        loadBalancingScheme="INTERNAL_MANAGED",
        protocol="HTTPS",
    )
    urls = project.make("compute.RegionUrlMap", "u", name="u", defaultService=backend.id)
    proxy = project.make("compute.RegionTargetHttpsProxy", "p", name="p", urlMap=urls.id)
    rule = {"network": network.id, "subnetwork": work.id, "target": proxy.id, "portRange": "443"}
    with pytest.raises(CallError, match="proxy-only subnetwork is required"):
        project.make("compute.ForwardingRule", "f", name="f", loadBalancingScheme="INTERNAL_MANAGED", **rule)
    with pytest.raises(CallError, match="64 addresses"):
        subnet(project, network, "10.0.1.0/27", "small", purpose="REGIONAL_MANAGED_PROXY", role="ACTIVE")
    subnet(project, network, "10.0.1.0/26", "proxies", purpose="REGIONAL_MANAGED_PROXY", role="ACTIVE")
    project.make("compute.ForwardingRule", "f", name="f", loadBalancingScheme="INTERNAL_MANAGED", **rule)
    with pytest.raises(CallError, match="has an active proxy-only subnet"):
        subnet(project, network, "10.0.2.0/26", "more", purpose="REGIONAL_MANAGED_PROXY", role="ACTIVE")


def test_what_is_in_use_stays(project: Project, network: Made) -> None:
    made = subnet(project, network, "10.0.0.0/24")
    with pytest.raises(CallError, match="resourceInUseByAnotherResource"):
        project.caller.delete(network)
    project.caller.delete(made)
    project.caller.delete(network)


def test_what_cannot_change_is_replaced(project: Project, network: Made) -> None:
    made = subnet(project, network, "10.0.0.0/24")
    base = {"name": "sub", "network": network.id}
    assert project.caller.diff(
        made, {**base, "ipCidrRange": "10.0.0.0/24", "purpose": "PRIVATE"}
    ).replaces == ["purpose"]
    plain = project.caller.diff(made, {**base, "ipCidrRange": "10.0.0.0/24", "privateIpGoogleAccess": True})
    assert list(plain.replaces) == []
    assert list(plain.diffs) == ["privateIpGoogleAccess"]


def test_values_outside_the_published_model(project: Project, network: Made) -> None:
    with pytest.raises(CallError, match=r"direction.*EGRESS, INGRESS"):
        project.make(
            "compute.Firewall",
            "f",
            name="f",
            network=network.id,
            direction="UP",
            allows=[{"protocol": "tcp"}],
        )


def test_addresses_are_taken_once(project: Project, network: Made) -> None:
    made = subnet(project, network, "10.0.0.0/28")
    first = project.make("compute.Address", "a", name="a", subnetwork=made.id, addressType="INTERNAL")
    assert first.state["address"] == "10.0.0.2"
    second = project.make("compute.Address", "b", name="b", subnetwork=made.id, addressType="INTERNAL")
    assert second.state["address"] == "10.0.0.3"
    with pytest.raises(CallError, match="already being used"):
        project.make(
            "compute.Address", "c", name="c", subnetwork=made.id, addressType="INTERNAL", address="10.0.0.3"
        )
    with pytest.raises(CallError, match="not a usable address"):
        project.make(
            "compute.Address", "d", name="d", subnetwork=made.id, addressType="INTERNAL", address="10.0.0.15"
        )
    with pytest.raises(CallError, match="is in a subnetwork"):
        project.make(
            "compute.GlobalAddress",
            "g",
            name="g",
            network=network.id,
            purpose="PRIVATE_SERVICE_CONNECT",
            address="10.0.0.5",
        )


def test_circuits_of_carriers_and_of_ones_own(project: Project, network: Made) -> None:
    own = project.make("compute.Router", "r", name="r", network=network.id, bgp={"asn": 64512})
    link = "projects/carrier-example/global/interconnects/tokyo-1"
    attached = project.make(
        "compute.InterconnectAttachment",
        "a",
        name="a",
        router=own.id,
        type="DEDICATED",
        interconnect=link,
        vlanTag8021q=100,
    )
    assert attached.state["state"] == "ACTIVE"
    assert attached.state["cloudRouterIpAddress"].endswith("/29")
    with pytest.raises(CallError, match="VLAN tag 100 is already used"):
        project.make(
            "compute.InterconnectAttachment",
            "b",
            name="b",
            router=own.id,
            type="DEDICATED",
            interconnect=link,
            vlanTag8021q=100,
        )
    with pytest.raises(CallError, match="must have ASN 16550"):
        project.make("compute.InterconnectAttachment", "c", name="c", router=own.id, type="PARTNER")
    theirs = project.make("compute.Router", "p", name="p", network=network.id, bgp={"asn": 16550})
    partner = project.make("compute.InterconnectAttachment", "d", name="d", router=theirs.id, type="PARTNER")
    assert partner.state["pairingKey"].endswith(f"/{REGION}/any")
    with pytest.raises(CallError, match="not a private AS number"):
        project.make("compute.Router", "x", name="x", network=network.id, bgp={"asn": 15169})


def test_keys_keep_their_names_for_ever(project: Project) -> None:
    ring = project.make("kms.KeyRing", "ring", name="ring", location=REGION)
    key = project.make("kms.CryptoKey", "key", name="key", keyRing=ring.id, rotationPeriod="7776000s")
    assert key.id == f"projects/{project.unit}/locations/{REGION}/keyRings/ring/cryptoKeys/key"
    with pytest.raises(CallError, match="shorter than a day"):
        project.make("kms.CryptoKey", "fast", name="fast", keyRing=ring.id, rotationPeriod="60s")
    project.caller.delete(key)
    project.caller.delete(ring)
    with pytest.raises(CallError, match="already exists"):
        project.make("kms.KeyRing", "ring", name="ring", location=REGION)
    rings = project.caller.invoke("gcp:kms/getKeyRings:getKeyRings", {"location": REGION})["keyRings"]
    assert [found["name"] for found in rings] == [ring.id]
    keys = project.caller.invoke("gcp:kms/getCryptoKeys:getCryptoKeys", {"keyRing": ring.id})["keys"]
    assert keys[0]["primaries"][0]["state"] == "DESTROY_SCHEDULED"


def test_a_locked_record_stays_locked(project: Project) -> None:
    base = {"name": f"logs-{project.unit}", "location": "ASIA-NORTHEAST1"}
    locked = {**base, "retentionPolicy": {"retentionPeriod": "86400", "isLocked": True}}
    made = project.make("storage.Bucket", "logs", **locked)
    with pytest.raises(CallError, match="locked retention policy"):
        project.caller.update(
            made, {**base, "retentionPolicy": {"retentionPeriod": "86400", "isLocked": False}}
        )
    with pytest.raises(CallError, match="conflict"):
        project.make("storage.Bucket", "again", **base)


def test_databases(project: Project) -> None:
    base = {"databaseVersion": "MYSQL_8_4", "region": REGION, "name": "db"}
    with pytest.raises(CallError, match="not a possible custom machine"):
        project.make("sql.DatabaseInstance", "a", **base, settings={"tier": "db-custom-3-8192"})
    bad = {"enabled": True, "pointInTimeRecoveryEnabled": True}
    with pytest.raises(CallError, match="binary logs"):
        project.make(
            "sql.DatabaseInstance",
            "b",
            **base,
            settings={"tier": "db-custom-2-8192", "backupConfiguration": bad},
        )
    flags = [{"name": "cloudsql_iam_authentication", "value": "on"}]
    made = project.make(
        "sql.DatabaseInstance",
        "c",
        **base,
        deletionProtection=True,
        settings={"tier": "db-custom-2-8192", "databaseFlags": flags},
    )
    with pytest.raises(CallError, match="before the @"):
        project.make("sql.User", "u", instance="db", name="app@x.iam", type="CLOUD_IAM_SERVICE_ACCOUNT")
    project.make("sql.User", "v", instance="db", name="app", type="CLOUD_IAM_SERVICE_ACCOUNT")
    with pytest.raises(CallError, match="deletion_protection"):
        project.caller.delete(made)


def test_whoever_is_let_in_exists(project: Project) -> None:
    with pytest.raises(CallError, match="does not exist"):
        project.make(
            "projects.IAMMember", "m", project=project.unit, role="roles/logging.logWriter",
            member=f"serviceAccount:nobody@{project.unit}.iam.gserviceaccount.com",
        )  # fmt: skip
    account = project.make("serviceaccount.Account", "a", accountId="somebody")
    project.make(
        "projects.IAMMember",
        "m",
        project=project.unit,
        role="roles/logging.logWriter",
        member=account.state["member"],
    )
    with pytest.raises(CallError, match="not supported"):
        project.make(
            "projects.IAMMember", "n", project=project.unit, role="logWriter", member=account.state["member"]
        )
    with pytest.raises(CallError, match="6 to 30"):
        project.make("serviceaccount.Account", "b", accountId="me")


def test_the_project_as_it_is_handed_over(virgin: Project) -> None:
    networks = virgin.caller.invoke("gcp:compute/getNetworks:getNetworks", {})["networks"]
    assert networks == ["default"]
    found = virgin.caller.invoke("gcp:organizations/getProject:getProject", {"projectId": virgin.unit})
    assert found["number"].isdigit()
    with pytest.raises(CallError, match="permission"):
        virgin.caller.invoke("gcp:organizations/getProject:getProject", {"projectId": "somebody-elses"})


def test_folders_and_their_policies(project: Project) -> None:
    bucket = project.make(
        "storage.Bucket",
        "b",
        name=f"handover-{project.unit}",
        location="ASIA-NORTHEAST1",
        uniformBucketLevelAccess=True,
    )
    with pytest.raises(CallError, match="must end with"):
        project.make("storage.ManagedFolder", "f", bucket=bucket.id, name="001/021")
    folder = project.make("storage.ManagedFolder", "f", bucket=bucket.id, name="001/021/")
    ghost = f"serviceAccount:ghost@{project.unit}.iam.gserviceaccount.com"
    policy = json.dumps({"bindings": [{"role": "roles/storage.objectViewer", "members": [ghost]}]})
    with pytest.raises(CallError, match="does not exist"):
        project.make(
            "storage.ManagedFolderIamPolicy",
            "p",
            bucket=bucket.id,
            managedFolder=folder.state["name"],
            policyData=policy,
        )


def test_a_subnet_grows_and_never_shrinks(project: Project, network: Made) -> None:
    made, next_one = subnet(project, network, "10.0.0.0/25"), subnet(project, network, "10.0.1.0/24", "next")
    base = {"name": "sub", "network": network.id}
    for other in ("10.0.0.0/26", "10.5.0.0/24"):
        assert list(project.caller.diff(made, {**base, "ipCidrRange": other}).replaces) == ["ipCidrRange"]
    assert list(project.caller.diff(made, {**base, "ipCidrRange": "10.0.0.0/24"}).replaces) == []
    with pytest.raises(CallError, match="conflicts with an existing range"):
        project.caller.update(made, {**base, "ipCidrRange": "10.0.0.0/23"})
    project.caller.delete(next_one)
    grown = project.caller.update(made, {**base, "ipCidrRange": "10.0.0.0/23"})
    assert grown.state["ipCidrRange"] == "10.0.0.0/23"
    with pytest.raises(CallError, match="conflicts with an existing range"):
        subnet(project, network, "10.0.1.0/24", "next")


def test_ranges_beside_the_first_are_ranges_too(project: Project, network: Made) -> None:
    pods = [{"rangeName": "pods", "ipCidrRange": "10.0.0.128/25"}]
    with pytest.raises(CallError, match="conflicts with an existing range"):
        subnet(project, network, "10.0.0.0/24", secondaryIpRanges=pods)
    subnet(project, network, "10.0.0.0/25", secondaryIpRanges=pods)
    with pytest.raises(CallError, match="conflicts with an existing range"):
        subnet(project, network, "10.0.0.128/26", "other")


def test_a_route_does_not_hide_a_subnet(project: Project, network: Made) -> None:
    subnet(project, network, "10.0.0.0/24")

    def route(name: str, to: str) -> Made:
        return project.make(
            "compute.Route", name, name=name, network=network.id, destRange=to, nextHopIp="10.0.0.5"
        )

    for inside in ("10.0.0.0/24", "10.0.0.128/25"):
        with pytest.raises(CallError, match="hides the address space"):
            route("hides", inside)
    assert route("around", "10.0.0.0/16").id


def test_an_id_of_another_kind_is_not_found(project: Project, network: Made) -> None:
    with pytest.raises(CallError, match="notFound"):
        project.make("compute.Address", "a", name="a", subnetwork=network.id, addressType="INTERNAL")
    with pytest.raises(CallError, match="notFound"):
        subnet(project, subnet(project, network, "10.0.0.0/24"), "10.1.0.0/24", "other")


def test_a_budget_has_the_currency_of_the_billing_account(project: Project) -> None:
    def budget(name: str, **amount: str) -> Made:
        money = {"specifiedAmount": {"units": "3000000", **amount}}
        return project.make("billing.Budget", name, billingAccount=BILLING, displayName=name, amount=money)

    project.on("billingbudgets")
    with pytest.raises(CallError, match=r"must be that of the billing account \(JPY\)"):
        budget("dollars", currencyCode="USD")
    budget("yen", currencyCode="JPY")
    budget("unsaid")
