"""PAT, TAG, CST: kept up to date, known by its tags, and not paid for in vain."""

from __future__ import annotations

from policies.facts import STORES, UNKNOWN, Facts, Kind
from policies.join import Estate
from policies.rules.controls import ASSETS, COST, MENDING, STAGES
from policies.rules.record import (
    Context,
    Control,
    H,
    L,
    M,
    Outcome,
    Severity,
    Test,
    at_most,
    in_verification,
    must,
    rule,
)
from policies.rules.recording import there_is, whole
from stacks.text import Text

_Row = tuple[str, Severity, list[Kind], Test, tuple[str, str], tuple[str, str], tuple[str, str], str, str]
Answers = list[tuple[Facts | None, Outcome]]

ASSET_KINDS = (
    *STORES,
    Kind.SERVER,
    Kind.DISK,
    Kind.CONTAINERS,
    Kind.FUNCTION,
    Kind.NETWORK,
    Kind.KEY,
    Kind.LOAD_BALANCER,
    Kind.SECRET,
    Kind.QUEUE,
    Kind.TOPIC,
    Kind.LOG_STORE,
    Kind.CLUSTER,
    Kind.REGISTRY,
    Kind.BACKUP_VAULT,
)
"""Kinds that are assets of the register: those take tags on every cloud."""


def _tagged(facts: Facts, context: Context) -> Outcome:
    if facts.state or facts.purpose in ("member", "template"):
        return None
    if facts.tags is None or facts.tags is UNKNOWN:
        return facts.tags
    missing = [key for key in context.parameters.required_tags if not facts.tags.get(key)]
    if not missing:
        return True
    listed = ", ".join(missing)
    return Text(f"足りないタグ: {listed}", f"missing tags: {listed}")


def _ascii(facts: Facts, _: Context) -> Outcome:
    if facts.tags is None or facts.tags is UNKNOWN:
        return facts.tags
    if not facts.tags:
        return None
    wrong = [k for k, v in facts.tags.items() if not f"{k}{v}".isascii()]
    return not wrong or Text(
        f"ASCII でないタグ: {', '.join(wrong)}", f"tags that are not ASCII: {', '.join(wrong)}"
    )


def code_is_valid(code: str) -> bool:
    """Whether a 全国地方公共団体コード's check digit is right (総務省: JIS X 0401/0402 and one digit).

    Check = (11 - (6a+5b+4c+3d+2e) mod 11) mod 10, verified on all codes of the registry.
    """
    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return False
    total = sum(weight * int(digit) for weight, digit in zip((6, 5, 4, 3, 2), code, strict=False))
    return (11 - total % 11) % 10 == int(code[5])


def _code(facts: Facts, _: Context) -> Outcome:
    if facts.tags is None or facts.tags is UNKNOWN:
        return facts.tags
    code = facts.tags.get("municipality-code")
    if not code:
        return None
    return code_is_valid(code) or Text(f"municipality-code が {code} です。", f"municipality-code is {code}.")


def _stage(facts: Facts, context: Context) -> Outcome:
    if facts.tags is None or facts.tags is UNKNOWN:
        return facts.tags
    said = facts.tags.get("environment")
    if not said:
        return None
    if said not in ("production", "verification"):
        return Text(f"environment が {said} です。", f"environment is {said}.")
    return said == context.environment or Text(
        f"{context.environment} のスタックに {said} のリソースがあります。",
        f"The stack is {context.environment}, the resource says {said}.",
    )


def _stopped(estate: Estate, context: Context) -> Answers:
    """Where servers or databases run in verification, something stops them."""
    if context.environment != "verification":
        return []
    running = [
        f
        for f in estate.of(Kind.SERVER, Kind.DATABASE, Kind.CONTAINERS)
        if not f.state and f.cloud != "sakura" and f.purpose != "member"
    ]
    have = {s.cloud for s in estate.of(Kind.SCHEDULE)}
    clouds = {f.cloud for f in running}
    return [(None, cloud in have) for cloud in sorted(clouds)]


def _patched(estate: Estate, context: Context) -> Answers:
    """Where a tenant has servers, they have a patch schedule."""
    if not whole(estate, context):
        return []
    clouds = {f.cloud for f in estate.of(Kind.SERVER) if not f.state}
    have = {f.cloud for f in estate.of(Kind.PATCH_SCHEDULE)}
    return [(None, cloud in have) for cloud in sorted(clouds & {"aws", "azure", "google", "oci"})]


