"""Figures of a fidelity comparison: source beside run, gate by gate; `charts` says how they look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from streamflow.calibration.charts import BLUE, INK, ORANGE, MarkdownTable, altair, frame
from streamflow.calibration.fidelity.gates import Check, Fidelity
from streamflow.calibration.fidelity.samples import BEHAVIOURS, class_codes
from streamflow.calibration.world.evidence import Prepared
from streamflow.calibration.world.products import CLASSES
from streamflow.datasets.table import Floats, PurchaseTable
from streamflow.statistics.intervals import weighted_quantiles

SOURCE, RUN = "source", "generated"
POINTS = 200
ROW = 22
CROWDED = 3.0
"""Distances beyond three limits are drawn at three: by how much a spoiled run fails does not matter."""


def gates_table(result: Fidelity) -> MarkdownTable:
    """Every gate with its value, limit, noise floor and verdict."""
    rows = [
        (check.name, _number(check.value), _number(check.limit), _number(check.floor), _shown(check), check.note)
        for check in result.checks
    ]
    return MarkdownTable(("gate", "value", "limit", "noise floor", "verdict", "what it is"), rows)


def spoiled_table(results: Mapping[str, Fidelity], expected: Mapping[str, tuple[str, ...]]) -> MarkdownTable:
    """Each spoiled run with the gates that caught it, those made for it first."""
    rows = [
        (name, ", ".join(expected[name]), ", ".join(gate for gate in result.failed if gate not in expected[name]))
        for name, result in results.items()
    ]
    return MarkdownTable(("spoiled run", "gates that must fail, and do", "others that fail"), rows)


def amounts(source: PurchaseTable, run: PurchaseTable, currency: str) -> Any:
    """Distribution functions of the amounts on a log axis, and quantiles of one against those of the other."""
    alt = altair()
    at = (np.arange(POINTS) + 0.5) / POINTS
    ours, theirs = (_quantiles(table.amount_minor / 100, table.weight, at) for table in (source, run))
    rows = [
        {"of": name, "amount": value, "share": share}
        for name, values in ((SOURCE, ours), (RUN, theirs))
        for value, share in zip(values.tolist(), at.tolist(), strict=True)
    ]
    log = alt.Scale(type="log")
    curves = (
        alt.Chart(frame(rows))
        .mark_line()
        .encode(
            x=alt.X("amount:Q", scale=log, title=f"amount ({currency}, log axis)", axis=_powers()),
            y=alt.Y("share:Q", title="share of purchases below", axis=alt.Axis(format="%")),
            **_both(),
        )
        .properties(width=300, title="Distribution of amounts")
    )
    pairs = [{"x": mine, "y": other} for mine, other in zip(ours.tolist(), theirs.tolist(), strict=True)]
    x = alt.X("x:Q", scale=log, title=f"source ({currency})", axis=_powers())
    points = alt.Chart(frame(pairs)).mark_point(filled=True, size=22, color=ORANGE, opacity=0.7)
    diagonal = alt.Chart(frame(pairs)).mark_line(color=INK, strokeWidth=1, strokeDash=[3, 3]).encode(x=x, y="x:Q")
    quantiles = diagonal + points.encode(x=x, y=alt.Y("y:Q", scale=log, title="generated", axis=_powers()))
    return alt.hconcat(curves, quantiles.properties(width=260, title="The same as quantiles"))


def categories(source: PurchaseTable, run: PurchaseTable) -> Any:
    """Hours of the day, and product classes where there are any."""
    alt = altair()
    tables = ((SOURCE, Prepared(source)), (RUN, Prepared(run)))
    hours = [
        {"of": name, "hour": hour, "share": share}
        for name, rows in tables
        for hour, share in enumerate(_shares(rows.hour, rows.table.weight, 24))
    ]
    clock = (
        alt.Chart(frame(hours))
        .mark_line()
        .encode(
            x=alt.X("hour:Q", title="hour of the day, the source's clock", axis=alt.Axis(values=list(range(0, 24, 4)))),
            y=alt.Y("share:Q", title="share of purchases", axis=alt.Axis(format=".1%")),
            **_both(),
        )
        .properties(width=330, title="Hours")
    )
    if source.product is None or run.product is None:
        return clock
    products = [
        {"of": name, "class": CLASSES[place], "share": share}
        for name, rows in tables
        for place, share in enumerate(_shares(class_codes(rows), rows.table.weight, len(CLASSES)))
        if share > 0
    ]
    bars = (
        alt.Chart(frame(products))
        .mark_bar()
        .encode(
            y=alt.Y("class:N", sort=list(CLASSES), title=None),
            x=alt.X("share:Q", title="share of purchases", axis=alt.Axis(format=".0%")),
            yOffset=alt.YOffset("of:N", sort=[SOURCE, RUN]),
            color=_both()["color"],
        )
        .properties(width=230, title="Product classes")
    )
    return alt.hconcat(clock, bars)


def behaviour(source: PurchaseTable, run: PurchaseTable, names: Mapping[str, str]) -> Any:
    """Distribution functions of what customers do, one panel a gate.

    Args:
        source: What was calibrated on.
        run: What was generated.
        names: By gate, the title of its axis.
    """
    alt = altair()
    tables = ((SOURCE, Prepared(source)), (RUN, Prepared(run)))
    at = (np.arange(POINTS) + 0.5) / POINTS
    panels = []
    for gate, _, of in BEHAVIOURS:
        if gate not in names:
            continue
        rows: list[dict[str, Any]] = []
        for name, prepared in tables:
            found = of(prepared)
            if not isinstance(found, str):
                values = _quantiles(found.values, found.weights, at)
                rows += [{"of": name, "x": x, "share": y} for x, y in zip(values.tolist(), at.tolist(), strict=True)]
        whole = alt.Axis(tickMinStep=1) if gate == "burst_length" else alt.Axis()
        panels.append(
            alt.Chart(frame(rows))
            .mark_line()
            .encode(
                x=alt.X("x:Q", title=names[gate], scale=alt.Scale(zero=False), axis=whole),
                y=alt.Y("share:Q", title="share below", axis=alt.Axis(format="%")),
                **_both(),
            )
            .properties(width=270, height=170, title=gate.replace("_", " "))
        )
    return alt.concat(*panels, columns=2)


def floors(result: Fidelity) -> Any:
    """Behaviour: the run's distance as a bar, and twice the noise floor as the limit that it must not pass."""
    alt = altair()
    rows = [
        {"gate": check.name.replace("_", " "), "value": check.value, "floor": check.floor, "limit": check.limit}
        for check in result.checks
        if check.floor is not None and check.limit == 2 * check.floor
    ]
    y = alt.Y("gate:N", sort=None, title=None)
    base = alt.Chart(frame(rows))
    title = "Distance from the source; thick tick: limit, thin tick: halves of the source"
    return (
        base.mark_bar(color=BLUE, opacity=0.7, size=10).encode(y=y, x=alt.X("value:Q", title="in standard deviations"))
        + base.mark_tick(color=INK, thickness=1.5, size=14).encode(y=y, x="floor:Q")
        + base.mark_tick(color=ORANGE, thickness=4, size=18).encode(y=y, x="limit:Q")
    ).properties(height=ROW * len(rows) + 20, title=title)


