"""The report's plots: plotly figures that read well on a light and on a dark page, wide and narrow."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from streamflow.backtest.estimates import Estimate
from streamflow.backtest.findings import Findings
from streamflow.backtest.worth import RANDOM
from streamflow.pages.drawing import BLUE, COLOURS, DASHES, INK, ORANGE, PURPLE, SHADE, interval_bars, laid_out


def _interval(values: Sequence[Estimate]) -> dict[str, Any]:
    above = [(one.high or 0) - (one.value or 0) if one.high is not None else 0 for one in values]
    below = [(one.value or 0) - (one.low or 0) if one.low is not None else 0 for one in values]
    return interval_bars(above, below)


def curve(findings: Findings) -> go.Figure:
    """Precision against recall as the limit falls, the threshold in use marked."""
    figure = go.Figure()
    for at, one in enumerate(findings.curves):
        colour = COLOURS[at % len(COLOURS)]
        figure.add_scatter(
            x=one.recall,
            y=one.precision,
            customdata=one.alerts_a_day,
            name=one.name,
            mode="lines",
            line={"color": colour, "width": 2, "dash": DASHES[at % len(DASHES)]},
            hovertemplate="recall %{x:.1%}, precision %{y:.1%}, %{customdata:,.1f} alerts a day",
        )
        if one.chosen is not None:
            figure.add_scatter(
                x=[one.chosen[0]],
                y=[one.chosen[1]],
                name=f"threshold of {one.name}",
                showlegend=at == 0,
                mode="markers",
                marker={"color": colour, "size": 13, "symbol": "diamond", "line": {"color": "#fff", "width": 1.5}},
                hovertemplate="recall %{x:.1%}, precision %{y:.1%}",
            )
    random = findings.one(RANDOM)
    if random is not None and random.average_precision.value is not None:
        figure.add_hline(y=random.average_precision.value, line={"color": INK, "dash": "dot", "width": 1})
    ticks = {"range": [0, 1.02], "tickformat": ".0%"}
    return laid_out(figure, x="recall: share of the frauds", y="precision", height=420, xaxis=ticks, yaxis=ticks)


def days(findings: Findings) -> go.Figure:
    """Alerts a day with the budget; days whose labels are still to come are shaded."""
    figure = go.Figure()
    dates = [one.date for one in findings.days]
    fraud = [one.caught for one in findings.days]
    figure.add_bar(x=dates, y=fraud, name="alerts known to be fraud", marker={"color": ORANGE})
    rest = [one.alerts - one.caught for one in findings.days]
    figure.add_bar(x=dates, y=rest, name="other alerts", marker={"color": BLUE})
    if findings.changes is not None:
        # A line of single days would run up and down over the bars: a week's mean shows the level.
        figure.add_scatter(
            x=dates,
            y=_weekly_mean([one.against or 0 for one in findings.days]),
            name=f"{findings.changes.against}, mean of 7 days",
            mode="lines",
            line={"color": PURPLE, "width": 2.5},
        )
    if findings.budget_per_1000 is not None:
        figure.add_scatter(
            x=dates,
            y=[one.purchases * findings.budget_per_1000 / 1000 for one in findings.days],
            name="budget",
            mode="lines",
            line={"color": INK, "width": 2, "dash": "dot"},
        )
    waiting = [one.date for one in findings.days if not one.mature]
    if waiting:
        figure.add_vrect(x0=waiting[0], x1=waiting[-1], fillcolor=SHADE, line_width=0, layer="below")
    return laid_out(figure, x="day (UTC)", y="alerts", barmode="stack", bargap=0.1, xaxis={"type": "date"})


def _weekly_mean(values: Sequence[int]) -> list[float]:
    """Average each day with those up to three days before and after it."""
    around = [values[max(0, at - 3) : at + 4] for at in range(len(values))]
    return [sum(some) / len(some) for some in around]


def money(findings: Findings) -> go.Figure:
    """Money of fraud that is caught, by rule, together and by the baselines; what is missing to the whole is missed."""
    main = findings.main
    rows = [(one.name, one) for one in main.rules if not one.not_applicable]
    rows += [(one.name, one.together) for one in findings.judged]
    names = [name for name, _ in rows]
    caught = [one.caught_minor for _, one in rows]
    figure = go.Figure()
    figure.add_bar(
        x=[(one.value or 0) / 100 for one in caught],
        y=names,
        name="caught",
        orientation="h",
        marker={"color": BLUE},
        hovertemplate="%{y}: %{x:,.0f} caught<extra></extra>",
    )
    figure.add_bar(
        x=[(one.missed_minor.value or 0) / 100 for _, one in rows],
        y=names,
        name="missed",
        orientation="h",
        marker={"color": ORANGE, "opacity": 0.45},
        hovertemplate="%{y}: %{x:,.0f} missed<extra></extra>",
    )
    # An own trace for intervals: error bars of a stacked bar would hide behind the next one.
    figure.add_scatter(
        x=[(one.value or 0) / 100 for one in caught],
        y=names,
        mode="markers",
        marker={"color": INK, "size": 4},
        error_x=_interval([_scaled(one, 0.01) for one in caught]),
        name="95 % interval",
        hoverinfo="skip",
    )
    figure.update_yaxes(autorange="reversed")
    return laid_out(figure, x="money of fraud", y="", barmode="stack", height=130 + 32 * len(rows))


def _scaled(one: Estimate, scale: float) -> Estimate:
    def times(value: float | None) -> float | None:
        return None if value is None else value * scale

    return Estimate(value=times(one.value), low=times(one.low), high=times(one.high))


def spans(findings: Findings) -> go.Figure:
    """Precision and recall over time, with intervals."""
    figure = go.Figure()
    for at, (name, values) in enumerate(
        (
            ("precision", [(one.begins, one.precision) for one in findings.spans]),
            ("recall", [(one.begins, one.recall) for one in findings.spans]),
        )
    ):
        known = [(begins, one) for begins, one in values if one.value is not None]
        figure.add_scatter(
            x=[begins for begins, _ in known],
            y=[one.value for _, one in known],
            error_y=_interval([one for _, one in known]),
            name=name,
            mode="lines+markers",
            line={"color": COLOURS[at], "width": 1.5, "dash": DASHES[at]},
            marker={"size": 8, "symbol": ("circle", "square")[at]},
        )
    ticks = {"range": [0, 1.02], "tickformat": ".0%"}
    return laid_out(figure, x="begins", y="share", yaxis=ticks, xaxis={"type": "date"})


def reliability(findings: Findings) -> go.Figure:
    """Predicted against observed share of fraud, both on log axes."""
    figure = go.Figure()
    least = 1.0
    for at, one in enumerate(findings.reliability):
        seen = [each for each in one.bins if each.predicted > 0]
        least = min([least, *(each.predicted for each in seen), *(each.observed.value or 1.0 for each in seen)])
        figure.add_scatter(
            x=[each.predicted for each in seen],
            # A bin without a fraud has no place on a log axis; the table below the plot has it.
            y=[each.observed.value or None for each in seen],
            error_y=_interval([each.observed for each in seen]),
            customdata=[(each.purchases, each.frauds) for each in seen],
            name=one.name,
            mode="markers",
            marker={"color": COLOURS[at % len(COLOURS)], "size": 9, "symbol": ("circle", "square", "diamond")[at % 3]},
            hovertemplate="predicted %{x:.2%}, observed %{y:.2%}: %{customdata[1]:,} of %{customdata[0]:,}",
        )
    least = max(least / 2, 1e-6)
    figure.add_scatter(
        x=[least, 1],
        y=[least, 1],
        mode="lines",
        line={"color": INK, "dash": "dot", "width": 1},
        name="predicted = observed",
        hoverinfo="skip",
    )
    ticks = {"type": "log", "range": [log10(least), 0.05], "tickformat": ".3~%", "dtick": 1}
    return laid_out(figure, x="predicted", y="observed", height=420, xaxis=ticks, yaxis=dict(ticks))


def rules(findings: Findings) -> go.Figure:
    """Precision and recall of the alerts in which each rule weighs, of all together and of the other ways."""
    rows = [(one.name, one) for one in findings.main.rules if not one.not_applicable]
    rows += [(one.name, one.together) for one in findings.judged]
    figure = go.Figure()
    for at, (name, values) in enumerate(
        (("precision", [one.precision for _, one in rows]), ("recall", [one.recall for _, one in rows]))
    ):
        figure.add_scatter(
            x=[one.value for one in values],
            y=[name for name, _ in rows],
            error_x=_interval(values),
            name=name,
            mode="markers",
            marker={"color": COLOURS[at], "size": 10, "symbol": ("circle", "square")[at]},
        )
    figure.update_yaxes(autorange="reversed")
    figure.add_hline(y=len(rows) - len(findings.judged) - 0.5, line={"color": INK, "dash": "dot", "width": 1})
    ticks = {"range": [-0.02, 1.02], "tickformat": ".0%"}
    return laid_out(figure, x="share, with 95 % interval", y="", xaxis=ticks, height=130 + 30 * len(rows))


def firing(findings: Findings) -> go.Figure:
    """How often each rule of each rule set weighs in an alert that is fraud, and in one that is not."""
    figure = go.Figure()
    shown = [one for one in findings.main.rules if not one.not_applicable]
    names = [one.name for one in shown]
    caught = [round((one.precision.value or 0) * (one.alerts.value or 0)) for one in shown]
    rest = [(one.alerts.value or 0) - hits for one, hits in zip(shown, caught, strict=True)]
    figure.add_bar(x=caught, y=names, name="alerts that are fraud", orientation="h", marker={"color": ORANGE})
    figure.add_bar(x=rest, y=names, name="other alerts", orientation="h", marker={"color": BLUE})
    figure.update_yaxes(autorange="reversed")
    return laid_out(figure, x="alerts in which the rule weighs", y="", barmode="stack", height=130 + 32 * len(names))


def differences(findings: Findings) -> go.Figure:
    """Average precision less that of each other way of alerting, with paired intervals."""
    shown = [one for one in findings.differences if one.average_precision.value is not None]
    figure = go.Figure()
    figure.add_scatter(
        x=[one.average_precision.value for one in shown],
        y=[f"less {one.minus}" for one in shown],
        error_x=_interval([one.average_precision for one in shown]),
        mode="markers",
        marker={"color": BLUE, "size": 11},
        hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": INK, "dash": "dot", "width": 1})
    figure.update_yaxes(autorange="reversed")
    ends = [0.0, *(end for one in shown for end in (one.average_precision.low, one.average_precision.high) if end)]
    room = 0.05 * (max(ends) - min(ends)) or 0.05
    span = {"range": [min(ends) - room, max(ends) + room]}
    return laid_out(figure, x="difference in average precision", y="", height=110 + 40 * len(shown), xaxis=span)
