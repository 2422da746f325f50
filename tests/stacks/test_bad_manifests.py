"""Every bad thing: where it is said to be, what was found, what is allowed, what was probably meant."""

# ruff: noqa: E501 - a table reads best with a row a line

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from stacks.problems import Problem, say
from stacks.registry.clouds import CLOUDS
from stacks.rules import limits, units
from tests.stacks.examples import (
    BUNKYO,
    HIMEJI,
    KURASHIKI,
    NAGANO,
    NISEKO,
    ONOMICHI,
    SHINJUKU,
    STACKS,
    problems_of,
    text_of,
)

FUNAHASHI = "163210-funahashi"
KUMAMOTO = "430005-kumamoto-shared"
VERIFICATION = "131041-shinjuku-verification"


@dataclass(frozen=True)
class Bad:
    """A manifest that is good but for one edit, and the problem that must be reported.

    The problem's line is that of `at` (default: the new text) in the edited file.
    """

    rule: str
    stack: str
    old: str
    new: str
    path: str
    found: str | None
    allowed: str
    nearest: str | None = None
    at: str | None = None


BAD = (
    # Who.
    Bad("check-digit", SHINJUKU, '"131041"', '"131042"', "code", "131042", "1,788", "131041"),
    Bad("ward", SHINJUKU, '"131041"', '"011011"', "code", "011011", "1,788", "011002"),
    Bad("unknown-code", SHINJUKU, '"131041"', '"137777"', "code", "137777", "1,788", "131075"),
    Bad("no-administration", SHINJUKU, '"131041"', '"016969"', "code", "016969", "1,788", "016918"),
    Bad("quote-it", SHINJUKU, '"131041"', "010006", "code", "010006", "text", '"010006"'),
    Bad("wrong-value", SHINJUKU, '"131041"', '"１３１０４１"', "code", "１３１０４１", "six digits", "131041"),
    Bad("stack-name", SHINJUKU, '"131041"', '"131016"', "code", SHINJUKU, "131016-chiyoda", "131016-chiyoda"),
    Bad("not-a-choice", SHINJUKU, "environment: production", "environment: prod", "environment", "prod",
        "production", "production"),
    Bad("single-with-members", SHINJUKU, "usage: single", "usage: single\n    isolation: network", "isolation",
        None, "usage: shared", at="isolation: network"),
    Bad("shared-without-isolation", NAGANO, "    isolation: network\n", "", "usage", "shared", "account",
        at="usage: shared"),
    Bad("shared-without-members", SHINJUKU, "usage: single", "usage: shared\n    isolation: application", "usage",
        "shared", "1,788", at="usage: shared"),
    Bad("account-members", FUNAHASHI, '"163210":', '"204137":', "members", "204137", "163210", "163210",
        at="members:"),
    Bad("member-without-space", NAGANO, "        address_space: {aws: 10.67.8.0/21}\n", "", "members.204145", None,
        "inside 10.67.0.0/19", at='"204145"'),
    Bad("member-cloud", NAGANO, "{aws: 10.67.8.0/21}", "{aws: 10.67.8.0/21, oci: 10.99.0.0/20}",
        "members.204145.address_space.oci", "oci", "aws"),
    Bad("member-space", KUMAMOTO, "on_premises: [192.168.64.0/21]",
        "on_premises: [192.168.64.0/21]\n        address_space: {aws: 10.68.0.0/21}",
        "members.434230.address_space", None, "isolation: network", at="address_space: {"),
    Bad("check-digit", NAGANO, '"204145"', '"204146"', "members.204146", "204146", "1,788", "204145"),
    Bad("wrong-key", NAGANO, '"204145"', "010006", "members.4102", "010006", "six digits", '"010006"'),
    # Where.
    Bad("region-not-domestic", SHINJUKU, "region: ap-northeast-1", "region: us-east-1", "clouds.aws.region",
        "us-east-1", "ap-northeast-3", "ap-northeast-1"),
    Bad("region-not-domestic", SHINJUKU, "region: ap-northeast-1", "region: ap-northeast-2", "clouds.aws.region",
        "ap-northeast-2", "ap-northeast-1", "ap-northeast-1"),
    Bad("unknown-zone", SHINJUKU, "[ap-northeast-1a, ap-northeast-1c]", "[ap-northeast-1a, ap-northeast-1b]",
        "clouds.aws.zones[1]", "ap-northeast-1b", "ap-northeast-1d", "ap-northeast-1a"),
    Bad("zone-twice", SHINJUKU, "[ap-northeast-1a, ap-northeast-1c]", "[ap-northeast-1a, ap-northeast-1a]",
        "clouds.aws.zones[1]", "ap-northeast-1a", "ap-northeast-1c"),
    Bad("too-few-zones", SHINJUKU, "[ap-northeast-1a, ap-northeast-1c]", "[ap-northeast-1a]", "clouds.aws.zones",
        "ap-northeast-1a", "ap-northeast-1c"),
    Bad("wrong-id", SHINJUKU, '"111122223333"', '"1111-2222-3333"', "clouds.aws.unit", "1111-2222-3333",
        "12 digits", "111122223333"),
    Bad("quote-it", SHINJUKU, '"111122223333"', "011122223333", "clouds.aws.unit", "011122223333", "text",
        '"011122223333"'),
    Bad("wrong-id", SHINJUKU, "budget_usd: 20000", "server_image: ami-xyz", "clouds.aws.server_image", "ami-xyz",
        "AMI"),
    Bad("wrong-id", SHINJUKU, "budget_usd: 20000",
        "certificate_authority: arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/"
        "12345678-1234-1234-1234-123456789012", "clouds.aws.certificate_authority",
        "arn:aws:acm-pca:us-east-1:111122223333:certificate-authority/12345678-1234-1234-1234-123456789012",
        "private CA"),
    Bad("unknown-key", SHINJUKU, "          audit_log: adopted", "          audit-log: adopted",
        "clouds.aws.baseline.audit-log", "audit-log", "threat_detection", "audit_log"),
    Bad("unknown-adoption", SHINJUKU, "audit_log: adopted", "audit_log: {adopt: {buckett: logs}}",
        "clouds.aws.baseline.audit_log.adopt.buckett", "buckett", "bucket", "bucket"),
    Bad("wrong-id", SHINJUKU, "audit_log: adopted", "audit_log: {adopt: {bucket: NO}}",
        "clouds.aws.baseline.audit_log.adopt.bucket", "NO", "S3 bucket"),
    Bad("no-effect", BUNKYO, "budget_jpy: 3000000", "certificate_authority: ours",
        "clouds.sakura.certificate_authority", None, "AWS"),
    Bad("budget-currency", SHINJUKU, "budget_usd: 20000", "budget_jpy: 3000000", "clouds.aws.budget_jpy", "3000000",
        "budget_usd"),
    Bad("budget-currency", BUNKYO, "budget_jpy: 3000000", "budget_jpy: 3000000\n        budget_usd: 20000",
        "clouds.sakura.budget_usd", "20000", "budget_jpy", at="budget_usd: 20000"),
    # What a cloud has too little of, or not at all.
    Bad("cloud-limit", BUNKYO, "    contacts:\n", "    retention: {log_days: 800}\n    contacts:\n",
        "retention.log_days", "800", "730 or less", at="retention:"),
    Bad("cloud-limit", BUNKYO, "size: medium", "size: xlarge", "packages.residents.cloud", "8000", "1000 or less",
        at="catalogue: residents-tax|1"),
    Bad("cloud-lacks", NISEKO, "catalogue: all-in-one", "catalogue: tax-oracle", "packages.town.cloud", "sakura",
        "aws", "aws", at="catalogue: tax-oracle|1"),
    Bad("cloud-lacks", NISEKO, "catalogue: all-in-one", "catalogue: welfare-asp", "packages.town.cloud", "sakura",
        "aws", "aws", at="catalogue: welfare-asp|1"),
    # What a cloud has too little of.
    Bad("long-host", SHINJUKU, "        on_premises:\n          shinjuku",
        "        domain: " + "gov-cloud." * 6 + "internal\n        on_premises:\n          shinjuku",
        "packages.residents", "78", "64 characters", at="      residents:"),
    # Lines between two clouds.
    Bad("join-ends", KURASHIKI, "provider: oracle-azure", "provider: exchange", "joins.interconnect", "0", "2",
        at="      interconnect:"),
    Bad("join-ends", KURASHIKI, "        bandwidth_mbps: 1000\n        allow",
        "        ends: {oci: {location: Equinix-TY4, vlan: 300, asn: 65042}}\n        allow",
        "joins.interconnect.ends", "oci", "exchange", at="        ends:"),
    Bad("join-region", KURASHIKI, "region: japaneast", "region: japanwest", "joins.interconnect", "japanwest, ap-tokyo-1",
        "japaneast, ap-tokyo-1", at="      interconnect:"),
    Bad("join-hub", KURASHIKI, "        region: ap-tokyo-1\n        address_space: 10.192.16.0/20\n        lgwan:\n          mode: own",
        "        region: ap-tokyo-1\n        address_space: 10.192.16.0/20\n        lgwan:\n          mode: hub", "joins.interconnect", "hub", "own",
        at="      interconnect:"),
    Bad("join-cloud", SHINJUKU, "    network:\n", "    joins: {line: {provider: oracle-azure}}\n    network:\n", "joins.line", "azure",
        "aws", at="    joins:"),
    Bad("join-cloud", NISEKO, "    network:\n",
        "    joins: {line: {provider: exchange, ends: {sakura: {location: a, vlan: 5, asn: 65001}, aws: {location: b, vlan: 5, asn: 65001}}}}\n    network:\n",
        "joins.line", "sakura", "aws, azure, google, oci", at="    joins:"),
    Bad("join-package", KURASHIKI, "residents: [tax]", "residents: [taxes]", "joins.interconnect.allow.residents[0]", "taxes",
        "residents, tax", "tax"),
    Bad("join-package", KURASHIKI, "tax: [residents]", "welfare: [residents]", "joins.interconnect.allow.welfare", "welfare",
        "residents, tax"),
    Bad("join-call", KURASHIKI, "residents: [tax]", "residents: [residents]", "joins.interconnect.allow.residents[0]",
        "residents", "the other cloud"),
    Bad("overlap", KURASHIKI, "10.192.16.0/20", "10.192.8.0/21", "clouds.oci.address_space", "10.192.8.0/21", "overlaps no other"),
    # The closed connection.
    Bad("too-few-circuits", SHINJUKU, "            osaka:", "            tokyo:", "clouds.aws.lgwan.circuits", "1",
        "2 or more", at="circuits:"),
    Bad("one-location", SHINJUKU, "location: EqOS1", "location: EqTY2", "clouds.aws.lgwan.circuits", "EqTY2",
        "two locations", at="circuits:"),
    Bad("too-few-circuits", "014583-higashikawa", "mode: hub", "mode: own", "clouds.aws.lgwan", "0", "2 or more",
        at="lgwan:"),
    Bad("lgwan-mode", ONOMICHI, "mode: hub", "mode: hub\n          asn: 64999", "clouds.aws.lgwan.asn", "hub",
        "mode: own", at="asn: 64999"),
    Bad("lgwan-mode", SHINJUKU, "mode: own", "mode: own\n          gateway: tgw-0a1b2c3d4e5f60718",
        "clouds.aws.lgwan.gateway", "own", "mode: hub", at="gateway: tgw"),
    Bad("wrong-id", ONOMICHI, "tgw-0d4e5f60718293a4b", "vgw-1", "clouds.aws.lgwan.gateway", "vgw-1",
        "transit gateway"),
    Bad("same-asn", SHINJUKU, "vlan: 101\n              asn: 65001", "vlan: 101\n              asn: 64512",
        "clouds.aws.lgwan.circuits.tokyo.asn", "64512", "any but 64512", "64513", at="              asn: 64512"),
    Bad("circuit-twice", SHINJUKU, "dxcon-ffe0a105", "dxcon-ffe0a104", "clouds.aws.lgwan.circuits.osaka.id",
        "dxcon-ffe0a104", "different", at="location: EqOS1|1"),
    Bad("wrong-id", SHINJUKU, "dxcon-ffe0a105", "dxcon_1", "clouds.aws.lgwan.circuits.osaka.id", "dxcon_1",
        "Direct Connect"),
    Bad("wrong-value", SHINJUKU, "vlan: 101", "vlan: 5000", "clouds.aws.lgwan.circuits.tokyo.vlan", "5000",
        "4094 or less", "4094"),
    Bad("wrong-value", SHINJUKU, "asn: 64512", "asn: 65535", "clouds.aws.lgwan.asn", "65535", "64512 to 65534"),
    # Addresses.
    Bad("overlap", SHINJUKU, "10.64.0.0/20", "10.104.16.0/20", "clouds.aws.address_space", "10.104.16.0/20",
        "no other"),
    Bad("overlap", SHINJUKU, "10.64.0.0/20", "10.96.16.0/20", "clouds.aws.address_space", "10.96.16.0/20",
        "no other"),
    Bad("overlap", SHINJUKU, "10.64.0.0/20", "172.17.0.0/20", "clouds.aws.address_space", "172.17.0.0/20",
        "no other"),
    Bad("overlap", NAGANO, "{aws: 10.67.8.0/21}", "{aws: 10.67.0.0/22}", "members.204145.address_space.aws",
        "10.67.0.0/22", "no other"),
    Bad("overlap", NAGANO, "[192.168.24.0/21]", "[10.67.24.0/22]", "clouds.aws.address_space", "10.67.0.0/19",
        "no other", at="address_space: 10.67.0.0/19"),
    Bad("member-outside", NAGANO, "{aws: 10.67.8.0/21}", "{aws: 10.99.8.0/21}", "members.204145.address_space.aws",
        "10.99.8.0/21", "inside 10.67.0.0/19"),
    Bad("member-ranges-overlap", NAGANO, "[192.168.24.0/21]", "[192.168.16.0/22]",
        "members.204145.on_premises[0]", "192.168.16.0/22", "no other member"),
    Bad("not-private", SHINJUKU, "10.64.0.0/20", "203.0.112.0/20", "clouds.aws.address_space", "203.0.112.0/20",
        "172.16.0.0/12"),
    Bad("prefix-length", SHINJUKU, "10.64.0.0/20", "10.64.0.0/24", "clouds.aws.address_space", "10.64.0.0/24",
        "/16 - /22", "10.64.0.0/22"),
    Bad("prefix-length", SHINJUKU, "10.64.0.0/20", "10.32.0.0/12", "clouds.aws.address_space", "10.32.0.0/12",
        "/16 - /22", "10.32.0.0/16"),
    Bad("wrong-value", SHINJUKU, "10.64.0.0/20", "10.64.0.1/20", "clouds.aws.address_space", "10.64.0.1/20",
        "network address", "10.64.0.0/20"),
    Bad("wrong-value", SHINJUKU, "10.64.0.0/20", "10.64.0.0", "clouds.aws.address_space", "10.64.0.0",
        "prefix length"),
    Bad("on-premises-range", SHINJUKU, "- 10.104.0.0/16", "- 0.0.0.0/0", "network.on_premises[0]", "0.0.0.0/0",
        "/8 or smaller"),
    Bad("on-premises-range", SHINJUKU, "- 172.20.0.0/16", "- 169.254.0.0/16", "network.on_premises[1]",
        "169.254.0.0/16", "real ranges"),
    Bad("name-server-unreachable", SHINJUKU, "10.104.1.53", "8.8.8.8",
        'network.dns.on_premises["shinjuku.lg.example"][1]', "8.8.8.8", "10.104.0.0/16"),
    Bad("wrong-value", SHINJUKU, "10.104.1.53", "10.104.1.530",
        'network.dns.on_premises["shinjuku.lg.example"][1]', "10.104.1.530", "IPv4 address"),
    Bad("no-name-server", SHINJUKU, "[10.104.0.53, 10.104.1.53]", "[]",
        'network.dns.on_premises["shinjuku.lg.example"]', None, "IPv4 addresses"),
    Bad("domain-twice", SHINJUKU, "      dns:\n", "      dns:\n        domain: shinjuku.lg.example\n",
        'network.dns.on_premises["shinjuku.lg.example"]', "shinjuku.lg.example", "any but",
        at="shinjuku.lg.example: ["),
    # Packages and businesses.
    Bad("unknown-package", SHINJUKU, "catalogue: residents-tax", "catalogue: resident-tax",
        "packages.residents.catalogue", "resident-tax", "all-in-one", "residents-tax"),
    Bad("placed-twice", SHINJUKU, "catalogue: childcare-health", "catalogue: welfare-servers",
        "packages.children.catalogue", "long-term-care-insurance", "exactly one",
        at="children:|1"),
    Bad("placed-twice", SHINJUKU, "    retention:", "    on_premises: [health-management]\n    retention:",
        "on_premises[0]", "health-management", "exactly one", at="on_premises: [health"),
    Bad("placed-nowhere", SHINJUKU, "      children:\n        catalogue: childcare-health\n        cloud: aws\n", "",
        "packages", "national-pension, national-health-insurance, late-elderly-medical-care, health-management, "
        "child-allowance, childcare-support", "on_premises", at="packages:"),
    Bad("unknown-business", SHINJUKU, "    retention:", "    on_premises: [health-managment]\n    retention:",
        "on_premises[0]", "health-managment", "health-management", "health-management", at="on_premises: [health"),
    Bad("not-served", SHINJUKU, "catalogue: residents-tax\n        cloud: aws",
        "catalogue: residents-tax\n        cloud: aws\n        businesses: [public-assistance]",
        "packages.residents.businesses[0]", "public-assistance", "resident-register",
        at="businesses: [public"),
    Bad("cloud-not-given", SHINJUKU, "catalogue: residents-tax\n        cloud: aws",
        "catalogue: residents-tax\n        cloud: oci", "packages.residents.cloud", "oci", "aws", "aws",
        at="cloud: oci"),
    Bad("cloud-lacks", HIMEJI, "tax: {catalogue: tax-oracle, cloud: aws}",
        "tax: {catalogue: tax-oracle, cloud: sakura}", "packages.tax.cloud", "sakura", "oci", "aws"),
    Bad("no-effect", SHINJUKU, "catalogue: residents-tax", "catalogue: residents-tax\n        schedule: {}",
        "packages.residents.schedule", None, "verification", at="schedule: {}"),
    Bad("no-effect", SHINJUKU, "catalogue: residents-tax", "catalogue: residents-tax\n        endpoint: x",
        "packages.residents.endpoint", None, "asp", at="endpoint: x"),
    Bad("no-effect", ONOMICHI, "catalogue: welfare-asp", "catalogue: welfare-asp\n        size: large",
        "packages.welfare.size", None, "hosted", at="size: large"),
    Bad("wrong-id", ONOMICHI, "com.amazonaws.vpce.ap-northeast-1", "com.amazonaws.vpce.us-east-1",
        "packages.welfare.endpoint", "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718", "same region"),
    Bad("schedule-order", VERIFICATION, 'stop: "18:00"', 'stop: "08:59"', "packages.welfare.schedule.stop", "08:59",
        "after 09:00"),
    Bad("wrong-value", VERIFICATION, 'stop: "18:00"', "stop: 24:00", "packages.welfare.schedule.stop", "24:00",
        "24-hour clock"),
    Bad("name-clash", SHINJUKU, "      children:", "      welfare-app:", "packages.welfare-app", "welfare-app",
        "welfare-"),
    Bad("wrong-key", SHINJUKU, "      children:", "      Children:", "packages.Children", "Children", "lower-case",
        "children"),
    Bad("wrong-value", SHINJUKU, "catalogue: residents-tax", "catalogue: residents-tax\n        version: a b",
        "packages.residents.version", "a b", "up to 64", at="version: a b"),
    Bad("wrong-value", SHINJUKU, "catalogue: residents-tax", "catalogue: residents-tax\n        businesses: []",
        "packages.residents.businesses", "[]", "1 or more", at="businesses: []"),
    # People.
    Bad("no-operations", "014583-higashikawa", "operations:", "billing:", "contacts", "billing", "operations",
        "operations", at="contacts:"),
    Bad("missing", HIMEJI, "        approver: 情報 太郎\n", "", "internet.patch.approver", None, "approver",
        at="patch:"),
    Bad("missing", HIMEJI, "        expires: 2029-03-31 # この日を過ぎると検証に通らない。\n", "",
        "internet.patch.expires", None, "expires", at="patch:"),
    Bad("wrong-value", HIMEJI, "        approver: 情報 太郎\n", '        approver: " "\n', "internet.patch.approver", " ",
        "one line"),
    Bad("expired", HIMEJI, "expires: 2029-03-31", "expires: 2026-11-23", "internet.patch.expires", "2026-11-23",
        "2026-11-24 or later"),
    Bad("wrong-value", HIMEJI, "expires: 2029-03-31", "expires: 2029-02-30", "internet.patch.expires", "2029-02-30",
        "a date"),
    Bad("unknown-key", HIMEJI, "      patch:", "      youtube:", "internet.youtube", "youtube", "license"),
    Bad("wrong-value", SHINJUKU, 'phone: "+81312345678"', 'phone: "03-1234-5678"', "contacts.operations.phone",
        "03-1234-5678", "international"),
    Bad("pipeline-subject-pull-request", SHINJUKU, "infra:environment:production", "infra:pull_request",
        "pipeline.subjects[0]", "repo:shinjuku-example/infra:pull_request", "repo:owner/name:environment:production"),
    Bad("pipeline-subject-form", SHINJUKU, "repo:shinjuku-example/infra:environment:production", "shinjuku-example",
        "pipeline.subjects[0]", "shinjuku-example", "repo:owner/name:environment:production"),
    Bad("wrong-value", SHINJUKU, "infra:environment:production", "infra:environment:*", "pipeline.subjects[0]",
        "repo:shinjuku-example/infra:environment:*", "without * or ?"),
    Bad("wrong-value", SHINJUKU, "issuer: github", "issuer: http://ci.example", "pipeline.issuer", "http://ci.example",
        "github, gitlab"),
    Bad("archive-too-short", SHINJUKU, "log_days: 365", "log_days: 3650", "retention.archive_years", "7",
        "10 or more", "10", at="archive_years: 7"),
    Bad("wrong-value", SHINJUKU, "log_days: 365", "log_days: 30", "retention.log_days", "30", "365 or more", "365"),
    # Shape.
    Bad("unknown-field", SHINJUKU, "population: 350000", "populaton: 350000", "populaton", "populaton", "population",
        "population"),
    Bad("unknown-field", SHINJUKU, "budget_usd: 20000", "budget: 20000", "clouds.aws.budget", "budget", "budget_usd",
        "budget_usd"),
    Bad("missing", SHINJUKU, '        unit: "111122223333" # 払い出された本番用アカウント。\n', "", "clouds.aws.unit", None,
        "unit", at="aws:"),
    Bad("wrong-kind", SHINJUKU, "population: 350000", "population: 35万", "population", "35万", "whole number"),
    Bad("wrong-kind", SHINJUKU, "population: 350000", 'population: "350000"', "population", "350000", "whole number",
        "350000"),
    Bad("wrong-kind", SHINJUKU, "    retention:", "    protect: yes\n    retention:", "protect", "yes", "true or false",
        "true", at="protect: yes"),
    Bad("wrong-kind", HIMEJI, "on_premises: [10.28.0.0/16]", "on_premises: 10.28.0.0/16", "network.on_premises",
        "10.28.0.0/16", "list", "[10.28.0.0/16]"),
    Bad("wrong-kind", ONOMICHI, "children: {catalogue: childcare-health, cloud: aws}", "children: aws",
        "packages.children", "aws", "map"),
    Bad("unknown-key", SHINJUKU, "      aws:\n", "      awss:\n", "clouds.awss", "awss", "sakura", "aws"),
)  # fmt: skip


