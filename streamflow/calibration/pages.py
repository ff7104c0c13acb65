"""Executed notebooks as pages that a forge shows: Markdown, with each figure as an SVG file of a few kilobytes.

An exported HTML page weighs half a megabyte and a forge shows only its source; these are what `docs/notebooks` holds.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from streamflow.calibration.runs import run_notebook
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.errors import StreamFlowError

SHOWN = frozenset({"text/markdown", "image/svg+xml", "image/png", "text/plain"})
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def render_pages(names: Sequence[str], notebooks: Path, folder: Path) -> list[Path]:
    """Run notebooks on their defaults and write their pages.

    Args:
        names: Which, without `.ipynb`.
        notebooks: Where they lie.
        folder: Gets `<name>.md` and `<name>_files/` of each; those of a run before are replaced.

    Returns:
        The pages.

    Raises:
        StreamFlowError: A notebook failed; the pages of those before it are written.
    """
    written = []
    for name in names:
        with tempfile.TemporaryDirectory(prefix="streamflow-pages-") as scratch:
            done = run_notebook(name, {}, Path(scratch), notebooks=notebooks)
            written.append(write_page(done.copy, folder))
    return written


def write_page(executed: Path, folder: Path) -> Path:
    """Write the page of an executed notebook.

    Args:
        executed: The notebook with its outputs.
        folder: Where to.

    Returns:
        The page.

    Raises:
        StreamFlowError: The page would name a path of this machine.
    """
    import nbformat
    from nbconvert import MarkdownExporter

    name = executed.stem
    notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        cell.outputs = [kept for one in cell.get("outputs", ()) if (kept := _kept(one)) is not None]
    exporter = MarkdownExporter()  # type: ignore[no-untyped-call]
    pictures = f"{name}_files"
    body, resources = exporter.from_notebook_node(notebook, {"unique_key": name, "output_files_dir": pictures})
    root = str(CHECKOUT.parent)
    # What lies in the checkout is named from there, as a reader's commands name it.
    text = f"{_heading(name)}\n{_tidy(body)}\n".replace(f"{root}/", "")
    if root in text:
        raise StreamFlowError(f"The page of {name} would name a path of this machine: {_around(text, root)}")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / pictures, ignore_errors=True)
    for file, content in resources.get("outputs", {}).items():
        target = folder / file
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content.rstrip() + b"\n" if file.endswith(".svg") else content)
    page = folder / f"{name}.md"
    page.write_text(text, encoding="utf-8")
    return page


def _heading(name: str) -> str:
    return (
        f"<!-- Rendered from notebooks/{name}.ipynb on its defaults by `make notebooks`; do not edit. -->\n\n"
        f"*Rendered from [`notebooks/{name}.ipynb`](../../notebooks/{name}.ipynb) on the generated samples of "
        f"`data/sample`: nothing on this page is measured.*\n"
    )


def _kept(output: Any) -> Any:
    """Return an output as the page shows it; warnings and what only scripts can show are left out."""
    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    if output.output_type == "error":
        return None
    data = {kind: value for kind, value in output.data.items() if kind in SHOWN}
    if not data:
        return None
    # Where there is something better, the text that stands for it is left out.
    if len(data) > 1:
        data.pop("text/plain", None)
    output.data = data
    return output


def _tidy(body: str) -> str:
    lines = [line.rstrip() for line in _ESCAPE.sub("", body).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _around(text: str, found: str) -> str:
    at = text.index(found)
    return text[at : at + 100].split("\n", maxsplit=1)[0]
