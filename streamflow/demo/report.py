"""One self-contained HTML page: figures, plots and a few explained alerts. It opens without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from streamflow.demo import plots
from streamflow.demo.figures import Figures


def _fragment(figure: go.Figure) -> str:
    return str(figure.to_html(full_html=False, include_plotlyjs=False, config={"displayModeBar": False}))


def write_report(path: Path, figures: Figures, context: dict[str, Any]) -> Path:
    """Render the report.

    Args:
        path: Where the page goes; its folder is made.
        figures: What was measured.
        context: What the template shows beside the figures: run, settings, checks, conservation, steps.

    Returns:
        The path.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = {
        name: jinja2.filters.do_mark_safe(_fragment(draw(figures)))
        for name, draw in {
            "traffic": plots.traffic,
            "quality": plots.quality,
            "scenarios": plots.scenarios,
            "latency": plots.latency,
            "rejections": plots.rejections,
        }.items()
    }
    page = environment.get_template("report.html.j2").render(
        figures=figures, plots=drawn, plotlyjs=jinja2.filters.do_mark_safe(get_plotlyjs()), **context
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path