def names(bad: Bad) -> str:
    return f"{bad.rule}-{bad.path}-{bad.found}"


def edited(bad: Bad) -> str:
    text = text_of(bad.stack)
    assert bad.old in text, f"{bad.old!r} is not in {bad.stack}"
    return text.replace(bad.old, bad.new, 1)


def line_of(bad: Bad, text: str) -> int:
    """The line of `at`; `at|n` means n lines further down."""
    wanted, _, further = (bad.at or bad.new.strip()).partition("|")
    number = next(n for n, line in enumerate(text.splitlines(), start=1) if wanted.splitlines()[0] in line)
    return number + int(further or 0)


@pytest.mark.parametrize("bad", BAD, ids=names)
def test_a_bad_thing_is_said_where_it_is(bad: Bad) -> None:
    text = edited(bad)
    problems = problems_of(text, bad.stack)
    matching = [p for p in problems if p.rule == bad.rule and p.yaml_path == bad.path]
    assert matching, "\n".join(line for p in problems for line in [p.rule, *p.lines("en")])
    problem = matching[0]
    assert problem.found == bad.found
    assert bad.allowed in ", ".join(say(a, "en") for a in problem.allowed)
    if bad.nearest is not None:
        assert problem.nearest == bad.nearest
    assert problem.line == line_of(bad, text)
    assert problem.file == f"Pulumi.{bad.stack}.yaml"
    speaks_both(problem)


