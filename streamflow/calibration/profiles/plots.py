"""Figures of a profile: small aggregates in, one Altair chart out; `charts` says how they look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from streamflow.calibration.charts import BLUE, FRAUD, INK, WIDTH, MarkdownTable, altair, classes, frame
from streamflow.calibration.profiles.profile import DAY_US, Bin, Group, HourShare, Moment, Quantile
from streamflow.calibration.profiles.published import Comparison
from streamflow.datasets.table import PurchaseTable
from streamflow.statistics.intervals import Share

PER_CENT = "%"
ROW = 20


def amounts(bins: Sequence[Bin], quantiles: Sequence[Quantile], currency: str) -> Any:
    """Density of the amounts of each class on a log axis, with the median of each and its interval."""
    alt = altair()
    steps = [{"class": one.label, "amount": one.low / 100, "density": one.density} for one in bins] + [
        {"class": one.label, "amount": one.high / 100, "density": 0.0} for one in _last(bins)
    ]
    x = alt.X("amount:Q", scale=alt.Scale(type="log"), title=f"amount ({currency}, log axis)", axis=_money_axis())
    area = (
        alt.Chart(frame(steps))
        .mark_area(interpolate="step-after", opacity=0.25, line={"strokeWidth": 1.5})
        .encode(x=x, y=alt.Y("density:Q", title="density by decade", stack=None), color=classes())
    )
    medians = [
        {"class": one.label, "amount": one.value / 100, "low": one.low / 100, "high": one.high / 100}
        for one in quantiles
        if one.at == 0.5
    ]
    rule = alt.Chart(frame(medians)).mark_rule(strokeWidth=2, strokeDash=[4, 3]).encode(x="amount:Q", color=classes())
    band = alt.Chart(frame(medians)).mark_rect(opacity=0.18).encode(x="low:Q", x2="high:Q", color=classes())
    return (band + area + rule).properties(title="Amounts by class; dashed: median with its 95 % interval")


def hours(found: Sequence[HourShare], note: str) -> Any:
    """Share of each class's purchases by hour above, fraud rate by hour with intervals below."""
    alt = altair()
    shares = [
        {"class": label, "hour": one.hour, "share": share.value or 0.0}
        for one in found
        for label, share in (("legitimate", one.legitimate), ("fraud", one.fraud))
    ]
    hour = alt.X("hour:Q", title=f"hour of the day ({note})", scale=alt.Scale(domain=[0, 23]), axis=_hour_axis())
    above = (
        alt.Chart(frame(shares))
        .mark_line(strokeWidth=2, point=True)
        .encode(x=hour, y=alt.Y("share:Q", title="share of its class", axis=alt.Axis(format=PER_CENT)), color=classes())
        .properties(height=170, title="When purchases happen")
    )
    rates = [{"hour": one.hour, **_ends(one.rate)} for one in found]
    return alt.vconcat(above, _rate_points(rates, hour).properties(height=150, title="Fraud rate by hour, 95 %"))


def over_time(moments: Sequence[Moment], whole: Share) -> Any:
    """Purchases and fraud rate by slice of time, the rate of the whole as a line."""
    alt = altair()
    rows = [
        {
            "day": (one.start_us + one.end_us) / 2 / DAY_US,
            "a_day": one.purchases / ((one.end_us - one.start_us) / DAY_US),
            **_ends(one.fraud),
        }
        for one in moments
    ]
    day = alt.X("day:Q", title="days from the origin of the file's times", scale=alt.Scale(zero=False, nice=False))
    volume = (
        alt.Chart(frame(rows))
        .mark_area(line={"color": BLUE}, color=BLUE, opacity=0.25)
        .encode(x=day, y=alt.Y("a_day:Q", title="purchases a day", axis=alt.Axis(format="~s")))
        .properties(height=120, title="Volume")
    )
    line = alt.Chart(frame([{"whole": whole.value or 0.0}])).mark_rule(strokeDash=[4, 3], color=INK).encode(y="whole:Q")
    points = alt.layer(_rate_points(rows, day), line).properties(
        height=170, title="Fraud rate, 95 %; dashed: the whole file"
    )
    return alt.vconcat(volume, points)


