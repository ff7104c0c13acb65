"""Pages of Data Docs lose every reference to the network, and old runs go."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.errors import StreamFlowError
from streamflow.quality.docs import make_offline, prune

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
