"""The plots of a comparison: how good both rule sets are, what the candidate gained and lost, by rule and by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from streamflow.pages.drawing import BLUE, COLOURS, GREEN, ORANGE, interval_bars, laid_out

if TYPE_CHECKING:
    from streamflow.quality.shadow import Comparison, Side

SIDE_COLOURS: dict[Side, str] = {"both": BLUE, "gained": GREEN, "lost": ORANGE}


def quality(found: Comparison) -> go.Figure:
    """Precision and recall of both rule sets, with 95 % intervals."""
    figure = go.Figure()
    versions = [found.candidate, found.against]
    whole = found.whole()
    for at, (name, values) in enumerate(
        (("precision", [tally.precision for tally in whole]), ("recall", list(found.recall())))
    ):
        known = [(version, one) for version, one in zip(versions, values, strict=True) if one.value is not None]
        centres = [one.value or 0.0 for _, one in known]
        above = [one.high - centre for (_, one), centre in zip(known, centres, strict=True)]
        below = [centre - one.low for (_, one), centre in zip(known, centres, strict=True)]
        figure.add_scatter(
            x=centres,
            y=[f"rule set {version}" for version, _ in known],
            error_x=interval_bars(above, below),
            name=name,
            mode="markers",
            marker={"color": COLOURS[at], "size": 11, "symbol": ("circle", "square")[at]},
        )
    figure.update_yaxes(autorange="reversed", type="category")
    ticks = {"range": [-0.02, 1.02], "tickformat": ".0%"}
    return laid_out(figure, x="share, with 95 % interval", y="", xaxis=ticks, height=210)


def rules(found: Comparison) -> go.Figure:
    """Alerts by the rules that add weight, gained to the right, lost to the left, common ones left out."""
    figure = go.Figure()
    names = list(found.rules)
    signs: dict[Side, int] = {"gained": 1, "lost": -1}
    for side, sign in signs.items():
        counts = [tallies[side].alerts for tallies in found.rules.values()]
        figure.add_bar(
            x=[sign * count for count in counts],
            y=names,
            customdata=counts,
            name=side,
            orientation="h",
            marker={"color": SIDE_COLOURS[side]},
            hovertemplate="%{y}: %{customdata:,} " + side + "<extra></extra>",
        )
    figure.update_yaxes(autorange="reversed")
    return laid_out(
        figure,
        x="alerts, lost to the left, gained to the right",
        y="",
        barmode="relative",
        height=130 + 32 * len(names),
    )


def days(found: Comparison) -> go.Figure:
    """Alerts of both, gained and lost, by UTC day of the purchase."""
    figure = go.Figure()
    dates = sorted(found.day_purchases)
    for side, colour in SIDE_COLOURS.items():
        counts = [found.days[date][side].alerts if date in found.days else 0 for date in dates]
        figure.add_bar(x=dates, y=counts, name=side, marker={"color": colour})
    return laid_out(figure, x="day (UTC)", y="alerts", barmode="stack", bargap=0.1, xaxis={"type": "date"})
