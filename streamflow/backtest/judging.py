"""Which purchases judge, and what one rule set or baseline is worth on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from streamflow.backtest.daily import DailyTop, mean_over_days
from streamflow.backtest.estimates import Estimate, estimate, plain, quotient
from streamflow.backtest.gate import DAY_US, mature_until
from streamflow.backtest.resampling import Resamples, merged
from streamflow.backtest.scored import Backtest, Purchases, Scored
from streamflow.backtest.worth import AMOUNT_ALONE, RANDOM, TOGETHER, Caught, Judged
from streamflow.contracts.rule_sets import RULES
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.rules.scorecard import logistic
from streamflow.statistics.intervals import wilson
from streamflow.statistics.ranking import Ranking, average_precision

NO_FRAUD = "no fraud among the judged purchases"
NO_ROWS = "no purchase of the period has a mature label"
NO_ALERTS = "no alerts"
NO_MONEY = "the frauds among the judged purchases are worth nothing"


@dataclass(frozen=True)
class Rows:
    """The purchases that judge, shape (rows,) in every array.

    Attributes:
        purchases: All purchases.
        period: Places of those of the period.
        judged: Places of those that judge.
        judged_to_us: Before it every label is mature, epoch microseconds.
        judged_days: Length of the judged period, days.
        days: Length of the whole period, days.
        over_period: Customers drawn anew, for the purchases of the period.
        resamples: The same draws for those that judge.
    """

    purchases: Purchases
    period: Ints
    judged: Ints
    judged_to_us: int
    judged_days: float
    days: float
    over_period: Resamples
    resamples: Resamples

    @classmethod
    def of(cls, backtest: Backtest, seed: int, resamples: int) -> Rows:
        """Choose them: the period's, up to where every label is mature."""
        purchases, period = backtest.purchases, backtest.period
        start, end = _seen(purchases, period.from_us, period.to_us)
        judged_to = max(start, min(end, mature_until(purchases)))
        inside = np.flatnonzero(period.of(purchases.event_us))
        mature = purchases.event_us[inside] < judged_to
        drawn = Resamples.of(purchases.customer[inside], resamples, seed)
        return cls(
            purchases,
            inside,
            inside[mature],
            judged_to,
            (judged_to - start) / DAY_US,
            (end - start) / DAY_US,
            drawn,
            Resamples(drawn.cluster[mature], drawn.times),
        )

    def __len__(self) -> int:
        return len(self.judged)

    @cached_property
    def fraud(self) -> Bools:
        """Whether each is fraud that is known."""
        return np.asarray((self.purchases.fraud & self.purchases.mature)[self.judged])

    @cached_property
    def amount_minor(self) -> Ints:
        """Minor units."""
        return self.purchases.amount_minor[self.judged]

    @cached_property
    def lost_minor(self) -> Ints:
        """Minor units of fraud, 0 for others."""
        return self.amount_minor * self.fraud

    @cached_property
    def day(self) -> Ints:
        """UTC day since 1970."""
        return self.purchases.event_us[self.judged] // DAY_US

    @cached_property
    def base(self) -> dict[str, Floats]:
        """Rows, frauds and their money in each resample."""
        ones = np.ones(len(self), dtype=np.bool_)
        return self.resamples.totals([("rows", ones), ("frauds", self.fraud), ("lost", self.lost_minor)])

    def customers(self, chosen: Bools) -> int:
        """Count the customers behind rows."""
        return len(np.unique(self.resamples.cluster[chosen]))


def _seen(purchases: Purchases, from_us: int, to_us: int) -> tuple[int, int]:
    """Cut a period down to where there are purchases, so that a figure a day counts no empty year."""
    if not len(purchases):
        return from_us, from_us
    first, last = int(purchases.event_us.min()), int(purchases.event_us.max()) + 1
    start = min(max(from_us, first), to_us)
    return start, max(start, min(to_us, last))


@dataclass(frozen=True)
class Drawn:
    """What differences are taken of, shape (1 + resamples,) each."""

    average_precision: Floats
    precision: Floats
    recall: Floats
    value_recall: Floats


@dataclass(frozen=True)
class Worth:
    """One way of alerting: its figures, and the resamples behind them."""

    judged: Judged
    drawn: Drawn


