"""The page and the terminal: they say all that the JSON says, to anybody, without a network."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from plotly.offline import get_plotlyjs
from rich.console import Console

from streamflow.backtest.estimates import estimates
from streamflow.backtest.figures import judge
from streamflow.backtest.findings import Findings
from streamflow.backtest.report import write_report
from streamflow.backtest.scored import Backtest
from streamflow.backtest.words import show
from tests.unit.backtest.figure_cases import BY_HAND, Row, case, drawn

RESAMPLES = 30


def page_of(backtest: Backtest, folder: Path, **judging: bool) -> tuple[str, Findings]:
    """Write a report; return its page without plotly's own code, and the findings."""
    found = judge(backtest, resamples=RESAMPLES, budget_per_1000=5.0, **judging)  # type: ignore[arg-type]
    path = write_report(backtest, found, folder / "out" / "report.html", currency="EUR")
    text = path.read_text(encoding="utf-8")
    assert text.count(get_plotlyjs()) == 1
    return text.replace(get_plotlyjs(), ""), found


def test_the_page_holds_every_figure_of_the_json(tmp_path: Path) -> None:
    """Value and both ends of each, and the JSON itself, which reads back as the same findings."""
    page, found = page_of(drawn(1), tmp_path)
    every = list(estimates(found))
    assert len(every) > 150
    cells = set(re.findall(r'<td class="n">([^<]*)</td>', page))
    for path, one in every:
        assert f"<code>{path}</code>" in page
        for number in (one.value, one.low, one.high):
            assert number is None or str(number) in cells, path
    embedded = re.search(r'<script type="application/json" id="findings">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    assert msgspec.json.decode(embedded[1], type=Findings) == found


def test_the_page_names_what_was_run(tmp_path: Path) -> None:
    """File, hash, mapping, rule sets with hashes, period, seed and versions."""
    page, found = page_of(drawn(1), tmp_path)
    wanted = [found.headline, found.source.sha256, "mapping shop.yaml", "shop.csv", found.coverage.from_time, "seed 1"]
    wanted += [one.sha256 for one in found.judged if one.sha256]
    wanted += [f"{name} {version}" for name, version in found.versions.items()]
    assert len(wanted) == 12
    for text in wanted:
        assert text in page


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    """It loads nothing: no script, style, picture or font from elsewhere."""
    page, _ = page_of(drawn(1), tmp_path)
    assert page.count("<script") > 8
    assert re.findall(r"<(?:script|img|link|iframe)[^>]*(?:src|href)=", page) == []
    assert "@import" not in page
    assert "url(" not in page


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    """A merchant named like a tag is shown as text, in the tables and in the JSON."""
    backtest = case(BY_HAND)
    named = replace(backtest.purchases, merchants=["</script><b onload=alert(1)>&"])
    page, found = page_of(replace(backtest, purchases=named), tmp_path)
    assert "<b onload" not in page
    assert "&lt;/script&gt;&lt;b onload" in page
    embedded = re.search(r'id="findings">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    assert msgspec.json.decode(embedded[1], type=Findings) == found


def test_names_of_customers_are_masked_unless_asked_for(tmp_path: Path) -> None:
    """Neither the page nor the terminal shows one."""
    backtest = drawn(2)
    page, found = page_of(backtest, tmp_path)
    assert len(found.misses.missed_customers) == 10
    assert "customer-" not in page
    assert "customer-" not in said(found)
    assert "customer-" in page_of(backtest, tmp_path, show_names=True)[0]


def test_a_comparison_has_a_chapter_only_when_there_is_one(tmp_path: Path) -> None:
    """Gained and lost alerts against another rule set."""
    alone = page_of(case(BY_HAND), tmp_path)[0]
    both = page_of(case(BY_HAND, against=[{}] * len(BY_HAND)), tmp_path)[0]
    assert "<h2>Against rule set 1.0.0</h2>" in both
    assert "<h2>Against" not in alone


@pytest.mark.parametrize(
    ("backtest", "sentence"),
    [
        pytest.param(case([Row(-5, 0)]), "cannot be judged", id="nothing in the period"),
        pytest.param(case([Row(0, 0), Row(1, 1)], as_of_h=0.5), "cannot be judged", id="no mature label"),
        pytest.param(case([Row(0, 0), Row(30, 1)]), "nothing more can be said", id="no fraud"),
        pytest.param(case([Row(0, 0, fraud=True), Row(30, 1)]), "raises no alert", id="no alert"),
        pytest.param(case(BY_HAND, merchants=False), "not applicable: no merchants in the source", id="no merchants"),
    ],
)
def test_the_page_and_the_terminal_say_plainly_what_is_lacking(
    backtest: Backtest, sentence: str, tmp_path: Path
) -> None:
    """No chapter fails for want of rows, frauds or alerts."""
    page, found = page_of(backtest, tmp_path)
    assert sentence in page
    assert found.main.name in said(found)
    assert "nan" not in said(found).lower()


def said(found: Findings, width: int = 80) -> str:
    """Return what the terminal shows."""
    console = Console(file=io.StringIO(), width=width)
    show(found, console, "EUR")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_shows_each_rule_and_each_baseline_within_80_columns() -> None:
    """With intervals, the headline, the verdicts and what became of the rows."""
    found = judge(drawn(1), resamples=RESAMPLES)
    text = said(found)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in text
    for name in (*(one.name for one in found.main.rules), *(one.name for one in found.judged)):
        assert any(line.strip().startswith(name) for line in lines), name
    flat = " ".join(text.split())
    assert found.headline in flat
    assert found.beats[0].sentence in flat
    assert f"{found.main.together.precision.value or 0:.1%}".replace("%", " %") in text
    assert "set aside: duplicate" in text
