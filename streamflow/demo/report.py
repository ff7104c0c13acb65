"""One self-contained HTML page: figures, plots and a few explained alerts. It opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamflow.demo import plots
from streamflow.demo.figures import Figures
from streamflow.pages.page import write_page


def write_report(path: Path, figures: Figures, context: dict[str, Any]) -> Path:
    """Render the report.

    Args:
        path: Where the page goes; its folder is made.
        figures: What was measured.
        context: What the template shows beside the figures: run, settings, checks, conservation, steps.

    Returns:
        The path.
    """
    drawn = {
        "traffic": plots.traffic,
        "quality": plots.quality,
        "scenarios": plots.scenarios,
        "latency": plots.latency,
        "rejections": plots.rejections,
    }
    template = Path(__file__).parent / "templates" / "report.html.j2"
    return write_page(path, template, {name: draw(figures) for name, draw in drawn.items()}, figures=figures, **context)
