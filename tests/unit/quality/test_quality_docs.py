"""Pages of Data Docs lose every reference to the network, old runs go, and the first page tells of late purchases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from streamflow.errors import StreamFlowError
from streamflow.quality.docs import make_offline, prune, tell_lateness
from streamflow.quality.lateness import Counted, Lateness

PAGE = """<html><head>
<link rel="stylesheet" href="https://cdn.example/bootstrap.min.css"/>
<script src="https://cdn.example/jquery.js" integrity="sha384-x" crossorigin="anonymous"></script>
</head><body><img src="https://cdn.example/logo.png?d=1" alt="x"/><a href="https://example.org">a link</a>
<script>$("#x").bootstrapTable({});</script></body></html>"""


def test_a_page_loads_only_what_lies_beside_it(tmp_path: Path) -> None:
    """Links that a reader may follow stay; the page's own scripts stay."""
    deep = tmp_path / "validations" / "silver" / "run" / "page.html"
    deep.parent.mkdir(parents=True)
    for page in (tmp_path / "index.html", deep):
        page.write_text(PAGE)
    assert make_offline(tmp_path) == 2
    text = deep.read_text()
    assert "cdn.example" not in text
    assert 'href="https://example.org"' in text
    assert "bootstrapTable" in text
    assert (deep.parent / "../../../assets/offline.js").is_file()
    assert 'src="../../../assets/offline.js"' in text
    assert 'href="assets/offline.css"' in (tmp_path / "index.html").read_text()


def test_a_page_is_changed_once(tmp_path: Path) -> None:
    """The second time finds nothing to do."""
    (tmp_path / "index.html").write_text(PAGE)
    assert make_offline(tmp_path) == 1
    before = (tmp_path / "index.html").read_text()
    assert make_offline(tmp_path) == 0
    assert (tmp_path / "index.html").read_text() == before


def test_a_page_that_loads_something_new_is_an_error(tmp_path: Path) -> None:
    """A template of a later library is noticed, not shipped broken."""
    (tmp_path / "index.html").write_text('<head></head><iframe src="https://cdn.example/new"></iframe>')
    with pytest.raises(StreamFlowError, match=r"index\.html of Data Docs still loads https://cdn\.example/new"):
        make_offline(tmp_path)


LATE = Lateness(((date(2026, 3, 2), Counted(1250, 3)), (date(2026, 3, 1), Counted(1760, 9))))


def test_the_first_page_says_how_many_purchases_came_late(tmp_path: Path) -> None:
    """Of the newest day and of all, then day by day; once, however often it is told."""
    index = tmp_path / "index.html"
    index.write_text(PAGE)
    tell_lateness(index, Lateness(()))
    assert "Late purchases: silver holds no purchase yet." in index.read_text()
    for _ in range(2):
        tell_lateness(index, LATE)
    text = index.read_text()
    said = "Late purchases: 3 of 1,250 (0.24 %) on the newest day, 2026-03-02; 12 of 3,010 (0.40 %) in all."
    assert text.count(said) == text.count("late-purchases") == 1
    assert "<td>2026-03-01</td><td>1,760</td><td>9</td><td>0.51 %</td>" in text
    assert "no purchase yet" not in text
    assert make_offline(tmp_path) == 1
    assert said in index.read_text()


def test_a_first_page_without_a_place_for_it_is_an_error(tmp_path: Path) -> None:
    """A template of a later library is noticed."""
    index = tmp_path / "index.html"
    index.write_text("<html></html>")
    with pytest.raises(StreamFlowError, match=r"index\.html of Data Docs has no body"):
        tell_lateness(index, LATE)


def test_the_share_of_late_purchases_is_plain_data_too() -> None:
    """For `status --json` and a quality run's record."""
    assert LATE.as_dict() == {
        "newest_day": {"day": "2026-03-02", "purchases": 1250, "late": 3, "share": 3 / 1250},
        "all": {"purchases": 3010, "late": 12, "share": 12 / 3010},
    }
    assert Lateness(()).as_dict() == {"newest_day": None, "all": {"purchases": 0, "late": 0, "share": None}}


def test_only_the_newest_runs_are_kept(tmp_path: Path) -> None:
    """By time, whatever their names sort like; results and pages go together."""
    for day, name in enumerate(("z", "a", "m"), start=1):
        for root in ("validations", "data_docs/validations"):
            for suite in ("bronze", "gold"):
                (tmp_path / root / suite / name / f"2026010{day}T000000Z").mkdir(parents=True)
    assert prune(tmp_path, kept=2) == 1
    left = {path.name for path in tmp_path.glob("**/bronze/*")}
    assert left == {"a", "m"}
    assert prune(tmp_path, kept=2) == 0