def speaks_both(problem: Problem) -> None:
    """The message and the remedy exist in Japanese and in English, and each is in its language."""
    for text in (problem.message, problem.remedy):
        assert any("ぁ" <= c <= "鿿" for c in text.ja)
        assert text.ja.rstrip().endswith(("。", ")", "」", ":", "`"))
        assert text.en.strip()
        assert text.en != text.ja
    for language, label in (("ja", "対処"), ("en", "what to do")):
        assert label in "\n".join(problem.lines("ja" if language == "ja" else "en"))


def test_a_cloud_that_cannot_be_built_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """All five are ready; the next one will not be at first."""
    monkeypatch.setattr(units, "CLOUDS", {**CLOUDS, "aws": replace(CLOUDS["aws"], ready=False)})
    (problem,) = problems_of(text_of(SHINJUKU), SHINJUKU)
    assert (problem.rule, problem.yaml_path, problem.found) == ("cloud-not-ready", "clouds.aws", "aws")
    assert "google" in problem.allowed
    assert problem.nearest == "azure"
    speaks_both(problem)


def test_every_rule_that_there_is_has_a_bad_thing() -> None:
    import re
    from pathlib import Path

    here = Path(__file__)
    tried = set(
        re.findall(r'"([a-z0-9-]+)"', "\n".join(f.read_text() for f in here.parent.glob("test_*.py")))
    )
    made: set[str] = set()
    for file in (here.parents[2] / "stacks").rglob("*.py"):
        made |= set(re.findall(r'(?:Problem|_refusal|unknown)\(\s*"([a-z0-9-]+)"', file.read_text()))
    assert len(made) > 50
    assert made - tried == set()


