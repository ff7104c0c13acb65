"""Notebooks are prose around a tested package: what every one of them must look like in git."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[3] / "notebooks").glob("*.ipynb"))
KNOWN = {"profile_ulb", "profile_ieee_cis"}


def test_the_notebooks_are_there() -> None:
    """The checks below would pass on an empty folder."""
    assert {path.stem for path in NOTEBOOKS} >= KNOWN


def _cells(path: Path, kind: str | None = None) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if kind is None or cell["cell_type"] == kind]


def _source(cell: dict[str, Any]) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def _tree(cell: dict[str, Any]) -> ast.Module:
    return ast.parse(_source(cell))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_one_parameters_cell_of_plain_values(path: Path) -> None:
    """Papermill overrides them; whoever runs it reads what each means behind it."""
    tagged = [cell for cell in _cells(path) if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    lines = [line for line in _source(tagged[0]).splitlines() if line and not line.startswith((" ", "#", ")", "]"))]
    statements = _tree(tagged[0]).body
    assert len(statements) == len(lines) >= 1
    for statement, line in zip(statements, lines, strict=True):
        assert isinstance(statement, ast.Assign | ast.AnnAssign), line
        assert statement.value is not None
        ast.literal_eval(statement.value)
        assert "  # " in line, f"{line}: say in a comment what it means"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_defines_no_function_and_no_class(path: Path) -> None:
    """What could be wrong lies in the package, where it has tests."""
    code = _cells(path, "code")
    assert len(code) >= 3
    for cell in code:
        found = [
            node
            for node in ast.walk(_tree(cell))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        ]
        assert found == [], _source(cell)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_ends_by_asserting_what_it_claims(path: Path) -> None:
    """The last cell is code with an assert in it."""
    last = _cells(path)[-1]
    assert last["cell_type"] == "code"
    assert [node for node in ast.walk(_tree(last)) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    """Neither outputs nor counts, nor what papermill leaves behind."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "papermill" not in notebook["metadata"]
    for cell in notebook["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert "papermill" not in cell["metadata"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_the_kernel_of_the_checkout_and_begins_with_a_title(path: Path) -> None:
    """Whoever opens it is asked for no kernel, and reads first what it is about."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["nbformat"] == 4
    first = notebook["cells"][0]
    assert first["cell_type"] == "markdown"
    assert _source(first).startswith("# ")
