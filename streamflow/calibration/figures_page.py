"""docs/FIGURES.md: which figure comes from where, by dataset; made anew with `make figures`, held by a slow proof.

The samples have the shapes of real files, so a calibration on each tells what a real file of that shape identifies:
what is fitted on the sample's own rows would be measured on the real ones. The ULB sample holds too few frauds for
that; what the ULB file identifies is told by the shipped calibration, which was computed on rows of it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from streamflow.calibration.calibrate import Request, calibrate
from streamflow.calibration.charts import MarkdownTable
from streamflow.calibration.loading import load_purchases
from streamflow.calibration.notebook import notebook_run
from streamflow.calibration.rules.threshold import Budget
from streamflow.calibration.world.evidence import DATA
from streamflow.contracts.calibrations import Calibration, load_calibration
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import CHECKOUT, load_rule_set
from streamflow.datasets.facts import anchors
from streamflow.errors import StreamFlowError

PAGE = CHECKOUT.parent / "docs" / "FIGURES.md"
MEND = "make figures"
TITLES = {"ieee_cis": "the IEEE-CIS file", "own": "a file of your own"}
ORDER = ("measured", "anchored", "simulated", "assumed")
HEAD = """\
# Which figure comes from where

A figure is *measured* on real rows, *anchored* to a publication, *simulated* on generated rows, or *assumed*. The first
column is the calibration that the newest rule set names. The others say what a file of that shape identifies, by
calibrations of its sample in `data/sample`: what is fitted on the sample's own rows would be measured on the real
ones. A file of your own is one with customers, merchants, places, cards, devices and labels. Where a cell has two, some
of the row's figures are the one and some the other; "none" means that no band holds 10 frauds, or that the world has no
such trait.

`streamflow explain threshold NAME` gives value, interval, n, method and source of each figure of a rule set.
`make figures` writes this page.
"""


def sample_calibrations() -> dict[str, Calibration]:
    """Calibrate on the sample of each shape."""
    request = Request(Budget(10, 500), train_share=0.8)
    notebook = notebook_run("calibrate", {})
    return {name: calibrate(load_purchases(name), request, notebook).calibration for name in TITLES}


def group_of(path: str) -> str:
    """Return the row that a figure belongs to: bands of a measure, and statistics of one kind, share one."""
    parts = path.split(".")
    if parts[0] == "rules" and len(parts) > 3:
        return ".".join(parts[:3])
    if path.startswith("generator.observed."):
        return ".".join(parts[:3])
    return ".".join(parts[:2]) if parts[0] == "baseline" else path


def statuses(calibration: Calibration, *, as_real: bool) -> dict[str, set[str]]:
    """Return the statuses of each row.

    Args:
        calibration: The figures.
        as_real: Take what rests on a sample's own rows for measured.
    """
    found: dict[str, set[str]] = {}
    for path, figure in calibration.figures.items():
        real = as_real and figure.source == DATA and figure.status == "simulated"
        found.setdefault(group_of(path), set()).add("measured" if real else figure.status)
    return found


def page(samples: Mapping[str, Calibration], shipped: Calibration | None) -> str:
    """Return the page.

    Args:
        samples: Calibrations of the samples, by dataset.
        shipped: What the newest released rule set names, if anything.
    """
    columns: dict[str, dict[str, set[str]]] = {}
    if shipped is not None:
        columns[f"rule set {shipped.rule_set}, on {shipped.dataset} rows"] = statuses(shipped, as_real=False)
    columns |= {TITLES[name]: statuses(one, as_real=True) for name, one in samples.items()}
    heads = list(columns)
    parts = {"The rule set": "rules.", "The simulated world": "generator.", "Baselines for drift": "baseline."}
    text = [HEAD]
    for title, prefix in parts.items():
        groups = sorted({group for found in columns.values() for group in found if group.startswith(prefix)})
        rows = [
            (f"`{group.removeprefix('generator.')}`", *(_cell(columns[head].get(group, set())) for head in heads))
            for group in groups
        ]
        text.append(f"## {title}\n\n{MarkdownTable(('figure', *heads), rows)!r}\n")
    anchored = [
        (f"`{path}`", name, figure.unit, figure.method)
        for name in ("ulb", "ieee_cis")
        for path, figure in anchors(name).items()
    ]
    text.append(
        "## Published figures\n\nWhat those who have the files have published; samples are drawn from it, and the "
        f"profiles compare a file with it.\n\n{MarkdownTable(('figure', 'dataset', 'unit', 'how'), anchored)!r}\n"
    )
    return "\n".join(text)


def _cell(found: set[str]) -> str:
    return ", ".join(status for status in ORDER if status in found) or "none"


def current() -> str:
    """Compute the page."""
    rule_set = load_rule_set(newest_released(CHECKOUT, "fraud_rules"))
    shipped = None if rule_set.calibration is None else load_calibration(rule_set.calibration)
    return page(sample_calibrations(), shipped)


def main(path: Path = PAGE, *, check: bool = False) -> None:
    """Write the page, or hold it against what the samples give.

    Raises:
        StreamFlowError: The page is not what they give.
    """
    text = current()
    if check:
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            raise StreamFlowError(f"docs/{path.name} is not what the samples give; run '{MEND}'.")
        return
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(check="--check" in sys.argv[1:])
