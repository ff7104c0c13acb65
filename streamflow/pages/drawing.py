"""How the plots of reports look: readable on light and dark pages, wide and narrow, without telling red from green."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

# A grey that has enough contrast on white and on near-black, and colours told apart with red-green blindness.
INK, GRID = "#7a7f87", "rgba(122,127,135,0.25)"
BLUE, ORANGE, GREEN, PURPLE = "#2f7ed8", "#e08214", "#3a9679", "#a06cd5"
SHADE = "rgba(122,127,135,0.14)"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
DASHES = ("solid", "dash", "dot", "dashdot")


def laid_out(figure: go.Figure, *, x: str, y: str, height: int = 360, **more: Any) -> go.Figure:
    """Give a figure the reports' style.

    Args:
        figure: What was drawn; changed in place.
        x: Title of the x axis.
        y: Title of the y axis.
        height: Pixels; the width is the page's.
        **more: Further properties of plotly's layout.

    Returns:
        The figure.
    """
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 16, "t": 10, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": INK, "size": 13},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "xanchor": "left", "traceorder": "normal"},
        hoverlabel={"namelength": -1},
        **more,
    )
    figure.update_traces(marker_line_width=0, selector={"type": "bar"})
    axis = {"gridcolor": GRID, "zeroline": False, "automargin": True, "title_font_size": 13, "ticklabelstandoff": 4}
    figure.update_xaxes(title_text=x, **axis)
    figure.update_yaxes(title_text=y, **axis)
    return figure


def interval_bars(above: list[float], below: list[float]) -> dict[str, Any]:
    """Return plotly's error bars of intervals; lengths above and below each value, all at least 0."""
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "thickness": 1.5,
        "width": 4,
    }