def test_all_errors_of_a_file_at_once() -> None:
    text = (
        text_of(SHINJUKU)
        .replace('"131041"', '"131042"')
        .replace("region: ap-northeast-1", "region: us-east-1")
        .replace("population:", "populaton:")
        .replace("catalogue: welfare-servers", "catalogue: welfare-server")
        .replace("vlan: 101", "vlan: 5000")
        .replace("10.64.0.0/20", "10.64.0.0/24")
        .replace("log_days: 365", "log_days: 3650")
    )
    rules = [(p.rule, p.yaml_path) for p in problems_of(text)]
    assert rules == [
        ("check-digit", "code"),
        ("unknown-field", "populaton"),
        ("region-not-domestic", "clouds.aws.region"),
        ("prefix-length", "clouds.aws.address_space"),
        ("wrong-value", "clouds.aws.lgwan.circuits.tokyo.vlan"),
        ("unknown-package", "packages.welfare.catalogue"),
        ("archive-too-short", "retention.archive_years"),
    ]


def test_what_is_misspelt_is_not_also_missing() -> None:
    rules = [p.rule for p in problems_of(text_of(SHINJUKU).replace("environment:", "enviroment:", 1))]
    assert rules == ["unknown-field"]


def test_a_broken_place_excuses_what_follows_from_it() -> None:
    # The circuit's VLAN is wrong; that it is then missing among the two is not said.
    rules = [p.rule for p in problems_of(text_of(SHINJUKU).replace("vlan: 101", "vlan: x"))]
    assert rules == ["wrong-kind"]


