"""WebAccel and the API gateway: what is changed, what drifts, what is refused; principals' keys."""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from providers.sakura import validate
from providers.sakura.catalog import RESOURCES
from tests.sakura.conftest import Project, Twin

BY_TOKEN = {r.token: r for r in RESOURCES}
PUBLIC = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
PROGRAM = """
site = sakura.webaccel.Site("site", name="site", domain_type="subdomain", request_protocol="https", origin_type="web",
    origin="192.0.2.40", origin_protocol="https", host_header={host!r}, cors_rules={cors!r})
sakura.webaccel.Acl("acl", site_id=site.id, acl={acl!r})
sakura.webaccel.Activation("on", site_id=site.id, enabled={on!r})
contract = sakura.apigateway.Subscription("contract", name={contract!r}, plan_id=sakura.apigateway.get_plans().plans[1].id)
service = sakura.apigateway.Service("service", name="desk", subscription_id=contract.id, protocol="https", host="desk.example.jp",
    cors={service_cors!r})
groups = [sakura.apigateway.Group(name, name=name) for name in ("a", "b")]
sakura.apigateway.User("caller", name="caller", group_ids=[groups[{group}].id])
sakura.apigateway.Route("route", service_id=service.id, name="route", path="/desk", group_ids=[groups[{group}].id] if {limited} else None,
    request_transformation={transformation!r})
principal = sakura.iam.ServicePrincipal("principal", name="ci", project_id=sakura.iam.Project("city", code="city", name="city").id)
sakura.iam.ServicePrincipalKey("key", service_principal_id=principal.id, public_key={key!r}, enabled={on!r})
"""
FIRST = {
    "key": PUBLIC,
    "host": "www.example.jp",
    "cors": [{"allow_all": True}],
    "acl": "deny all",
    "on": True,
    "contract": "contract",
    "service_cors": {"allow_methods": ["GET"]},
    "group": 0,
    "limited": True,
    "transformation": {"httpMethod": "GET"},
}
SECOND = {
    "key": PUBLIC,
    "host": None,
    "cors": None,
    "acl": "deny 192.0.2.0/24",
    "on": False,
    "contract": "renamed",
    "service_cors": None,
    "group": 1,
    "limited": False,
    "transformation": None,
}


def test_changes_drift_and_deletion(project: Project, twin: Twin) -> None:
    project.program(PROGRAM.format(**FIRST))
    project.ok("up", "--yes", "--skip-preview")
    (site,) = twin.of("webaccelsite")
    assert (site["Status"], site["CORSRules"]) == ("enabled", [{"AllowsAnyOrigin": True}])
    project.program(PROGRAM.format(**SECOND))
    changed = project.up()
    assert changed == {"update": 8}, changed
    (site,) = twin.of("webaccelsite")
    assert (site["Status"], site["CORSRules"], site["HostHeader"], site["_acl"]) == (
        "disabled",
        [],
        "",
        "deny 192.0.2.0/24",
    )
    (service,) = twin.of("apigw/services")
    assert "corsConfig" not in service
    (route,) = twin.of("apigw/routes")
    assert route["_authorization"]["isACLEnabled"] is False
    assert route["_request"] == {}
    (caller,) = twin.of("apigw/users")
    assert caller["groups"] == [g["id"] for g in twin.of("apigw/groups") if g["name"] == "b"]
    (key,) = twin.of("principalkey")
    assert key["status"] == "disabled"
    assert set(project.preview()["changeSummary"]) == {"same"}

    twin.tamper("webaccelsite", "", site["ID"], "Status", "enabled")
    twin.tamper("apigw/users", "", caller["ID"], "customID", "somebody")
    twin.tamper("principalkey", "", key["ID"], "status", "enabled")
    project.ok("refresh", "--yes", "--skip-preview")
    seen = {s["urn"].rsplit("::", 1)[-1]: s["op"] for s in project.preview()["steps"] if s["op"] != "same"}
    assert seen == {"on": "update", "caller": "update", "key": "update"}
    project.destroy()
    assert twin.counts() == {}


def test_a_private_key_is_never_taken_for_a_public_one() -> None:
    resource = BY_TOKEN["sakura:iam:ServicePrincipalKey"]
    given = {"servicePrincipalId": "1", "publicKey": PUBLIC.replace("PUBLIC", "PRIVATE")}
    (found,) = validate.problems(resource, given)
    assert found.property == "publicKey"
    assert given["publicKey"][40:80] not in found.text.ja + found.text.en
    assert validate.problems(resource, given | {"publicKey": PUBLIC}) == []


def test_sites_are_checked_before_they_are_asked_for() -> None:
    resource = BY_TOKEN["sakura:webaccel:Site"]
    site = {"name": "a", "domainType": "own_domain", "requestProtocol": "https", "originType": "bucket"}
    found = {p.property for p in validate.problems(resource, site)}
    assert found == {"domain", "bucket", "accessKeyId", "secretAccessKey"}
    both = {"allowAll": True, "allowedOrigins": ["https://a.example.jp"]}
    web = site | {
        "domainType": "subdomain", "originType": "web", "origin": "a", "originProtocol": "http", "corsRules": [both]
    }  # fmt: skip
    assert [p.property for p in validate.problems(resource, web)] == ["corsRules[0]"]


def test_the_twin_refuses_what_these_services_refuse(twin: Twin) -> None:
    root = twin.running.root
    with httpx.Client(auth=(twin.running.token, twin.running.secret)) as http:
        sites = f"{root}/is1a/api/webaccel/1.0/site"
        site = {"Name": "a", "DomainType": "subdomain", "OriginType": "0", "Origin": "192.0.2.1"}
        made = http.post(sites, json={"Site": site})
        assert made.status_code == 201
        one = f"{sites}/{made.json()['Site']['ID']}"
        assert http.post(sites, json={"Site": site | {"CORSRules": []}}).status_code == 400
        assert http.get(f"{one}/certificate").json()["Certificate"] == []
        assert http.put(f"{one}/status", json={"Site": {"Status": "enabled"}}).is_success
        assert http.delete(one).status_code == 409, "a site that delivers"
        api = f"{root.removesuffix('/zone')}/api/apigw/1.0"
        plan = http.get(f"{api}/plans").json()["apigw"]["plans"][0]["id"]
        made = http.post(f"{api}/subscriptions", json={"name": "c", "planId": plan})
        assert (made.status_code, made.content) == (204, b"")
        contract = http.get(f"{api}/subscriptions").json()["apigw"]["subscriptions"][0]["id"]
        service = {"name": "s", "protocol": "http", "host": "h.example.jp", "subscription": {"id": contract}}
        assert http.post(f"{api}/services", json=service).status_code == 201
        full = http.post(f"{api}/services", json=service | {"name": "t"})
        assert (full.status_code, list(full.json())) == (409, ["message"]), "the plan allows one"
        assert http.delete(f"{api}/subscriptions/{contract}").status_code == 409
        assert http.post(f"{api}/groups", json={"name": "has space"}).status_code == 400
