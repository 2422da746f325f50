"""The report: its schema, its table, and its page as a browser shows it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from scripts.fleet.model import DiffLine, Outcome, RunSummary
from scripts.fleet.report.__main__ import FILE, text
from scripts.fleet.report.document import report_of
from scripts.fleet.report.files import COLUMNS, as_csv, write
from scripts.fleet.report.page import page
from scripts.fleet.report.places import FRAMES, HEIGHT, MAIN, TILES, WIDTH, point
from scripts.fleet.report.schema import Report
from stacks.registry import registry
from tests.fleet.country_examples import refs, run

KNOWN = registry().governments
WAYS: tuple[Outcome, ...] = ("changed", "unchanged", "skipped", "changed", "failed", "changed", "cancelled")
EVIL = "</pre></script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def lines(way: int) -> list[DiffLine]:
    return [
        DiffLine("update", "aws:ec2/vpc:Vpc", f"network-{n}", "tags.owner", '"old"', f'"new {way}"')
        for n in range(40)
    ]


@cache
def country() -> RunSummary:
    """1,788 stacks with every outcome, ten ways of differing, and a cause that is out to harm."""
    outcomes = {ref.stack: WAYS[n % len(WAYS)] for n, ref in enumerate(refs())}
    diffs = {s: lines(n % 10) for n, (s, o) in enumerate(outcomes.items()) if o == "changed"}
    return run(outcomes, diffs=diffs, why=EVIL)


@cache
def report() -> Report:
    return report_of(country())


def test_the_published_schema_is_that_of_the_code_and_the_report_follows_it() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), "python -m scripts.fleet.report writes it anew"
    document = json.loads(report().model_dump_json())
    schema = json.loads(text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
    assert Report.model_validate(document) == report()
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "outcomes": 3}, schema)


def test_a_report_of_the_country_is_reviewed_in_ten_groups() -> None:
    made = report()
    assert len(made.stacks) == 1788
    assert sum(made.outcomes.values()) == 1788
    assert len(made.groups) == 10
    assert sum(len(g.stacks) for g in made.groups) == made.outcomes["changed"]
    assert [len(f.stacks) for f in made.failures] == [made.outcomes["failed"]]
    assert {s.group for s in made.stacks if s.outcome == "changed"} == {g.digest for g in made.groups}
    assert all(s.command.endswith(s.stack) for s in made.stacks if s.causes)


def test_the_csv_is_for_spreadsheets_and_harmless() -> None:
    evil = run({"131041-shinjuku": "failed"}, why="x").results[0]
    summary = run({"131041-shinjuku": "failed", "131059-bunkyo": "changed"})
    cause = summary.results[0].causes[0]
    summary = replace(
        summary,
        results=(replace(evil, causes=(replace(cause, why="=cmd|'/c calc'!A0"),)), summary.results[1]),
    )
    table = as_csv(report_of(summary), "ja")
    assert table.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table[1:], newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert [r["code"] for r in rows] == ["131041", "131059"]
    assert rows[0]["why"] == "'=cmd|'/c calc'!A0"
    assert rows[0]["what"] == "この操作の権限がありません。"
    assert rows[0]["command"] == "./jichitai preview 131041-shinjuku"


class Seen(HTMLParser):
    """What is in a page: tags with their attributes, and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_is_one_file_of_at_most_three_megabytes_that_fetches_nothing(language: str) -> None:
    html = page(report(), KNOWN, "ja" if language == "ja" else "en")
    assert len(html.encode()) < 3_000_000
    seen = Seen()
    seen.feed(html)
    names = [tag for tag, _ in seen.tags]
    assert names.count("script") == 1
    assert not {"img", "link", "iframe", "object", "base"} & set(names)
    attributes = [a for _, a in seen.tags]
    assert not any(k == "src" or k.startswith("on") for a in attributes for k in a)
    assert all((a.get("href") or "#").startswith("#") for a in attributes)
    ids = [a["id"] for a in attributes if a.get("id")]
    assert len(ids) == len(set(ids))
    targets = {(a.get("href") or "#")[1:] for a in attributes} - {""}
    assert targets <= set(ids), "every link leads somewhere"
    assert f'<html lang="{language}">' in html
    points = [a for tag, a in seen.tags if tag == "path" and a.get("data-s")]
    assert len(points) == 1788
    assert len([a for a in attributes if a.get("data-prefecture") and "aria-pressed" in a]) == 47
    assert len([a for tag, a in seen.tags if tag == "tr" and (a.get("id") or "").startswith("s-")]) == 1788


def test_the_worst_case_fits_too() -> None:
    """Every stack fails for a long reason of its own, or differs in a way of its own."""
    for way in ("failed", "changed"):
        outcomes = dict.fromkeys([ref.stack for ref in refs()], way)
        diffs = {
            s: [DiffLine("update", "t", f"n{k}-{n}", "p", "1", "2" * 200) for k in range(8)]
            for n, s in enumerate(outcomes)
        }
        summary = run(outcomes, diffs=diffs if way == "changed" else None, why="x" * 3000)  # pyright: ignore
        html = page(report_of(summary), KNOWN, "ja")
        assert len(html.encode()) < 3_000_000, way


