"""The records, and what is made of them: pure, so tested with many values."""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.sakura import convert, diff, flows, reference, schema, seal, validate
from providers.sakura.catalog import FUNCTIONS, RESOURCES
from providers.sakura.errors import SakuraError, read_error
from providers.sakura.model import Field, ListOf, MapOf, Record, Resource, Scalar, Type
from providers.wire import UNKNOWN

BY_TOKEN = {r.token: r for r in RESOURCES}
TEXTS = st.text("abc あ-./0", min_size=1, max_size=8)


def values(type_: Type, field: Field | None = None) -> st.SearchStrategy[Any]:
    """Values that the type takes."""
    if isinstance(type_, ListOf):
        item = st.sampled_from(field.elements) if field and field.elements else values(type_.item)
        if type_.codec == "joined":
            item = st.text("abc.-", min_size=1, max_size=6)
        return st.lists(item, min_size=1, max_size=3, unique_by=lambda v: json.dumps(v, sort_keys=True))
    if isinstance(type_, MapOf):
        return st.dictionaries(TEXTS, values(type_.item), min_size=1, max_size=2)
    if isinstance(type_, Record):
        return records(tuple(f for f in type_.fields if not f.computed))
    return scalars(type_, field)


def scalars(type_: Scalar, field: Field | None) -> st.SearchStrategy[Any]:
    if field and field.choices:
        return st.sampled_from([c for c in field.choices if c not in ("", 0)] or list(field.choices))
    if type_.codec == "named":
        return st.sampled_from([name for name, _ in type_.names])
    if type_.kind == "boolean":
        return st.booleans()
    if type_.kind in ("integer", "number"):
        low = int(field.low) if field and field.low is not None else 1
        return st.integers(low, int(field.high) if field and field.high is not None else low + 100)
    if type_.codec in ("id", "int_id"):
        return st.integers(1, 10**12 - 1).map(str)
    return TEXTS


