"""Writes small notebooks for tests of what runs notebooks."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """
amount = 10  # minor units
share = 0.5  # of what is there
name = "shop"  # a text
careful = True
cells = [1, 2]
free = None
"""


def write_notebook(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook of prose, one parameters cell and further code cells."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = new_notebook(  # type: ignore[no-untyped-call]
        cells=[
            new_markdown_cell(f"# {name}"),  # type: ignore[no-untyped-call]
            new_code_cell(parameters.strip(), metadata={"tags": ["parameters"]}),  # type: ignore[no-untyped-call]
            *(new_code_cell(text) for text in cells),  # type: ignore[no-untyped-call]
        ],
        metadata={
            "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"},
            "language_info": {"name": "python"},
        },
    )
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return path
