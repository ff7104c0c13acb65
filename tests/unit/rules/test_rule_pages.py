"""docs/rules: every parameter is named, every figure is the contract's, every edge is that of a test."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
from pathlib import Path

import pytest

from streamflow.contracts.rule_pages import BEGIN, FOLDER, SCORECARD, mend, parameters, with_table
from streamflow.contracts.rule_sets import MAX_BANDS, RULES, Horizons, RuleSet, load_rule_set
from streamflow.errors import InputError
from streamflow.rules.geographic import EARTH_RADIUS_KM
from streamflow.rules.history import HISTORY_LIMIT

ROOT = Path(__file__).resolve().parents[3]
PAGES = (SCORECARD, *RULES)


def text_of(page: str) -> str:
    """Return a page."""
    return (ROOT / FOLDER / f"{page}.md").read_text(encoding="utf-8")


def edges_of(page: str) -> dict[str, str]:
    """Return what a page must say of each edge, by the name of its test: heading, sentence, time line."""
    name = "scorecard" if page == SCORECARD else page
    path = ROOT / "tests" / "unit" / "rules" / f"test_edges_{name}.py"
    found = {}
    for part in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(part, ast.FunctionDef) and part.name.startswith("test_"):
            sentence, _, time_line = inspect.cleandoc(ast.get_docstring(part, clean=False) or "").partition("\n\n")
            heading = part.name.removeprefix("test_").replace("_", " ")
            said = f"### {heading[0].upper()}{heading[1:]}\n\n{sentence}\n\n```\n{time_line}\n```\n"
            found[part.name] = said if time_line else ""
    return found


def test_the_figures_of_the_pages_are_those_of_the_contracts() -> None:
    """The command that mends a failure here is `streamflow contracts build`."""
    assert mend(ROOT, check_only=True) == []
    assert sum(BEGIN in text_of(page) for page in PAGES) == 6


@pytest.mark.parametrize("rule", RULES)
def test_every_parameter_of_a_rule_is_named_on_its_page_with_its_unit(rule: str) -> None:
    """The names are those of the rule-set files; each is in the table, and each measure in the definition too."""
    part = getattr(load_rule_set("1.0.0").rules, rule)
    named = [name for name in part.__struct_fields__ if name != "measures"]
    measures = part.measures.__struct_fields__
    named += [f"measures.{measure}.{field}" for measure in measures for field in ("digits", "bands")]
    assert [name for name, _, _ in parameters(load_rule_set("1.0.0"), rule)] == named
    assert len(named) >= 3
    text = text_of(rule)
    assert [name for name in named if f"| `{name}` | " not in text] == []
    prose = text[: text.index(BEGIN)]
    assert [measure for measure in measures if measure not in prose] == []


def test_every_figure_of_the_scorecard_and_of_the_horizons_is_named() -> None:
    """What belongs to no single rule stands on the first page."""
    named = {*RuleSet.__struct_fields__, *Horizons.__struct_fields__}
    left = {"version", "status", "rules", "calibration", "prior_status", "alert_threshold_status"}
    assert len(named - left) == 9
    assert [name for name in sorted(named - left) if f"| `{name}` | " not in text_of(SCORECARD)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_edge_on_a_page_is_a_test_with_the_same_words_and_time_line(page: str) -> None:
    """And every test of an edge is on the page."""
    edges, text = edges_of(page), text_of(page)
    assert [name for name, said in edges.items() if not said or said not in text] == []
    assert len(re.findall(r"^### ", text, re.MULTILINE)) == len(edges) >= 4


@pytest.mark.parametrize("page", RULES)
def test_a_page_has_all_its_parts(page: str) -> None:
    """Definition, state, figures, edges, when not applicable, evasions, and weaknesses if any; in this order."""
    headings = re.findall(r"^## (.+)$", text_of(page), re.MULTILINE)
    assert headings[:6] == ["Definition", "State it needs", "Figures", "Edges", "Not applicable", "Known evasions"]
    assert headings[6:] in ([], ["Known weaknesses"])


@pytest.mark.parametrize("page", PAGES)
def test_no_link_of_a_page_leads_nowhere(page: str) -> None:
    """Tests, figures and the other pages are where the page says."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(page))
    assert len(links) >= 3
    assert [link for link in links if not (ROOT / FOLDER / link).resolve().exists()] == []


def test_the_figures_in_the_prose_are_those_of_the_code() -> None:
    """The few that no contract holds."""
    assert f"At most {HISTORY_LIMIT} earlier purchases" in text_of("velocity")
    assert f"R = {EARTH_RADIUS_KM} km" in text_of("geographic")
    assert MAX_BANDS == 6
    assert "up to six bands" in text_of(SCORECARD)


EDGES = {
    "the sixth purchase in ten minutes exactly at the edge": ("velocity", "sixth_purchase_exactly_ten_minutes"),
    "midnight": ("time_anomaly", "midnight_lies_between"),
    "midnight in a window": ("velocity", "midnight_is_no_edge"),
    "the date line and the poles": ("geographic", "date_line_and_the_poles"),
    "a first purchase ever": ("high_value", "first_purchase_ever"),
    "an average of zero": ("high_value", "average_of_zero"),
    "refunds": ("high_value", "refund_lowers_no_average"),
    "two events with the same millisecond": ("velocity", "same_millisecond"),
    "a customer who moved house": ("geographic", "moved_house"),
    "a customer who moved house to other hours": ("time_anomaly", "moved_house"),
    "a night worker": ("time_anomaly", "night_worker"),
    "a merchant listed, delisted and listed again": ("blacklist", "listed_delisted_and_listed_again"),
}


@pytest.mark.parametrize(("page", "words"), EDGES.values(), ids=EDGES)
def test_each_edge_that_people_ask_about_has_its_test(page: str, words: str) -> None:
    """One test each at the least, found by its name."""
    assert [name for name in edges_of(page) if words in name]


def test_a_stale_page_is_mended_and_a_page_without_its_marks_is_refused(tmp_path: Path) -> None:
    """What people wrote stays; an installed package has no pages and nothing to mend."""
    assert mend(tmp_path) == []
    shutil.copytree(ROOT / "contracts" / "fraud_rules", tmp_path / "contracts" / "fraud_rules")
    page = tmp_path / FOLDER / "velocity.md"
    page.parent.mkdir(parents=True)
    page.write_text(
        text_of("velocity").replace("| `window_s` | s | 600 |", "| `window_s` | s | 900 |"), encoding="utf-8"
    )
    assert mend(tmp_path, check_only=True) == mend(tmp_path) == ["docs/rules/velocity.md"]
    assert page.read_text(encoding="utf-8") == text_of("velocity")
    with pytest.raises(InputError, match=r"docs/rules/velocity\.md has no place for its figures"):
        with_table("# velocity", "velocity")
