"""Pages of executed notebooks: what a forge can show, and nothing of the machine that made them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from streamflow.calibration.pages import write_page
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.errors import StreamFlowError


def _executed(folder: Path, outputs: list[dict[str, object]]) -> Path:
    cell = nbformat.v4.new_code_cell("1 + 1")  # type: ignore[no-untyped-call]
    cell.outputs = [nbformat.from_dict(one) for one in outputs]  # type: ignore[no-untyped-call]
    title = nbformat.v4.new_markdown_cell("# Title")  # type: ignore[no-untyped-call]
    path = folder / "made.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[title, cell]), path)  # type: ignore[no-untyped-call]
    return path


def _result(**data: str) -> dict[str, object]:
    kinds = {kind.replace("_", "/").replace("/svg", "/svg+xml"): value for kind, value in data.items()}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": kinds}


def test_a_page_holds_prose_code_tables_and_pictures_as_files(tmp_path: Path) -> None:
    """The text that stands for a picture, warnings and what needs scripts are left out."""
    source = _executed(
        tmp_path,
        [
            _result(image_svg="<svg>drawn</svg>", text_plain="alt.Chart(...)"),
            _result(text_markdown="| a |\n| --- |\n| 1 |", text_plain="MarkdownTable"),
            _result(text_html="<script>heavy()</script>"),
            {"output_type": "stream", "name": "stderr", "text": "a warning"},
            {"output_type": "stream", "name": "stdout", "text": "said aloud"},
        ],
    )
    page = write_page(source, tmp_path / "docs")
    text = page.read_text()
    assert page.name == "made.md"
    for part in ("# Title", "1 + 1", "| a |", "said aloud", "notebooks/made.ipynb", "nothing on this page is measured"):
        assert part in text
    for part in ("heavy", "a warning", "alt.Chart", "MarkdownTable"):
        assert part not in text
    [picture] = (tmp_path / "docs" / "made_files").iterdir()
    assert f"made_files/{picture.name}" in text
    assert picture.read_text() == "<svg>drawn</svg>\n"


def test_writing_a_page_again_leaves_no_picture_of_the_one_before(tmp_path: Path) -> None:
    """And the same outputs give the same bytes."""
    one = _executed(tmp_path, [_result(image_svg="<svg>1</svg>"), _result(image_svg="<svg>2</svg>")])
    folder = tmp_path / "docs"
    first = write_page(one, folder).read_bytes()
    assert write_page(one, folder).read_bytes() == first
    assert len(list((folder / "made_files").iterdir())) == 2
    write_page(_executed(tmp_path, [_result(image_svg="<svg>1</svg>")]), folder)
    assert len(list((folder / "made_files").iterdir())) == 1


def test_a_path_below_the_checkout_is_named_from_there(tmp_path: Path) -> None:
    """A reader's commands run in the checkout, wherever that is."""
    source = _executed(tmp_path, [_result(text_plain=f"{CHECKOUT.parent}/data/sample/x.csv")])
    text = write_page(source, tmp_path / "docs").read_text()
    assert "data/sample/x.csv" in text
    assert str(CHECKOUT.parent) not in text


def test_a_page_that_names_a_path_of_this_machine_is_not_written(tmp_path: Path) -> None:
    """The sentence shows what was found."""
    source = _executed(tmp_path, [_result(text_plain=f"the checkout is {CHECKOUT.parent}")])
    with pytest.raises(StreamFlowError, match="would name a path of this machine"):
        write_page(source, tmp_path / "docs")
    assert not (tmp_path / "docs").exists()