def shares(found: Sequence[Group], title: str, keep_order: bool = True) -> Any:
    """Share of purchases by group on the left, fraud rate by group with intervals on the right."""
    alt = altair()
    rows = [{"group": one.name, "share": one.share.value or 0.0, **_ends(one.fraud)} for one in found]
    names = alt.Y("group:N", sort=None if keep_order else "-x", title=None)
    height = max(80, ROW * len(rows) + 20)
    left = (
        alt.Chart(frame(rows))
        .mark_bar(color=BLUE, opacity=0.75)
        .encode(y=names, x=alt.X("share:Q", title="share of purchases", axis=alt.Axis(format=PER_CENT, tickCount=5)))
        .properties(width=WIDTH // 2 - 60, height=height, title=title)
    )
    base = alt.Chart(frame(rows)).encode(y=alt.Y("group:N", sort=None, title=None, axis=alt.Axis(labels=False)))
    x = alt.X("rate:Q", title="fraud rate, 95 %", axis=alt.Axis(format="~%", tickCount=5))
    right = (
        base.mark_rule(color=FRAUD, strokeWidth=1.5).encode(
            x=alt.X("low:Q", title="fraud rate, 95 %", axis=alt.Axis(format="~%", tickCount=5)), x2="high:Q"
        )
        + base.mark_point(color=FRAUD, filled=True, size=50).encode(x=x)
    ).properties(width=WIDTH // 2 - 60, height=height)
    return alt.hconcat(left, right)


def bars(values: Mapping[str, float], x_title: str, title: str, per_cent: bool = True) -> Any:
    """Bars by name, in the order given."""
    alt = altair()
    rows = [{"name": name, "value": value} for name, value in values.items()]
    axis = alt.Axis(format=PER_CENT) if per_cent else alt.Axis()
    return (
        alt.Chart(frame(rows))
        .mark_bar(color=BLUE, opacity=0.75)
        .encode(y=alt.Y("name:N", sort=None, title=None), x=alt.X("value:Q", title=x_title, axis=axis))
        .properties(height=max(80, ROW * len(rows) + 20), title=title)
    )


def overview_table(table: PurchaseTable, rate: Share) -> MarkdownTable:
    """What the file is, how much of it there is, and what figures on it may be called."""
    source = table.source
    rows = [
        ("file", f"{source.name} ({source.kind})"),
        ("sha256", (source.sha256 or "")[:12]),
        ("what it is", source.detail),
        ("rows", f"{source.rows or 0:,}"),
        ("purchases that they stand for", f"{table.weight.sum():,.0f}"),
        ("days", f"{table.days:,.2f}"),
        ("fraud rate, 95 % interval", f"{rate.value or 0:.3%} ({rate.low:.3%} to {rate.high:.3%})"),
        *((f"set aside: {reason}", f"{count:,}") for reason, count in table.set_aside.items()),
        ("figures computed here are", table.status),
    ]
    return MarkdownTable(("", "this file"), rows)


def facts_table(heading: str, facts: Mapping[str, str]) -> MarkdownTable:
    """Names and texts below one heading."""
    return MarkdownTable((heading, ""), list(facts.items()))


def claims_table(claims: Mapping[str, bool]) -> MarkdownTable:
    """Each claim of a notebook and whether it holds."""
    return MarkdownTable(("claim", "holds"), [(claim, "yes" if holds else "**no**") for claim, holds in claims.items()])


def quantile_table(quantiles: Sequence[Quantile], currency: str) -> MarkdownTable:
    """Quantiles of amounts with their intervals, in major units."""
    rows = [
        (
            f"{one.label}, {one.at:.0%}",
            f"{one.value / 100:,.2f}",
            f"{one.low / 100:,.2f} to {one.high / 100:,.2f}",
        )
        for one in quantiles
    ]
    return MarkdownTable((f"amounts ({currency})", "quantile", "95 % interval"), rows)


def comparison_table(comparisons: Sequence[Comparison]) -> MarkdownTable:
    """Published figures beside the file's own: amounts in major units, everything else as a share."""
    rows = [
        (
            one.path,
            _shown(one.path, one.published),
            _shown(one.path, one.here),
            f"{_shown(one.path, one.low)} to {_shown(one.path, one.high)}",
            "yes" if one.agrees else "**no**",
        )
        for one in comparisons
    ]
    return MarkdownTable(("figure", "published", "here", "99.9 % interval", "agrees"), rows)


def _shown(path: str, value: float) -> str:
    return f"{value / 100:,.2f}" if path.startswith("amounts.") else f"{value:.3%}"


def _last(bins: Sequence[Bin]) -> list[Bin]:
    return list({one.label: one for one in bins}.values())


def _ends(share: Share) -> dict[str, float | None]:
    """A share without trials is a gap, not a zero."""
    if share.value is None:
        return {"rate": None, "low": None, "high": None}
    return {"rate": share.value, "low": share.low, "high": share.high}


def _rate_points(rows: list[dict[str, Any]], x: Any) -> Any:
    alt = altair()
    base = alt.Chart(frame([row for row in rows if row["rate"] is not None])).encode(x=x)
    y = alt.Y("low:Q", title="fraud rate", axis=alt.Axis(format="~%", tickCount=5), scale=alt.Scale(domainMin=0))
    return base.mark_rule(color=FRAUD, strokeWidth=1.5).encode(y=y, y2="high:Q") + base.mark_point(
        color=FRAUD, filled=True, size=40
    ).encode(y=alt.Y("rate:Q", title="fraud rate"))


def _money_axis() -> Any:
    return altair().Axis(values=[0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000], format="~g")


def _hour_axis() -> Any:
    return altair().Axis(values=list(range(0, 24, 3)), grid=False)
