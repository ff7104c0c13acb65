"""The report's plots: plotly figures that read well on a light and on a dark page."""

from __future__ import annotations

from math import log10
from typing import Any

import plotly.graph_objects as go

from streamflow.demo.figures import BASELINE, Figures
from streamflow.pages.drawing import BLUE, GREEN, INK, ORANGE, interval_bars, laid_out
from streamflow.statistics.intervals import Share


def _centre(share: Share) -> float:
    """A share without trials is drawn at zero with the whole axis as its interval."""
    return share.value if share.value is not None else 0.0


def _interval(values: list[Share]) -> dict[str, Any]:
    return interval_bars([v.high - _centre(v) for v in values], [_centre(v) - v.low for v in values])


def traffic(figures: Figures) -> go.Figure:
    """Purchases an hour from the stream's own aggregate, with alerts and labelled frauds of the same hours."""
    figure = go.Figure()
    figure.add_scatter(
        x=[hour for hour, _, _ in figures.hours],
        y=[count for _, count, _ in figures.hours],
        name="purchases",
        mode="lines",
        fill="tozeroy",
        line={"color": BLUE, "width": 1},
    )
    for name, index, colour in (("alerts", 1, ORANGE), ("labelled fraud", 2, GREEN)):
        figure.add_scatter(
            x=[row[0] for row in figures.alert_hours],
            y=[row[index] for row in figures.alert_hours],
            name=name,
            mode="lines",
            line={"color": colour, "width": 1.5},
            yaxis="y2",
        )
    figure = laid_out(figure, x="event time (UTC)", y="purchases an hour")
    figure.update_layout(
        yaxis={"rangemode": "tozero"},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "title": {"text": "alerts, frauds an hour", "font": {"size": 13}},
            "showgrid": False,
            "rangemode": "tozero",
            "tickmode": "auto",
        },
        margin={"r": 60},
    )
    return figure


def quality(figures: Figures) -> go.Figure:
    """Precision and recall of each rule, of all together and of the baseline, with 95 % intervals."""
    figure = go.Figure()
    names = [q.name for q in figures.quality]
    for label, values, colour in (
        ("precision", [q.precision for q in figures.quality], BLUE),
        ("recall", [q.recall for q in figures.quality], ORANGE),
    ):
        figure.add_scatter(
            x=[_centre(v) for v in values],
            y=names,
            error_x=_interval(values),
            name=label,
            mode="markers",
            marker={"color": colour, "size": 10},
        )
    figure.update_yaxes(autorange="reversed")
    if BASELINE in names:
        figure.add_hline(y=names.index(BASELINE) - 0.5, line={"color": INK, "dash": "dot", "width": 1})
    return laid_out(figure, x="share, with 95 % interval", y="", xaxis={"range": [0, 1.02]})


def scenarios(figures: Figures) -> go.Figure:
    """Share of the injected purchases of each scenario that raised an alert."""
    ordered = sorted(figures.scenarios, key=lambda s: _centre(s.caught))
    figure = go.Figure(
        go.Bar(
            x=[_centre(s.caught) for s in ordered],
            y=[s.name for s in ordered],
            error_x=_interval([s.caught for s in ordered]),
            orientation="h",
            marker={"color": BLUE},
            customdata=[s.purchases for s in ordered],
            hovertemplate="%{y}: %{x:.1%} of %{customdata} purchases<extra></extra>",
        )
    )
    return laid_out(figure, x="share with an alert, with 95 % interval", y="", xaxis={"range": [0, 1.02]})


def latency(figures: Figures) -> go.Figure:
    """Cumulative share of alerts by the time from production of the purchase to sending of the alert."""
    ordered = sorted(figures.latency_ms)
    total = len(ordered) or 1
    figure = go.Figure(
        go.Scatter(
            x=ordered,
            y=[(index + 1) / total for index in range(len(ordered))],
            mode="lines",
            line={"color": BLUE, "shape": "hv"},
        )
    )
    for share, name in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
        value = figures.latency(share)
        if value:
            figure.add_vline(x=value, line={"color": INK, "dash": "dot", "width": 1})
            # On a log axis a line stands at its value and a text at its logarithm.
            figure.add_annotation(
                x=log10(value), y=share, text=name, showarrow=False, xanchor="right", yanchor="bottom"
            )
    return laid_out(figure, x="milliseconds (log scale)", y="share of alerts", xaxis={"type": "log"})


def rejections(figures: Figures) -> go.Figure:
    """Dead letters by reason, all topics together."""
    reasons: dict[str, int] = {}
    for _, reason, count in figures.rejected:
        reasons[reason] = reasons.get(reason, 0) + count
    ordered = sorted(reasons.items(), key=lambda item: item[1])
    figure = go.Figure(
        go.Bar(
            x=[count for _, count in ordered],
            y=[reason for reason, _ in ordered],
            orientation="h",
            marker={"color": ORANGE},
        )
    )
    return laid_out(figure, x="records", y="", height=max(240, 60 + 24 * len(ordered)))