def test_every_body_is_on_the_map_and_every_prefecture_has_a_tile() -> None:
    places = {body.code: point(body.latitude, body.longitude) for body in KNOWN.values()}
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places.values())
    assert all(any(w.holds(b.latitude, b.longitude) for w in (MAIN, *FRAMES)) for b in KNOWN.values())
    # North is up and east is right; what is framed lies in its frame, and nothing else does.
    by_name = {b.full_name: places[b.code] for b in KNOWN.values()}
    assert by_name["北海道稚内市"][1] < by_name["東京都新宿区"][1] < by_name["鹿児島県枕崎市"][1]
    assert by_name["長崎県対馬市"][0] < by_name["東京都新宿区"][0] < by_name["北海道根室市"][0]
    for frame in FRAMES:
        (width, height), (left, top) = frame.size, (frame.left, frame.top)
        for code, (x, y) in places.items():
            inside = left <= x <= left + width and top <= y <= top + height
            assert inside == frame.holds(KNOWN[code].latitude, KNOWN[code].longitude)
    assert set(TILES) == {b.prefecture for b in KNOWN.values()}
    assert len(set(TILES.values())) == 47


def test_files_are_written_as_a_whole_and_again(tmp_path: Path) -> None:
    summary = run({"131041-shinjuku": "waiting", "131059-bunkyo": "running"})
    for _ in range(2):
        files = write(report_of(summary), tmp_path / "new", "en")
        assert [f.name for f in files] == ["report.json", "report.csv", "report.html"]
        assert sorted((tmp_path / "new").iterdir()) == sorted(files)
    json.loads(files[0].read_text(encoding="utf-8"))


CHECKS = """
const say = [];
const form = document.getElementById('filters'), table = document.getElementById('all');
const shown = () => [...table.tBodies[0].rows].filter((r) => !r.hidden);
const set = (name, value) => { form.elements[name].value = value; form.dispatchEvent(new Event('input')); };
say.push(['all', shown().length]);
set('outcome', 'failed'); say.push(['failed', shown().length]);
set('prefecture', '東京都'); say.push(['failed in Tokyo', shown().length]);
form.reset(); set('text', '新宿区 131041'); say.push(['search', shown().map((r) => r.id).join()]);
set('text', ''); document.querySelector('.tiles [data-prefecture="沖縄県"]').click();
say.push(['tile', shown().length, document.querySelectorAll('.tiles [aria-pressed=true]').length]);
const clear = document.querySelector('.tiles [data-prefecture="沖縄県"]'); clear.click();
say.push(['tile again', shown().length]);
const sort = (n) => table.tHead.rows[0].cells[n].querySelector('button').click();
sort(5); const up = [...table.tBodies[0].rows].map((r) => Number(r.cells[5].textContent || -1));
sort(5); const down = [...table.tBodies[0].rows].map((r) => Number(r.cells[5].textContent || -1));
say.push(['sorted', up.every((v, i) => !i || up[i - 1] <= v), down.every((v, i) => !i || down[i - 1] >= v)]);
say.push(['aria', table.tHead.rows[0].cells[5].getAttribute('aria-sort')]);
say.push(['faint', document.querySelectorAll('.japan [opacity="0.12"]').length]);
say.push(['title', document.title.includes('owned')]);
say.push(['wide', document.documentElement.scrollWidth <= innerWidth]);
document.body.dataset.said = JSON.stringify(say);
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


def headless(browser: str, folder: Path, *arguments: str) -> str:
    return subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder}/profile",
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    ).stdout


def test_a_browser_sorts_and_filters_it_and_runs_nothing_else(browser: str, tmp_path: Path) -> None:
    html = page(report(), KNOWN, "ja")
    # The checks are let in by their digest; what the report's causes bring with them is not.
    digest = base64.b64encode(hashlib.sha256(CHECKS.encode()).digest()).decode()
    html = html.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    html = html.replace("</body>", f"<script>{CHECKS}</script></body>")
    file = tmp_path / "report.html"
    file.write_text(html, encoding="utf-8")
    dom = headless(
        browser,
        tmp_path,
        "--window-size=1300,900",
        "--virtual-time-budget=20000",
        "--dump-dom",
        file.as_uri(),
    )
    found = re.search(r'data-said="([^"]*)"', dom)
    assert found is not None
    said = {name: values for name, *values in json.loads(found[1].replace("&quot;", '"'))}
    by_prefecture = [s for s in report().stacks if s.prefecture == "沖縄県"]
    failed = [s for s in report().stacks if s.outcome == "failed"]
    assert said["all"] == [1788]
    assert said["failed"] == [len(failed)]
    assert said["failed in Tokyo"] == [len([s for s in failed if s.prefecture == "東京都"])]
    assert said["search"] == ["s-131041-shinjuku"]
    assert said["tile"] == [len(by_prefecture), 1]
    assert said["tile again"] == [1788]
    assert said["sorted"] == [True, True]
    assert said["aria"] == ["descending"]
    assert said["faint"] == [0]
    assert said["title"] == [False]
    assert said["wide"] == [True]


def test_it_prints(browser: str, tmp_path: Path) -> None:
    few = run({ref.stack: WAYS[n % len(WAYS)] for n, ref in enumerate(refs()[:40])})
    html = write(report_of(few), tmp_path / "report", "ja")[2]
    pdf = tmp_path / "report.pdf"
    headless(browser, tmp_path, f"--print-to-pdf={pdf}", "--no-pdf-header-footer", html.as_uri())
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert pdf.stat().st_size > 20_000