def judge_rule_set(name: str, role: str, scored: Scored, rows: Rows) -> Worth:
    """Judge a rule set, each rule and all together."""
    alert = scored.alert[rows.judged]
    weighs = {rule: scored.weights_ulo[rule][rows.judged] != 0 for rule in RULES if rule in scored.weights_ulo}
    groups = {TOGETHER: alert, **{rule: alert & some for rule, some in weighs.items()}}

    def columns() -> Iterator[tuple[str, Bools | Ints]]:
        for group, some in groups.items():
            yield f"{group}.alerts", some
            yield f"{group}.caught", some & rows.fraud
            yield f"{group}.money", rows.lost_minor * some
            yield f"{group}.fires", alert if group == TOGETHER else weighs[group]

    totals = rows.resamples.totals(columns())
    reasons = reasons_for(scored, rows.purchases)
    caught = {
        group: _caught(group, [totals[f"{group}.{part}"] for part in PARTS], rows, some, reasons.get(group, ""))
        for group, some in groups.items()
    }
    log_odds = scored.log_odds_ulo[rows.judged]
    ranked = _rank(log_odds, rows)
    together = [totals[f"{TOGETHER}.{part}"] for part in PARTS]
    rule_set = scored.rule_set
    judged = Judged(
        name=name,
        role=role,
        version=rule_set.version,
        sha256=rule_set.sha256,
        calibration=rule_set.calibration,
        threshold=logistic(rule_set.alert_threshold_ulo, rule_set.score_digits),
        together=caught[TOGETHER],
        rules=tuple(caught[rule] for rule in weighs),
        average_precision=estimate(ranked, NO_FRAUD if len(rows) else NO_ROWS),
        precision_at_100_a_day=estimate(_daily(log_odds, rows), NO_ROWS),
    )
    return Worth(judged, _drawn(ranked, together, rows))


def judge_amount_alone(alerts: Floats, rows: Rows) -> Worth:
    """Judge as many alerts on the largest amounts; amounts that tie at the edge are taken in part."""
    ranking = merged(Ranking.of(rows.amount_minor.astype(np.float64)), rows.fraud)
    ones = np.ones(len(rows), dtype=np.bool_)
    caught, money, ranked = (np.empty(len(rows.resamples)) for _ in range(3))
    for chosen, (every, frauds, lost) in rows.resamples.masses(ranking, ones, rows.fraud, rows.lost_minor):
        if not len(every):
            caught[chosen], money[chosen], ranked[chosen] = 0.0, 0.0, np.nan
            continue
        room = alerts[chosen] - (np.cumsum(every, axis=0) - every)
        taken = np.clip(np.divide(room, every, out=np.zeros_like(every), where=every > 0), 0, 1)
        caught[chosen], money[chosen] = (taken * frauds).sum(axis=0), (taken * lost).sum(axis=0)
        ranked[chosen] = average_precision(every, frauds)
    largest = np.sort(rows.amount_minor)[::-1][: int(alerts[0])]
    top = rows.amount_minor >= largest[-1] if len(largest) else np.zeros(len(rows), dtype=bool)
    parts = [alerts, caught, money, alerts]
    judged = Judged(
        name=AMOUNT_ALONE,
        role="baseline",
        threshold=float(largest[-1]) if len(largest) else None,
        together=_caught(TOGETHER, parts, rows, top, ""),
        average_precision=estimate(ranked, NO_FRAUD if len(rows) else NO_ROWS),
        precision_at_100_a_day=estimate(_daily(rows.amount_minor, rows), NO_ROWS),
    )
    return Worth(judged, _drawn(ranked, parts, rows))