def records(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    required = {f.name: values(f.type, f) for f in fields if f.required}
    optional = {f.name: values(f.type, f) for f in fields if not f.required}
    return st.fixed_dictionaries(required, optional=optional)


def plain_fields(resource: Resource) -> tuple[Field, ...]:
    """Those that go out and come back by their record alone."""
    return tuple(
        f
        for f in resource.inputs
        if f.wire and f.source == f.wire and not f.write_only and f.send not in ("never", "update")
    )


@pytest.mark.parametrize("token", sorted(BY_TOKEN))
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_goes_out_comes_back(token: str, data: st.DataObject) -> None:
    resource = BY_TOKEN[token]
    fields = plain_fields(resource)
    inputs = data.draw(records(fields))
    document = convert.document(resource, inputs, "create")
    back = convert.values_of(fields, document)
    for field in fields:
        if _write_only(field.type):
            continue
        assert diff.same(field, inputs.get(field.name), back.get(field.name)), field.name
    if any(_write_only(f.type) for f in fields):
        return
    observed = diff.observed(resource, inputs, document, {}, lambda *_: False)
    assert diff.changes(resource, inputs, observed) == [], "what was read back is no change"


def _write_only(type_: Type) -> bool:
    if isinstance(type_, (ListOf, MapOf)):
        return _write_only(type_.item)
    return isinstance(type_, Record) and any(f.write_only or _write_only(f.type) for f in type_.fields)


WITHOUT_TERRAFORM = {"AccessKey", "ProjectMember", "ServicePrincipalKey"}
"""Terraform has no resource for the root key of an object storage account, one grant of a project, a principal's key."""


def test_records_are_sound() -> None:
    assert len(BY_TOKEN) == len(RESOURCES)
    for resource in RESOURCES:
        names = [f.name for f in resource.fields]
        assert len(set(names)) == len(names), resource.token
        assert flows.of(resource)
        for text in (resource.doc, *(f.doc for f in resource.fields)):
            assert text.ja.strip(), resource.token
            assert text.en.strip(), resource.token
        for field in resource.fields:
            kind = field.refers_to
            assert not kind or f"sakura:{kind}" in BY_TOKEN, (resource.token, kind)
            assert field.default is None or not validate.record_problems([field], {field.name: field.default})
        for part in (*resource.import_parts, *resource.natural_key):
            assert part in names, (resource.token, part)
        assert resource.terraform or resource.name in WITHOUT_TERRAFORM, (
            f"{resource.token}: what does Terraform call it?"
        )


def test_the_issue_names_no_kind_that_is_missing() -> None:
    wanted = """Server Disk Archive SshKey Script AutoBackup PrivateHost DedicatedStorage Icon Switch Internet Subnet IPv4Ptr PacketFilter
    VpcRouter LocalRouter Bridge ServiceEndpointGateway LoadBalancer EnhancedLB Gslb Dns DnsRecord Database DatabaseReadReplica EnhancedDB
    NoSql Nfs ContainerRegistry AppRunApplication Bucket BucketVersioning BucketEncryption BucketReplication Permission AccessKey KmsKey
    SecretVault Secret SimpleMonitor NotificationDestination NotificationGroup NotificationRouting LogStorage MetricStorage TraceStorage
    LogRouting MetricRouting LogStorageAccessKey AlertProject AlertRule AlertTarget AlertRouting EventBusSchedule EventBusTrigger
    EventBusProcess SimpleMqQueue Project Folder Group User ProjectPolicy ServicePrincipal ProjectApiKey Sso AuthPolicy
    SecurityControlActivation SecurityControlRule SecurityControlAction PermissionKey MetricStorageAccessKey
    TraceStorageAccessKey ServicePrincipalKey ProjectMember FolderPolicy OrganizationPolicy PasswordPolicy"""
    assert set(wanted.split()) <= {r.name for r in RESOURCES}
    of = {module: {r.name for r in RESOURCES if r.module == module} for module in ("webaccel", "apigateway")}
    assert of["webaccel"] == {"Site", "Certificate", "Acl", "LogUpload", "Activation"}
    assert of["apigateway"] == {"Subscription", "Service", "Route", "User", "Group", "Domain", "Certificate"}
    functions = {f.name for f in FUNCTIONS}
    assert {
        "getArchive",
        "getCdrom",
        "getZones",
        "getPlans",
        "getSwitch",
        "getServer",
        "getPrices",
    } <= functions


def test_the_schema_is_one_that_pulumi_knows() -> None:
    package = schema.package()
    jsonschema.Draft7Validator.check_schema({"type": "object"})
    for group in ("resources", "functions", "types"):
        for token in package[group]:
            name, module, member = token.split(":")
            assert name == "sakura"
            assert module
            assert member
    text = json.dumps(package)
    referred = {part.split('"')[0] for part in text.split('"#/types/')[1:]}
    assert referred <= set(package["types"])
    assert {r.token for r in RESOURCES} == set(package["resources"])


def test_the_reference_names_everything() -> None:
    text = reference.markdown()
    for resource in RESOURCES:
        assert f"## {resource.module}.{resource.name}" in text
        for name in resource.terraform:
            assert f"`{name}`" in text


@pytest.mark.parametrize(
    ("token", "inputs", "place"),
    [
        ("sakura:network:Switch", {}, "name"),
        ("sakura:network:Switch", {"name": "a", "zone": "tk9z"}, "zone"),
        ("sakura:network:Switch", {"name": "a", "nmae": "b"}, "nmae"),
        ("sakura:network:Switch", {"name": "a" * 65}, "name"),
        ("sakura:network:Switch", {"name": "a", "tags": [str(i) for i in range(10)]}, "tags"),
        ("sakura:network:Internet", {"name": "a", "netmask": 25}, "netmask"),
        (
            "sakura:network:PacketFilter",
            {"name": "a", "expressions": [{"protocol": "icmp", "destinationPort": "1"}]},
            "expressions[0]",
        ),
        ("sakura:network:VpcRouter", {"name": "a", "plan": "premium"}, "publicInterface"),
        ("sakura:compute:Server", {"name": "a", "memory": "4"}, "memory"),
        ("sakura:compute:Server", {"name": "a", "diskEdit": {"hostname": "a"}}, "diskEdit"),
        (
            "sakura:compute:Server",
            {"name": "a", "disks": ["1"], "diskEdit": {"password": "eleven-char"}},
            "diskEdit.password",
        ),
        ("sakura:app:AppRunApplication", {"name": "a", "timeoutSeconds": 0}, "timeoutSeconds"),
    ],
)
def test_bad_inputs_are_named(token: str, inputs: dict[str, Any], place: str) -> None:
    found = {p.property: p.text for p in validate.problems(BY_TOKEN[token], inputs)}
    assert place in found
    assert found[place].ja != found[place].en


def test_what_is_not_known_yet_is_no_problem() -> None:
    router = BY_TOKEN["sakura:network:VpcRouter"]
    inputs = {"name": UNKNOWN, "plan": "premium", "publicInterface": UNKNOWN, "privateInterfaces": [UNKNOWN]}
    assert validate.problems(router, inputs) == []
    assert validate.problems(router, {"name": "a", "plan": UNKNOWN}) == []


def test_passwords_are_sealed_and_recognised() -> None:
    fields = BY_TOKEN["sakura:compute:Server"].inputs
    inputs = {"name": "a", "diskEdit": {"password": "correct-horse-battery"}}
    sealed = seal.seal(fields, inputs, "urn:1")
    assert "correct" not in json.dumps(sealed)
    assert seal.seal(fields, inputs, "urn:1") == sealed, "no change is seen where there is none"
    assert seal.seal(fields, inputs, "urn:2") != sealed, "equal passwords do not look equal"
    assert seal.seal(fields, sealed, "urn:1") == sealed
    assert seal.unseal(fields, sealed) == inputs
    with pytest.raises(SakuraError):
        seal.unseal(fields, {"diskEdit": {"password": seal.PREFIX + "00"}})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error_code": "busy", "error_msg": "混雑", "serial": "s"}, ("busy", "混雑", "s")),
        ({"type": "about:blank", "title": "x", "detail": "60秒後"}, ("", "60秒後", "")),
        (
            {"error": {"code": 409, "message": "m", "trace_id": "t", "errors": [{"message": "e"}]}},
            ("", "m (e)", "t"),
        ),
        ({"error": "plain"}, ("", "plain", "")),
        ({"name": ["too long", "odd"]}, ("", "name: too long, odd", "")),
        ("<html>", ("", "<html>", "")),
        (None, ("", "", "")),
    ],
)
def test_every_form_of_error_is_read(body: Any, expected: tuple[str, str, str]) -> None:
    assert read_error(409, body) == expected


@pytest.mark.parametrize(
    ("type_", "wire", "value"),
    [
        (Scalar("boolean", "text_bool"), "True", True),
        (Scalar("boolean", "text_bool"), "", False),
        (Scalar("boolean"), "false", False),
        (Scalar("integer", "text_number"), "80", 80),
        (Scalar("integer"), 80.0, 80),
        (Scalar("integer"), "", None),
        (Scalar("string", "id"), 113000000001, "113000000001"),
        (Record("R", ()), [], None),
        (ListOf(Scalar("string")), [None, "a"], ["a"]),
        (ListOf(Record("R", ())), [[], {}], [{}]),
        (MapOf(Scalar("string")), [], None),
    ],
)
def test_reading_is_tolerant(type_: Type, wire: Any, value: Any) -> None:
    assert convert.from_wire(type_, wire) == value
