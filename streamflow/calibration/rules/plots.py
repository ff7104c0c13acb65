"""Pictures and tables of a calibrated rule set: bands with intervals, alerts against money, what it is worth."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from streamflow.calibration.calibrate import Calibrated
from streamflow.calibration.charts import BLUE, INK, ORANGE, MarkdownTable, altair, frame
from streamflow.calibration.rules.composition import Fitted
from streamflow.calibration.rules.judgement import Judgement
from streamflow.calibration.rules.measures import rows_of
from streamflow.contracts.rule_sets import RuleSet
from streamflow.statistics.intervals import wilson
from streamflow.statistics.ranking import Ranking

ULO = 1e6
STATUSES = ("measured", "anchored", "simulated", "assumed")
RELIABILITY_BINS = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
CURVE_POINTS = 200


def bands_table(rule_set: RuleSet) -> MarkdownTable:
    """List every band: where it begins, what it weighs, how sure that is."""
    rows = []
    for rule, name, measure in rule_set.measures():
        for band in measure.bands:
            ends = "" if band.interval is None else f"{band.interval[0] / ULO:.2f} to {band.interval[1] / ULO:.2f}"
            rows.append(
                (
                    f"{rule}.{name}",
                    f"{band.at_least:,} {measure.unit}",
                    f"{band.weight_ulo / ULO:.2f}",
                    ends,
                    "" if band.n is None else f"{band.n:,}",
                    band.status,
                )
            )
    return MarkdownTable(("measure", "from", "weight, log-odds", "95 % interval", "purchases", "status"), rows)


def weights(rule_set: RuleSet) -> Any:
    """Draw each band's weight with its interval, a row a measure."""
    alt = altair()
    rows = [
        {
            "measure": f"{rule}.{name}",
            "band": f"{name} from {band.at_least:,}",
            "weight": band.weight_ulo / ULO,
            "low": (band.interval or (band.weight_ulo,))[0] / ULO,
            "high": (band.interval or (band.weight_ulo,))[-1] / ULO,
            "status": band.status,
            "order": at,
        }
        for at, (rule, name, measure, band) in enumerate(
            (rule, name, measure, band) for rule, name, measure in rule_set.measures() for band in measure.bands
        )
    ]
    base = alt.Chart(frame(rows)).encode(
        y=alt.Y("band:N", sort=alt.EncodingSortField("order"), title=None, axis=alt.Axis(labelLimit=260)),
        color=alt.Color("status:N", scale=alt.Scale(domain=list(STATUSES), range=[BLUE, INK, ORANGE, INK]), title=None),
    )
    line = base.mark_rule(strokeWidth=3, opacity=0.5).encode(x=alt.X("low:Q", title="weight, log-odds"), x2="high:Q")
    dot = base.mark_point(filled=True, size=70, opacity=1).encode(x="weight:Q")
    return (line + dot).properties(height={"step": 18}, title="What each band adds to the score")


def status_table(calibrated: Calibrated) -> MarkdownTable:
    """Count figures by what they are about and by status."""
    parts = {
        "rule set": "rules.",
        "its training": "training.",
        "generator": "generator.",
        "evaluation": "evaluation.",
        "baselines for drift": "baseline.",
    }
    rows = []
    for title, prefix in parts.items():
        counts = calibrated.calibration.by_status(prefix)
        rows.append((title, *(str(counts[status]) for status in STATUSES), str(sum(counts.values()))))
    return MarkdownTable(("figures of", *STATUSES, "all"), rows)