@pytest.mark.parametrize("stack", STACKS)
def test_every_example_is_valid(stack: str) -> None:
    others = tuple(s for s in STACKS if s != stack)
    assert problems_of(text_of(stack), stack, others) == []


def test_two_stacks_share_neither_unit_nor_range() -> None:
    text = text_of(HIMEJI).replace("10.72.0.0/18", "10.64.0.0/18").replace('"888899990000"', '"111122223333"')
    problems = problems_of(text, HIMEJI, (SHINJUKU,))
    assert [(p.rule, p.yaml_path, p.found) for p in problems] == [
        ("unit-shared", "clouds.aws.unit", "111122223333"),
        ("fleet-overlap", "clouds.aws.address_space", "10.64.0.0/18"),
    ]
    assert all(SHINJUKU in p.message.ja and SHINJUKU in p.message.en for p in problems)
    assert [p.line for p in problems] == [
        1 + text[: text.index(wanted)].count("\n") for wanted in ('"111122223333"', "10.64.0.0/18")
    ]
    for problem in problems:
        speaks_both(problem)


def test_a_unit_with_more_statements_than_its_cloud_takes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(CLOUDS["oci"], most_statements=10)
    monkeypatch.setattr(limits, "CLOUDS", {**CLOUDS, "oci": few})
    (problem,) = problems_of(text_of("131121-setagaya"), "131121-setagaya")
    assert (problem.rule, problem.yaml_path, problem.found) == ("cloud-limit", "packages", "18")
    assert "IAM" in problem.message.en
    speaks_both(problem)


def test_a_container_that_is_too_large_for_its_cloud_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(CLOUDS["google"], largest_container=(4, 8))
    monkeypatch.setattr(limits, "CLOUDS", {**CLOUDS, "google": small})
    (problem,) = problems_of(text_of("131083-koto"), "131083-koto")
    assert (problem.rule, problem.yaml_path) == ("container-size", "packages.residents.cloud")
    assert (problem.found, problem.nearest) == ("google", "aws")
    assert problem.allowed == ("aws", "azure", "oci", "sakura"), "the clouds that can are named"
    assert "4 vCPU and 16 GiB" in problem.message.en
    speaks_both(problem)
