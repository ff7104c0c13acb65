"""Judge a backtest: what the alerts were worth by the labels known then, beside baselines, each figure with interval.

Purchases of the period judge up to the moment before which every label is mature. Intervals are 95 %, by drawing
customers anew; what is compared is compared on the same draws.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from streamflow.backtest.changes import changes
from streamflow.backtest.estimates import Estimate, estimate, plain, quotient
from streamflow.backtest.findings import Coverage, Curve, Findings, Source, Trained
from streamflow.backtest.gate import DAY_US
from streamflow.backtest.judging import (
    NO_ALERTS,
    NO_FRAUD,
    NO_MONEY,
    NO_ROWS,
    Drawn,
    Rows,
    Worth,
    judge_amount_alone,
    judge_random,
    judge_rule_set,
)
from streamflow.backtest.misses import misses
from streamflow.backtest.reliability import reliability
from streamflow.backtest.scored import Backtest, Scored
from streamflow.backtest.timeline import curve, days, spans
from streamflow.backtest.worth import AMOUNT_ALONE, PLAIN, Beat, Difference, Judged, Volume
from streamflow.contracts.timestamps import format_us

RESAMPLES = 400
FEW_FRAUDS = 50
"""Below so many frauds the gate calls evidence insufficient; a sentence about them says how many there were."""
NOT_TRAINED = (
    "No three fixed rules were fitted here, so there is no comparison with them; calibrate in the backtest "
    "(--train-until) to have one."
)


def judge(
    backtest: Backtest,
    *,
    seed: int = 1,
    resamples: int = RESAMPLES,
    budget_per_1000: float | None = None,
    show_names: bool = False,
    notes: Sequence[str] = (),
) -> Findings:
    """Judge a backtest.

    Args:
        backtest: Scored purchases.
        seed: Of the resamples; the same seed gives the same findings.
        resamples: How often customers are drawn anew.
        budget_per_1000: Alerts in a thousand purchases that are wanted.
        show_names: Whether names of customers are shown.
        notes: What else a reader should know.

    Returns:
        Everything that the report, the terminal and the JSON say.
    """
    rows = Rows.of(backtest, seed, resamples)
    sets = _rule_sets(backtest)
    worth = {name: judge_rule_set(name, role, scored, rows) for name, (role, scored) in sets.items()}
    main = next(iter(worth))
    alerts = rows.resamples.totals([("alerts", backtest.scored.alert[rows.judged])])["alerts"]
    worth[AMOUNT_ALONE] = judge_amount_alone(alerts, rows)
    random = judge_random(alerts, rows)
    differences = tuple(
        difference(main, worth[main].drawn, other, worth[other].drawn) for other in worth if other != main
    )
    beats = _beats(differences, worth, rows)
    against = next((name for name, (role, _) in sets.items() if role == "against"), None)
    coverage = _coverage(backtest, rows)
    return Findings(
        headline=_headline(worth[main].judged, worth[AMOUNT_ALONE].judged, coverage),
        beats=beats,
        source=_source(backtest),
        set_aside=dict(backtest.purchases.set_aside),
        coverage=coverage,
        training=_trained(backtest),
        judged=(*(one.judged for one in worth.values()), random.judged),
        volume=tuple(_volume(name, scored, rows) for name, (_, scored) in sets.items()),
        budget_per_1000=budget_per_1000,
        differences=differences,
        changes=None
        if backtest.against is None or against is None
        else changes((main, against), backtest.scored, backtest.against, rows),
        reliability=tuple(reliability(name, scored, rows) for name, (_, scored) in sets.items()),
        misses=misses(backtest.scored, rows, show_names=show_names),
        spans=spans(backtest.scored, rows),
        days=days(backtest.scored, backtest.against, rows),
        curves=_curves(sets, rows),
        notes=(*notes, *_notes(coverage, rows)),
        seed=seed,
        resamples=resamples,
        versions={
            "streamflow": version("streamflow"),
            "python": platform.python_version(),
            "numpy": version("numpy"),
        },
    )


def _rule_sets(backtest: Backtest) -> dict[str, tuple[str, Scored]]:
    """Name the rule sets: the one in question first, then the one it is compared with, then the fixed one."""
    named = f"rule set {backtest.scored.rule_set.version}"
    found = {named: ("scored", backtest.scored)}
    if backtest.against is not None:
        other = f"rule set {backtest.against.rule_set.version}"
        if other == named:
            other = f"{other} ({backtest.against.rule_set.sha256[:8]})"
        found[other] = ("against", backtest.against)
    if backtest.training is not None and backtest.training.plain is not None:
        found[PLAIN] = ("plain", backtest.training.plain)
    return found


def difference(name: str, mine: Drawn, other: str, theirs: Drawn) -> Difference:
    """Subtract one way of alerting from another, resample by resample."""
    return Difference(
        of=name,
        minus=other,
        average_precision=estimate(mine.average_precision - theirs.average_precision, NO_FRAUD),
        recall=estimate(mine.recall - theirs.recall, NO_FRAUD),
        value_recall=estimate(mine.value_recall - theirs.value_recall, NO_MONEY),
        precision=estimate(mine.precision - theirs.precision, NO_ALERTS),
    )


def _beats(differences: Sequence[Difference], worth: dict[str, Worth], rows: Rows) -> tuple[Beat, ...]:
    frauds = int(rows.fraud.sum())
    found = [
        _beat(one, worth[one.of].judged, worth[one.minus].judged, frauds)
        for one in differences
        if one.minus in (AMOUNT_ALONE, PLAIN)
    ]
    if PLAIN not in worth:
        found.append(Beat(name=PLAIN, beats=None, sentence=NOT_TRAINED))
    return tuple(sorted(found, key=lambda one: one.name != AMOUNT_ALONE))


def _beat(found: Difference, mine: Judged, theirs: Judged, frauds: int) -> Beat:
    gain, other = found.average_precision, f"the {found.minus}"
    if gain.value is None or gain.low is None or gain.high is None:
        reason = gain.reason or "no resample holds fraud"
        return Beat(name=found.minus, beats=None, sentence=f"Whether the rules beat {other} cannot be said: {reason}.")
    beats = gain.low > 0
    verdict = "The rules beat" if beats else "The rules do not beat"
    shown = "the whole paired interval lies above zero" if beats else "the paired interval does not lie above zero"
    few = f" That rests on {frauds} frauds only, fewer than {FEW_FRAUDS}." if frauds < FEW_FRAUDS else ""
    return Beat(
        name=found.minus,
        beats=beats,
        sentence=(
            f"{verdict} {other}: average precision {mine.average_precision.value:.3f} against "
            f"{theirs.average_precision.value:.3f}, a difference of {gain.value:+.3f} "
            f"(95 % {gain.low:+.3f} to {gain.high:+.3f}); {shown}.{_but(found)}{few}"
        ),
    )


def _but(found: Difference) -> str:
    """Say what a baseline does better at the thresholds in use, however it ranks."""
    less = [
        f"{-one.value * 100:.1f} points less of the {what} (95 % {-one.high * 100:.1f} to {-one.low * 100:.1f})"
        for what, one in (("frauds", found.recall), ("money", found.value_recall))
        if one.value is not None and one.low is not None and one.high is not None and one.high < 0
    ]
    return f" At the thresholds in use they catch {' and '.join(less)}." if less else ""


def _headline(main: Judged, amount: Judged, coverage: Coverage) -> str:
    name = main.name[0].upper() + main.name[1:]
    caught = main.together
    if not coverage.judged:
        return f"{name} cannot be judged: {NO_ROWS} by {coverage.as_of[:10]}."
    alerts = f"{name} raises {_number(caught.alerts_a_day)} alerts a day"
    if not coverage.frauds:
        return f"{alerts}; nothing more can be said, because there is {NO_FRAUD}."
    if caught.precision.value is None:
        return f"{name} raises no alert and catches none of the {coverage.frauds:,} frauds."
    return (
        f"{alerts}, of which {_percent(caught.precision)} are fraud; it catches {_percent(caught.recall)} of the "
        f"frauds and {_percent(caught.value_recall)} of their money. As many alerts on the largest amounts would catch "
        f"{_percent(amount.together.recall)} and {_percent(amount.together.value_recall)}."
    )


def _number(one: Estimate) -> str:
    return "no" if one.value is None else f"{one.value:,.1f}"


def _percent(one: Estimate) -> str:
    return "nothing" if one.value is None else f"{one.value * 100:.1f} %"


def _source(backtest: Backtest) -> Source:
    origin = backtest.purchases.origin
    offsets = origin.offsets
    return Source(
        kind=origin.kind,
        name=origin.name,
        sha256=origin.sha256,
        rows=origin.rows,
        offsets=None if offsets is None else {str(one): span for one, span in sorted(offsets.items())},
        detail=origin.detail,
    )


def _coverage(backtest: Backtest, rows: Rows) -> Coverage:
    purchases, period = backtest.purchases, backtest.period
    legitimate = ~purchases.fraud
    delay = (
        float(np.median(purchases.known_us[legitimate] - purchases.event_us[legitimate])) / DAY_US
        if legitimate.any()
        else None
    )
    known = purchases.fraud & purchases.mature
    frauds = int(rows.fraud.sum())
    return Coverage(
        from_time=format_us(period.from_us),
        to_time=format_us(period.to_us),
        judged_to=format_us(rows.judged_to_us),
        as_of=format_us(purchases.as_of_us),
        label_delay_days=None if delay is None else plain(delay),
        purchases=len(rows.period),
        judged=len(rows),
        waiting=len(rows.period) - len(rows),
        history=int((purchases.event_us < period.from_us).sum()),
        frauds=frauds,
        frauds_minor=int(rows.lost_minor.sum()),
        frauds_late=int((purchases.fraud & ~purchases.mature)[rows.judged].sum()),
        frauds_waiting=int(known[rows.period].sum()) - frauds,
        customers=len(np.unique(purchases.customer[rows.judged])),
        judged_days=plain(rows.judged_days),
        days=plain(rows.days),
    )


def _trained(backtest: Backtest) -> Trained | None:
    training = backtest.training
    if training is None:
        return None
    return Trained(until=format_us(training.until_us), purchases=training.purchases, frauds=training.frauds)


def _volume(name: str, scored: Scored, rows: Rows) -> Volume:
    alert = scored.alert[rows.period]
    totals = rows.over_period.totals([("alerts", alert), ("rows", np.ones(len(alert), dtype=np.bool_))])
    days_long = np.full(len(totals["alerts"]), rows.days)
    empty = "no purchase in the period"
    return Volume(
        name=name,
        alerts=estimate(totals["alerts"], empty, whole=True),
        alerts_a_day=estimate(quotient(totals["alerts"], days_long), empty),
        alerts_per_1000=estimate(quotient(totals["alerts"], totals["rows"]) * 1000, empty),
    )


def _curves(sets: dict[str, tuple[str, Scored]], rows: Rows) -> tuple[Curve, ...]:
    found = [
        curve(name, scored.log_odds_ulo[rows.judged], scored.alert[rows.judged], rows)
        for name, (_, scored) in sets.items()
    ]
    found.append(curve(AMOUNT_ALONE, rows.amount_minor, None, rows))
    return tuple(one for one in found if one is not None)


def _notes(coverage: Coverage, rows: Rows) -> list[str]:
    found = []
    if 0 < coverage.frauds < FEW_FRAUDS:
        found.append(
            f"Only {coverage.frauds} frauds judge, of {rows.customers(rows.fraud)} customers: the intervals are rough, "
            f"and nothing can be promoted on fewer than {FEW_FRAUDS}."
        )
    if coverage.frauds_late:
        found.append(
            f"Judged purchases that turned out to be fraud after {coverage.as_of[:10]}, as the source knows: "
            f"{coverage.frauds_late:,}; they count as none, as they would have then."
        )
    if coverage.waiting:
        found.append(
            f"Labels of {coverage.waiting:,} purchases from {coverage.judged_to[:10]} on may still come; they count in "
            f"the volume of alerts and in nothing else."
        )
    return found