def spoiled(results: Mapping[str, Fidelity]) -> Any:
    """Every gate of every run: the nearer to its limit or the further beyond, the stronger; a cross has failed."""
    alt = altair()
    rows = [
        {
            "run": name,
            "gate": check.name.replace("_", " "),
            "over": min(CROWDED, check.value / check.limit if check.limit else CROWDED),
            "verdict": check.verdict,
        }
        for name, result in results.items()
        for check in result.checks
        if check.value is not None and check.verdict != "not identifiable"
    ]
    x = alt.X("run:N", sort=list(results), title=None, axis=alt.Axis(orient="top", labelAngle=-20))
    y = alt.Y("gate:N", sort=None, title=None)
    verdict = alt.Color("verdict:N", scale=alt.Scale(domain=["passed", "failed"], range=[BLUE, ORANGE]), title=None)
    strength = alt.Opacity("over:Q", scale=alt.Scale(domain=[0, CROWDED], range=[0.08, 1]), legend=None)
    cells = alt.Chart(frame(rows)).mark_rect().encode(x=x, y=y, color=verdict, opacity=strength)
    failed = alt.Chart(frame([row for row in rows if row["verdict"] == "failed"]))
    marks = failed.mark_text(text="✕", fontSize=13, color="#1b1b1b").encode(x=x, y=y)
    height = ROW * len({row["gate"] for row in rows})
    return (cells + marks).properties(width=420, height=height, title="Which gate catches which run (✕ failed)")


def _both() -> dict[str, Any]:
    alt = altair()
    scale = alt.Scale(domain=[SOURCE, RUN], range=[BLUE, ORANGE])
    dashes = alt.Scale(domain=[SOURCE, RUN], range=[[1, 0], [6, 3]])
    return {
        "color": alt.Color("of:N", scale=scale, title=None),
        "strokeDash": alt.StrokeDash("of:N", scale=dashes, title=None),
    }


def _quantiles(values: Floats, weights: Floats, at: Floats) -> Floats:
    return weighted_quantiles(np.asarray(values, dtype=np.float64), weights, at)


def _shares(codes: Any, weights: Floats, kinds: int) -> list[float]:
    known = codes >= 0
    mass = np.bincount(codes[known], weights[known], kinds)
    return [float(share) for share in mass / mass.sum()]


def _powers() -> Any:
    return altair().Axis(values=[0.1, 1, 10, 100, 1000, 10_000, 100_000], format="~g")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _shown(check: Check) -> str:
    return "**failed**" if check.verdict == "failed" else check.verdict