def _idle(estate: Estate, _: Context) -> Answers:
    """Addresses that nothing in the stack points at and that say of nothing that it uses them."""
    pointed = {urn for urns in estate.links.values() for urn in urns}
    pointed |= {ref for f in estate.facts if isinstance(f.refs, tuple) for ref in f.refs}
    return [
        (
            a,
            (a.compute is not None and a.compute.used is True)
            or a.urn in pointed
            or any(h in pointed for h in a.handles),
        )
        for a in estate.of(Kind.ADDRESS)
        if not a.state
    ]


_HOLES = ("既知の穴は数日で攻撃に使われます。", "Known holes are attacked within days.")
_MEND: tuple[_Row, ...] = (
    (
        "PAT-001",
        M,
        [Kind.DATABASE, Kind.CACHE],
        must("patching.automatic"),
        ("マイナーバージョンを自動で上げる", "Minor versions are applied automatically"),
        _HOLES,
        ("自動更新を有効にしてください。", "Turn automatic upgrades on."),
        "auto_minor_version_upgrade=True",
        "aws",
    ),
    (
        "PAT-002",
        H,
        [Kind.DATABASE, Kind.FUNCTION, Kind.CLUSTER, Kind.CACHE],
        must("patching.supported"),
        ("サポートの終わった版を使わない", "No version that is out of support"),
        ("修正が出ない版の穴は塞がりません。", "Nobody mends what is out of support."),
        ("新しい版に上げてください。", "Move to a supported version."),
        'engine_version="16"',
        "aws azure google",
    ),
    (
        "PAT-004",
        M,
        [Kind.REGISTRY],
        must("patching.scanned"),
        ("イメージを登録時に検査する", "Images are scanned when they are pushed"),
        _HOLES,
        ("検査を有効にしてください。", "Turn scanning on."),
        "image_scanning_configuration={scan_on_push: true}",
        "aws",
    ),
    (
        "PAT-005",
        M,
        [Kind.REGISTRY],
        must("protection.immutable"),
        ("イメージのタグを動かさない", "Image tags do not move"),
        ("検査した物と動かす物が同じだと言えます。", "It proves that what runs is what was checked."),
        ("タグを不変にしてください。", "Make tags immutable."),
        'image_tag_mutability="IMMUTABLE"',
        "aws google",
    ),
    (
        "PAT-006",
        M,
        [Kind.CONTAINERS],
        must("patching.pinned"),
        ("コンテナを latest で動かさない", "Containers do not run “latest”"),
        ("何が動いているか分からず、戻せません。", "Nobody knows what runs, and it cannot be rolled back."),
        ("版かダイジェストを指定してください。", "Name a version or a digest."),
        "image: repo@sha256:…",
        "aws azure google oci",
    ),
    (
        "PAT-007",
        M,
        [Kind.PATCH_BASELINE],
        at_most("patching.delay_days", "patch_delay_days"),
        ("修正の承認を30日より遅らせない", "Patches are approved within 30 days"),
        _HOLES,
        ("承認までの日数を短くしてください。", "Shorten the delay."),
        "approve_after_days=7",
        "aws",
    ),
    (
        "PAT-008",
        M,
        [Kind.CLUSTER, Kind.SERVER],
        must("patching.automatic"),
        ("サーバーとノードを自動で更新する", "Servers and nodes are patched automatically"),
        _HOLES,
        ("自動更新を有効にしてください。", "Turn automatic patching on."),
        "patch_settings={patch_mode: AutomaticByPlatform}",
        "azure google",
    ),
    (
        "PAT-009",
        M,
        [Kind.SERVER],
        must("compute.verified_boot"),
        ("起動時の改ざんを検出する", "Servers verify their boot"),
        (
            "OS の下に潜む改ざんは OS からは見えません。",
            "What hides below the system cannot be seen from it.",
        ),
        ("セキュアブートと vTPM を有効にしてください。", "Turn secure boot and the vTPM on."),
        "shielded_instance_config={enable_secure_boot: true, enable_vtpm: true}",
        "google azure",
    ),
)
_MONEY: tuple[_Row, ...] = (
    (
        "CST-002",
        L,
        [Kind.SERVER, Kind.DATABASE],
        in_verification(at_most("compute.vcpus", "verification_vcpus", Text(" vCPU", "vCPUs"))),
        ("検証環境に大きすぎる機械を置かない", "Verification has no oversized machines"),
        ("検証は本番の性能を必要としません。", "Verification does not need production's size."),
        ("小さい型にしてください。", "Choose a smaller type."),
        'instance_type="m7i.large"',
        "aws azure google",
    ),
    (
        "CST-004",
        M,
        [Kind.BUDGET],
        must("logging.notifies"),
        ("予算の超過を知らせる", "Budgets tell somebody"),
        ("気付くのが請求書では遅すぎます。", "The bill is too late."),
        ("通知を加えてください。", "Add a notification."),
        "notifications=[{threshold: 80, …}]",
        "aws azure google oci",
    ),
    (
        "CST-005",
        L,
        [Kind.SERVER, Kind.DISK, Kind.DATABASE],
        must("compute.current"),
        ("古い世代の型を使わない", "No earlier generations"),
        ("新しい世代は同じ性能で安くなっています。", "The current one does the same for less."),
        ("現行の世代にしてください。", "Move to the current generation."),
        'volume_type="gp3"',
        "aws azure google",
    ),
)
for _table, _controls in ((_MEND, MENDING), (_MONEY, COST)):
    for _name, _severity, _kinds, _check, _title, _why, _way, _example, _clouds in _table:
        _set: tuple[Control, ...] = _controls
        rule(_name, _severity, _kinds, _check, _title, _why, _way, _example, _set, clouds=_clouds)