def judge_random(alerts: Floats, rows: Rows) -> Worth:
    """Judge as many alerts on purchases drawn at random, by expectation: precision is the share of fraud."""
    base = rows.base
    rate = quotient(base["frauds"], base["rows"])
    taken = quotient(alerts, base["rows"])
    parts = [alerts, alerts * rate, taken * base["lost"], alerts]
    # The expected average precision of a random order is the share of fraud, up to terms of one over the rows.
    ranked = np.where(base["frauds"] > 0, rate, np.nan)
    by_day = Ranking.of(-rows.day.astype(np.float64))
    daily = np.full(len(rows.resamples), np.nan)
    for chosen, (every, frauds) in rows.resamples.masses(by_day, np.ones(len(rows), dtype=np.bool_), rows.fraud):
        daily[chosen] = mean_over_days(quotient(frauds, every))
    judged = Judged(
        name=RANDOM,
        role="baseline",
        together=_caught(TOGETHER, parts, rows, np.ones(len(rows), dtype=bool), ""),
        average_precision=estimate(ranked, NO_FRAUD if len(rows) else NO_ROWS),
        precision_at_100_a_day=estimate(daily, NO_ROWS),
    )
    return Worth(judged, _drawn(ranked, parts, rows))


PARTS = ("alerts", "caught", "money", "fires")


def reasons_for(scored: Scored, purchases: Purchases) -> dict[str, str]:
    """Return by rule why it had nothing to work on."""
    banded = {rule for rule, _, measure in scored.rule_set.measures() if measure.bands}
    found = {rule: "no band in this rule set" for rule in RULES if rule not in banded}
    if purchases.merchant is None:
        found["blacklist"] = "no merchants in the source"
    return found | dict(purchases.not_applicable)


def _caught(name: str, parts: list[Floats], rows: Rows, alerts: Bools, reason: str) -> Caught:
    """Turn sums over resamples into figures; `parts` in the order of PARTS."""
    count, caught, money, fires = parts
    base = rows.base
    if reason or not len(rows):
        none = Estimate(value=None, reason=f"not applicable: {reason}" if reason else NO_ROWS)
        return Caught(
            name=name,
            alerts=none,
            alerts_a_day=none,
            precision=none,
            recall=none,
            caught_minor=none,
            missed_minor=none,
            value_recall=none,
            fires_on=none,
            not_applicable=reason,
        )
    of_fraud = rows.customers(rows.fraud)
    return Caught(
        name=name,
        alerts=estimate(count, "", whole=True),
        alerts_a_day=estimate(count / rows.judged_days, ""),
        precision=share(caught, count, NO_ALERTS, rows.customers(alerts)),
        recall=share(caught, base["frauds"], NO_FRAUD, of_fraud),
        caught_minor=estimate(money, "", whole=True),
        missed_minor=estimate(base["lost"] - money, "", whole=True),
        value_recall=share(money, base["lost"], NO_MONEY if rows.fraud.any() else NO_FRAUD, of_fraud),
        fires_on=share(fires, base["rows"], NO_ROWS, rows.customers(np.ones(len(rows), dtype=bool))),
    )


def share(part: Floats, whole: Floats, reason: str, customers: int) -> Estimate:
    """Return a share with its interval.

    Args:
        part: Shape (1 + resamples,).
        whole: The same.
        reason: Why there is none, if there is nothing to divide by.
        customers: How many stand behind the whole.
    """
    found = estimate(quotient(part, whole), reason)
    if found.value in (0, 1) and customers:
        # Where all or nothing was seen, no resample sees anything else: Wilson's interval on the customers stands in.
        ends = wilson(found.value * customers, customers)
        return Estimate(value=found.value, low=plain(ends.low), high=plain(ends.high))
    return found


def _rank(scores: Ints, rows: Rows) -> Floats:
    ranked = np.full(len(rows.resamples), np.nan)
    ranking = merged(Ranking.of(scores.astype(np.float64)), rows.fraud)
    for chosen, (every, frauds) in rows.resamples.masses(ranking, np.ones(len(rows), dtype=np.bool_), rows.fraud):
        if len(every):
            ranked[chosen] = average_precision(every, frauds)
    return ranked


def _daily(scores: Ints, rows: Rows) -> Floats:
    return DailyTop.of(scores, rows.day, rows.fraud, rows.resamples.cluster).precision(rows.resamples)


def _drawn(ranked: Floats, parts: list[Floats], rows: Rows) -> Drawn:
    count, caught, money, _ = parts
    base = rows.base
    return Drawn(ranked, quotient(caught, count), quotient(caught, base["frauds"]), quotient(money, base["lost"]))
