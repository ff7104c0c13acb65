"""How every notebook of this house draws: Altair, as SVG that needs no network and reads on light and on dark pages.

A figure is drawn once, by `vl-convert`, into the notebook itself: JupyterLab, an exported page and a forge show the
same picture, a few kilobytes each. Its ground is transparent and its ink a grey that has contrast on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

INK = "#7a7f87"
GRID = "rgba(122,127,135,0.25)"
BLUE, ORANGE, GREEN, PURPLE = "#2f7ed8", "#e08214", "#3a9679", "#9467bd"
"""Told apart with red-green blindness; the demonstration's report has the same."""
LEGITIMATE, FRAUD = BLUE, ORANGE
WIDTH, HEIGHT = 640, 240


@cache
def altair() -> Any:
    """Return Altair, set up; importing it takes a second, so nothing does before the first figure."""
    import altair as alt

    alt.theme.register("streamflow", enable=True)(_theme)
    alt.renderers.enable("svg")
    alt.data_transformers.disable_max_rows()
    return alt


def _theme() -> Any:
    axis = {"labelColor": INK, "titleColor": INK, "tickColor": INK, "domainColor": INK, "gridColor": GRID}
    text = {"labelFontSize": 12, "titleFontSize": 13, "titleFontWeight": "normal"}
    return {
        "config": {
            "background": "transparent",
            "font": "sans-serif",
            "view": {"continuousWidth": WIDTH, "continuousHeight": HEIGHT, "stroke": None},
            "axis": {**axis, **text},
            "legend": {"labelColor": INK, "titleColor": INK, "orient": "top", "labelFontSize": 12, "symbolOpacity": 1},
            "title": {"color": INK, "fontSize": 14, "fontWeight": "normal", "anchor": "start"},
            "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
            "range": {"category": [BLUE, ORANGE, GREEN, PURPLE]},
            "text": {"color": INK},
            "rule": {"color": INK},
        }
    }


def frame(rows: list[dict[str, Any]]) -> Any:
    """Return rows as the data of a figure."""
    return altair().Data(values=rows)


def classes(name: str = "class") -> Any:
    """Return the colour of legitimate and fraud, by a column that says which."""
    alt = altair()
    return alt.Color(
        f"{name}:N", scale=alt.Scale(domain=["legitimate", "fraud"], range=[LEGITIMATE, FRAUD]), title=None
    )


class MarkdownTable:
    """A table that JupyterLab, an exported page and a forge all show: Markdown, and nothing else.

    Attributes:
        columns: Headings.
        rows: Cells, already as text.
    """

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Hold headings and rows of the same length."""
        self.columns = tuple(columns)
        self.rows = [tuple(row) for row in rows]

    def _repr_markdown_(self) -> str:
        right = ["---"] + ["---:"] * (len(self.columns) - 1)
        lines = [self.columns, tuple(right), *self.rows]
        return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)

    def __repr__(self) -> str:
        return self._repr_markdown_()

    def __len__(self) -> int:
        return len(self.rows)