_ANY = "aws azure google oci sakura"
for _name, _severity, _check, _title, _why, _controls in (
    (
        "TAG-001",
        M,
        _tagged,
        ("必要なタグを付ける", "Required tags are there"),
        (
            "タグは資産台帳です。どの団体の何かが分からないものは、誰も守れません。",
            "Tags are the asset register: nobody looks after what nobody knows.",
        ),
        ASSETS,
    ),
    (
        "TAG-002",
        L,
        _ascii,
        ("タグは ASCII で書く", "Tags are ASCII"),
        (
            "クラウドにより日本語の値は使えず、集計から漏れます。",
            "Some clouds refuse others, and reports lose them.",
        ),
        ASSETS,
    ),
    (
        "TAG-003",
        M,
        _code,
        ("団体コードの検査数字が正しい", "The municipality code's check digit is right"),
        ("誤ったコードは別の団体に計上されます。", "A wrong code is charged to somebody else."),
        ASSETS,
    ),
    (
        "TAG-004",
        H,
        _stage,
        ("本番と検証を混ぜない", "Production and verification are not mixed"),
        (
            "本番用と検証用はアカウント（プロジェクト等）から分けて払い出されます。",
            "They are handed over as separate units.",
        ),
        STAGES,
    ),
):
    rule(
        _name,
        _severity,
        ASSET_KINDS,
        _check,
        _title,
        _why,
        (
            "プロバイダーの既定タグで全体に付けてください。",
            "Put them on everything by the provider's default tags.",
        ),
        'aws.Provider("aws", default_tags={tags: {"municipality-code": "131041", …}})',
        _controls,
        clouds=_ANY,
        remediable=_name == "TAG-001",
    )
rule(
    "CST-001",
    M,
    [Kind.SCHEDULE],
    _stopped,
    ("検証環境を使わない時間に止める", "Verification is stopped when it is not used"),
    (
        "夜間と休日に動かし続けると、費用は3倍以上になります（週168時間中の平日10時間で計算）。",
        "Left running it costs more than three times as much (50 of 168 hours a week).",
    ),
    ("起動・停止のスケジュールを加えてください。", "Add a start and stop schedule."),
    "aws.scheduler.Schedule(…)",
    COST,
    clouds="aws azure google oci",
    stack=True,
)
rule(
    "CST-003",
    M,
    [Kind.BUDGET],
    there_is(Kind.BUDGET, clouds="aws azure google oci", part="budget"),
    ("テナントに予算がある", "The tenant has a budget"),
    ("費用は国ではなく団体が負担します（FY2025 から）。", "The municipality pays (from FY2025)."),
    ("予算を作ってください。", "Make a budget."),
    "budget_usd: 20000",
    COST,
    clouds="aws azure google oci",
    stack=True,
)
rule(
    "PAT-003",
    H,
    [Kind.PATCH_SCHEDULE],
    _patched,
    ("サーバーに修正適用の予定がある", "Servers have a patch schedule"),
    _HOLES,
    ("メンテナンスの時間帯を加えてください。", "Add a maintenance window."),
    "aws.ssm.MaintenanceWindow(…)",
    MENDING,
    clouds="aws azure google oci",
    stack=True,
)
rule(
    "CST-006",
    L,
    [Kind.ADDRESS],
    _idle,
    ("使わないアドレスを持ち続けない", "No unused public addresses"),
    ("使わなくても料金がかかり、開く口にもなります。", "It costs money and invites use."),
    ("解放してください。", "Release it."),
    "aws.ec2.Eip(…, instance=…)",
    COST,
    clouds="aws",
    stack=True,
)