def money_curve(fitted: Fitted, review_cost_minor: float) -> Any:
    """Draw money saved against alerts, on the training rows, with the chosen threshold."""
    alt = altair()
    mask = fitted.fit.train & fitted.fit.usable
    rows = rows_of(fitted.table).take(mask)
    ranking = Ranking.of(fitted.fit.scores[mask].astype(np.float64))
    alerts = np.cumsum(ranking.masses(rows.weight)) / rows.weight.sum() * 1000
    caught = np.cumsum(ranking.masses(rows.weight * rows.amount_minor * rows.fraud)) / rows.weight.sum() * 10
    saved = caught - alerts * review_cost_minor / 100
    # The last score is the prior: everybody an alert.
    keep = np.unique(np.geomspace(1, max(len(alerts) - 1, 1), CURVE_POINTS).astype(int)) - 1
    data = [{"alerts": float(alerts[at]), "saved": float(saved[at])} for at in keep]
    line = (
        alt.Chart(frame(data))
        .mark_line(color=BLUE)
        .encode(
            x=alt.X("alerts:Q", scale=alt.Scale(type="log"), title="alerts in 1,000 purchases"),
            y=alt.Y("saved:Q", title="money saved in 1,000 purchases"),
        )
    )
    threshold = fitted.fit.threshold
    if threshold is None:
        return line
    mark = frame([{"alerts": threshold.alerts_per_1000, "saved": threshold.saved_minor_per_1000 / 100}])
    dot = alt.Chart(mark).mark_point(filled=True, size=110, color=ORANGE, opacity=1).encode(x="alerts:Q", y="saved:Q")
    return (line + dot).properties(title=f"The threshold, bound by the {threshold.bound_by}")


def judgement_table(judgement: Judgement) -> MarkdownTable:
    """Set the scorecard beside the amount alone, at the same number of alerts."""
    pairs = ("precision", "recall", "value_recall", "average_precision")
    titles = ("precision", "recall", "share of lost money caught", "average precision")

    def told(name: str) -> str:
        one = judgement.figures[name]
        return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"

    rows = [(title, told(name), told(f"amount_alone_{name}")) for title, name in zip(titles, pairs, strict=True)]
    rows.append(("gain in average precision, paired", told("average_precision_gain"), ""))
    rows.append(("alerts in 1,000 purchases", told("alerts_per_1000"), "the same"))
    rows.append(("frauds that came over frauds foretold", told("observed_to_predicted"), ""))
    return MarkdownTable(("on later purchases", "five rules", "amount alone"), rows)


def reliability(fitted: Fitted) -> Any:
    """Draw the share of fraud that came against the share that the score foretold, on the rows after training."""
    alt = altair()
    later = (fitted.table.event_us > fitted.until_us) & fitted.fit.usable
    rows = rows_of(fitted.table).take(later)
    foretold = 1 / (1 + np.exp(-fitted.fit.scores[later] / ULO))
    data = []
    for low, high in pairwise(RELIABILITY_BINS):
        mine = (foretold >= low) & (foretold < high)
        if rows.fraud[mine].sum() + (~rows.fraud[mine]).sum() < 20:
            continue
        weight = rows.weight[mine]
        n = weight.sum() ** 2 / np.square(weight).sum()
        came = float((weight * rows.fraud[mine]).sum() / weight.sum())
        share = wilson(came * n, n)
        said = float((weight * foretold[mine]).sum() / weight.sum())
        data.append({"foretold": said, "came": came, "low": share.low, "high": share.high})
    scale = alt.Scale(type="log", domain=[0.001, 1], clamp=True)
    base = alt.Chart(frame(data)).encode(x=alt.X("foretold:Q", scale=scale, title="share of fraud foretold"))
    rule = base.mark_rule(color=BLUE, strokeWidth=3, opacity=0.5).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q")
    dot = base.mark_point(filled=True, color=BLUE, size=70, opacity=1).encode(
        y=alt.Y("came:Q", scale=scale, title="share that came")
    )
    even = alt.Chart(frame([{"x": 0.001, "y": 0.001}, {"x": 1, "y": 1}]))
    line = even.mark_line(color=INK, strokeDash=[4, 4]).encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
    return (line + rule + dot).properties(title="Is the score a probability?", width=320, height=320)


def reasons_table(calibrated: Calibrated) -> MarkdownTable:
    """Say of each rule what its figures are, or why the purchases cannot tell."""
    return MarkdownTable(("rule", "figures"), list(calibrated.notes.items()))
