"""What the patterns of the models mean, for people: one line a pattern, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stacks.text import Text

FORMS: Mapping[str, Text] = MappingProxyType(
    {
        r"^[0-9]{6}$": Text('引用符で囲んだ6桁の数字(例: "131041")', 'six digits in quotes, like "131041"'),
        r"^[a-z][a-z0-9-]{0,14}[a-z0-9]$": Text(
            "2〜16文字の英小文字・数字・ハイフン。英字で始まり英数字で終わる(例: residents)",
            "2 to 16 lower-case letters, digits and hyphens, a letter first, no hyphen last, like residents",
        ),
        r"^[a-z][a-z0-9-]+$": Text(
            "英小文字・数字・ハイフンの識別子", "an id of lower-case letters, digits, hyphens"
        ),
        r"^[a-z][a-z0-9-]{1,40}$": Text(
            "41文字以内の英小文字・数字・ハイフンの識別子",
            "an id of up to 41 lower-case letters, digits, hyphens",
        ),
        r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$": Text(
            "メールアドレス(例: gov-cloud@city.example.lg.jp)",
            "an e-mail address, like gov-cloud@city.example.lg.jp",
        ),
        r"^([01][0-9]|2[0-3]):[0-5][0-9]$": Text(
            "24時間表記の時刻(例: 08:00)", "a time of day on the 24-hour clock, like 08:00"
        ),
        r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": Text(
            "小文字のドメイン名(例: city.example.lg.jp)",
            "a domain name in lower case, like city.example.lg.jp",
        ),
        r"^\S(.*\S)?$": Text("前後に空白のない1行の文字列", "one line of text without spaces at its ends"),
        r"^\+[0-9]{7,15}$": Text(
            "国際形式の電話番号(例: +81312345678)", "a phone number in international form, like +81312345678"
        ),
        r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": Text(
            "64文字以内の英数字と . _ -(例: 3.4.1)", "up to 64 letters, digits and . _ -, like 3.4.1"
        ),
        r"^(github|gitlab|https://[^\s?#]+)$": Text(
            "github、gitlab、または https:// で始まるURL",
            "github, gitlab, or a URL that starts with https://",
        ),
        r"^[^*?\s]([^*?]*[^*?\s])?$": Text(
            "* や ? を含まない sub の全文(例: repo:owner/name:environment:production)",
            "a complete subject without * or ?, like repo:owner/name:environment:production",
        ),
        r"^[A-Z]{2,5}-[0-9]{3}$": Text("ポリシーのID(例: NET-001)", "the id of a policy, like NET-001"),
        r"^/[A-Za-z0-9/_.-]*$": Text(
            "/ で始まるパス(例: /healthz)", "a path that starts with /, like /healthz"
        ),
        r"^[0-9]+(\.[0-9]+)*$": Text('引用符で囲んだ版数(例: "16")', 'a version in quotes, like "16"'),
    }
)
