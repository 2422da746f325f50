"""Who the tenant is: codes, usage, members, the name of the stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stacks.problems import Path, Problem
from stacks.registry.governments import (
    NORTHERN_VILLAGES,
    LocalGovernment,
    check_digit,
    city_of_ward,
)
from stacks.rules.context import Context, rule
from stacks.text import Text

_CODES = Text("1,788団体の6桁コード", "the six-digit code of one of the 1,788 local governments")


@rule()
def codes(context: Context) -> Iterator[Problem]:
    """The code of the tenant and those of its members are local governments'."""
    tenant, governments = context.tenant, context.registry.governments
    named: list[tuple[Path, str]] = [] if "code" in context.broken else [(("code",), tenant.code)]
    named += [(("members", code), code) for code in tenant.members]
    for path, code in named:
        if code not in governments:
            yield code_problem(path, code, governments)


def code_problem(path: Path, code: str, governments: Mapping[str, LocalGovernment]) -> Problem:
    """Why six digits are no code of a local government, and which code was probably meant."""
    if (city := city_of_ward(code, governments)) is not None:
        return Problem(
            "ward",
            path,
            Text(
                f"{code}は政令指定都市「{city.name}」の行政区です。行政区はテナントになれません。",
                f"{code} is a ward of the designated city {city.name} ({city.romaji}): a ward is no tenant.",
            ),
            Text(f"市のコード {city.code} を使ってください。", f"Use the city's code, {city.code}."),
            found=code,
            allowed=(_CODES,),
            nearest=city.code,
        )
    if (village := NORTHERN_VILLAGES.get(code)) is not None:
        return Problem(
            "no-administration",
            path,
            Text(
                f"{code}は北方領土の{village}で、業務を行う団体がありません。",
                f"{code} is {village} in the Northern Territories: there is no administration to serve.",
            ),
            Text("業務を行う団体のコードを使ってください。", "Use the code of a body that does the work."),
            found=code,
            allowed=(_CODES,),
            nearest=_nearest_code(code, governments),
        )
    right = code[:5] + check_digit(code[:5])
    if (body := governments.get(right)) is not None:
        return Problem(
            "check-digit",
            path,
            Text(
                f"検査数字が違います。「{code[:5]}」({body.full_name})の検査数字は{right[5]}です。",
                f"Wrong check digit: that of `{code[:5]}` ({body.full_name}, {body.romaji}) is {right[5]}.",
            ),
            Text(f'"{right}" に直してください。', f'Make it "{right}".'),
            found=code,
            allowed=(_CODES,),
            nearest=right,
        )
    near = _nearest_code(code, governments)
    name = governments[near].full_name
    return Problem(
        "unknown-code",
        path,
        Text(f"団体コード「{code}」の団体はありません。", f"No local government has the code {code}."),
        Text(
            f"最も近いのは {near}({name})です。総務省の一覧で確かめてください。",
            f"The nearest is {near} ({name}, {governments[near].romaji}). Check the ministry's list.",
        ),
        found=code,
        allowed=(_CODES,),
        nearest=near,
    )


def _nearest_code(code: str, governments: Mapping[str, LocalGovernment]) -> str:
    """The code that differs in the fewest digits; two neighbours swapped count as one, the
    prefecture's digits as more than the others."""

    def distance(other: str) -> tuple[int, int]:
        differing = [n for n in range(6) if code[n] != other[n]]
        swapped = (
            len(differing) == 2
            and differing[1] == differing[0] + 1
            and code[differing[0]] == other[differing[1]]
            and code[differing[1]] == other[differing[0]]
        )
        return 1 if swapped else len(differing), sum(6 - n for n in differing)

    return min(governments, key=distance)


@rule("usage", "isolation", "members")
def usage(context: Context) -> Iterator[Problem]:
    """`single` has neither isolation nor members, `shared` has both."""
    tenant = context.tenant
    if tenant.usage == "single":
        for field, value in (("isolation", tenant.isolation), ("members", tenant.members)):
            if value:
                yield Problem(
                    "single-with-members",
                    (field,),
                    Text(f"単独利用に「{field}」は書けません。", f"A single tenant has no `{field}`."),
                    Text(
                        f"「{field}」を削除するか、usage を shared(共同利用)にしてください。",
                        f"Delete `{field}`, or make `usage` shared.",
                    ),
                    allowed=("usage: shared",),
                )
        return
    if tenant.isolation is None:
        yield Problem(
            "shared-without-isolation",
            ("usage",),
            Text("共同利用には分離方式(isolation)が必要です。", "A shared tenant needs `isolation`."),
            Text(
                "isolation を account(アカウント分離)、network、application のいずれかにしてください。",
                "Set `isolation` to account, network or application.",
            ),
            found="shared",
            allowed=("account", "network", "application"),
        )
    if not tenant.members:
        yield Problem(
            "shared-without-members",
            ("usage",),
            Text("共同利用には構成団体(members)が必要です。", "A shared tenant needs `members`."),
            Text(
                "構成団体のコードを members に書いてください。",
                "Put the codes of the bodies under `members`.",
            ),
            found="shared",
            allowed=(_CODES,),
        )


@rule("usage", "isolation", "members", "clouds", "code")
def members(context: Context) -> Iterator[Problem]:
    """What each way of isolation asks of the members."""
    tenant = context.tenant
    if tenant.usage == "single":
        return
    if tenant.isolation == "account" and tenant.members and set(tenant.members) != {tenant.code}:
        yield Problem(
            "account-members",
            ("members",),
            Text(
                "アカウント分離ではスタックが団体ごとにあるため、members は自団体だけです。",
                "With account isolation each body has a stack of its own, so `members` is that body alone.",
            ),
            Text(
                f'members を "{tenant.code}" だけにし、他の団体は別のスタックにしてください。',
                f'Keep only "{tenant.code}" and give the others stacks of their own.',
            ),
            found=", ".join(tenant.members),
            allowed=(tenant.code,),
            nearest=tenant.code,
        )
    for code, member in tenant.members.items():
        if tenant.isolation == "network":
            for cloud in tenant.clouds:
                if cloud not in member.address_space:
                    yield Problem(
                        "member-without-space",
                        ("members", code),
                        Text(
                            f"ネットワーク分離では、{cloud}での構成団体{code}の範囲が必要です。",
                            f"With network isolation member {code} needs a range of its own on {cloud}.",
                        ),
                        Text(
                            f"address_space に「{cloud}: 範囲」を加えてください。",
                            f"Add `{cloud}: <range>` under its `address_space`.",
                        ),
                        allowed=(
                            Text(
                                f"{tenant.clouds[cloud].address_space} の内側",
                                f"inside {tenant.clouds[cloud].address_space}",
                            ),
                        ),
                    )
            for cloud in member.address_space:
                if cloud not in tenant.clouds:
                    yield Problem(
                        "member-cloud",
                        ("members", code, "address_space", cloud),
                        Text(f"{cloud}は clouds にありません。", f"{cloud} is not under `clouds`."),
                        Text(
                            "この行を削除するか、clouds に加えてください。",
                            "Delete the line, or add it to `clouds`.",
                        ),
                        found=cloud,
                        allowed=tuple(tenant.clouds),
                    )
        elif member.address_space:
            yield Problem(
                "member-space",
                ("members", code, "address_space"),
                Text(
                    "構成団体の address_space はネットワーク分離のときだけ書けます。",
                    "A member has an `address_space` with network isolation only.",
                ),
                Text("address_space を削除してください。", "Delete its `address_space`."),
                allowed=("isolation: network",),
            )


RULES = (codes, usage, members)
