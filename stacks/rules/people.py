"""Contacts, exceptions and how long things are kept: what people answer for."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.manifest import InternetException, PolicyException
from stacks.problems import Path, Problem
from stacks.rules.context import Context, rule
from stacks.text import Text


@rule("contacts")
def contacts(context: Context) -> Iterator[Problem]:
    """Somebody answers for operations."""
    if "operations" not in context.tenant.contacts:
        yield Problem(
            "no-operations",
            ("contacts",),
            Text("運用の連絡先(operations)がありません。", "There is no `operations` contact."),
            Text("contacts に operations を加えてください。", "Add `operations` under `contacts`."),
            found=", ".join(context.tenant.contacts),
            allowed=("operations",),
            nearest="operations",
        )


@rule()
def expiry(context: Context) -> Iterator[Problem]:
    """No exception has expired. Approver and expiry are required by the model itself."""
    named: list[tuple[Path, InternetException | PolicyException]] = [
        (("internet", purpose), e) for purpose, e in context.tenant.internet.items()
    ]
    named += [(("exceptions", key), e) for key, e in context.tenant.exceptions.items()]
    for path, exception in named:
        if exception.expires < context.today:
            yield Problem(
                "expired",
                (*path, "expires"),
                Text(
                    f"例外の期限({exception.expires})が過ぎています(本日 {context.today})。",
                    f"The exception expired on {exception.expires} (today is {context.today}).",
                ),
                Text(
                    "例外を削除するか、改めて承認を得て approver と expires を書き直してください。",
                    "Delete the exception, or have it approved again and renew `approver` and `expires`.",
                ),
                found=str(exception.expires),
                allowed=(Text(f"{context.today} 以降", f"{context.today} or later"),),
            )


@rule("retention")
def retention(context: Context) -> Iterator[Problem]:
    """The archive keeps logs at least as long as they can be searched."""
    kept = context.tenant.retention
    if kept.archive_years * 365 < kept.log_days:
        years = -(-kept.log_days // 365)
        yield Problem(
            "archive-too-short",
            ("retention", "archive_years"),
            Text(
                f"アーカイブ({kept.archive_years}年)が検索期間({kept.log_days}日)より短くなっています。",
                f"The archive ({kept.archive_years} years) is shorter than the search period "
                f"({kept.log_days} days).",
            ),
            Text(f"archive_years を{years}以上にしてください。", f"Make `archive_years` {years} or more."),
            found=str(kept.archive_years),
            allowed=(Text(f"{years}以上", f"{years} or more"),),
            nearest=str(years),
        )


RULES = (contacts, expiry, retention)
