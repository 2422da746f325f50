"""EXC: exceptions are data, and end. Their tests are in policies.exceptions, which makes their findings."""

from __future__ import annotations

from policies.rules.controls import EXCEPTIONS
from policies.rules.record import H, L, M, rule

for _name, _severity, _title, _why, _way in (
    (
        "EXC-001",
        H,
        ("期限の切れた例外を使わない", "No exception is past its expiry"),
        ("期限は見直しの約束です。", "The expiry is a promise to look again."),
        ("指摘を直すか、承認を取り直してください。", "Mend the finding, or have it approved again."),
    ),
    (
        "EXC-002",
        L,
        ("使われない例外を残さない", "No exception is unused"),
        ("残った例外は、次の本当の指摘を隠します。", "What is left over hides the next real finding."),
        ("例外を取り除いてください。", "Remove it."),
    ),
    (
        "EXC-003",
        M,
        ("例外は存在する規則を指す", "Exceptions name a rule that exists"),
        ("書き誤りの例外は効きません。", "A misspelt one has no effect."),
        ("規則の番号を確かめてください。", "Check the rule's id."),
    ),
    (
        "EXC-004",
        M,
        ("例外を広げすぎない", "Exceptions are narrow"),
        ("すべてに当たる例外は、規則を無くすのと同じです。", "One that matches everything removes the rule."),
        ("対象を具体的に書いてください。", "Name the resource."),
    ),
    (
        "EXC-005",
        M,
        (
            "例外に承認者・理由・1年以内の期限を書く",
            "Exceptions have an approver, a reason and an expiry within a year",
        ),
        (
            "誰が引き受けたか分からない危険は、誰も引き受けていません。",
            "A risk accepted by nobody in particular is accepted by nobody.",
        ),
        ("承認者・理由・期限を書いてください。", "Write approver, reason and expiry."),
    ),
):
    rule(
        _name,
        _severity,
        (),
        lambda _estate, _context: (),
        _title,
        _why,
        _way,
        "exceptions:\n  lb: {rule: LOG-006, resource: '*-lb', reason: …, approver: …, expires: 2027-03-31}",
        EXCEPTIONS,
        stack=True,
    )
