"""The gate before a promotion: alert volume on the newest days, recall and money on the newest mature labels.

Both are judged by the worse end of a 95 % interval: volume by customers as clusters, recall by a paired bootstrap over
customers, so that what two rule sets have in common is no noise. A figure beyond its limit fails; one whose interval
alone reaches beyond it, or that rests on fewer frauds than the operator asks for, is insufficient evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from streamflow.backtest.evidence import Evidence, Gate, Range, Result, Rows, allowed, new_evidence, subject, verdict_of
from streamflow.backtest.lineage import Lineage, alert_budget, lineage
from streamflow.backtest.scored import Backtest, Period, Purchases, Scored
from streamflow.contracts.timestamps import format_us
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.statistics.clusters import clustered_share
from streamflow.statistics.ranking import Ranking

if TYPE_CHECKING:
    from streamflow.contracts.calibrations import Calibration
    from streamflow.settings import GateSettings, Settings

DAY_US = 86_400_000_000
RESAMPLES = 1000
PSEUDO = 0.5
"""Customers added to those gained and to those lost, as for paired shares (A. Agresti and Y. Min, Stat. in Medicine 24,
2005)."""

CAUGHT: dict[str, str] = {"recall": "frauds caught", "value_recall": "money of frauds caught"}
SAID: dict[Result, str] = {"passed": "within", "insufficient": "perhaps beyond", "failed": "beyond"}

Lossy = Literal["recall", "value_recall"]


@dataclass(frozen=True)
class Judging:
    """The rows whose labels judge.

    Attributes:
        period: Their event times.
        chosen: Which purchases they are, shape (rows,).
        fraud: Of all purchases, which count as fraud, shape (rows,).
    """

    period: Period
    chosen: Bools
    fraud: Bools


@dataclass(frozen=True)
class Gain:
    """What a candidate catches, and by how much more than another rule set; shares, the gain with its interval."""

    candidate: float
    against: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Frauds:
    """Frauds that two rule sets looked at; shape (frauds,) each.

    Attributes:
        group: Number of each one's customer, from 0.
        candidate: Whether the candidate alerts on it.
        against: What part of it the other one alerts on, 0 to 1.
    """

    group: Ints
    candidate: Bools
    against: Floats

    def gain(self, size: Floats, rng: np.random.Generator) -> Gain | None:
        """Compare the shares that both catch, by a paired bootstrap over customers.

        Args:
            size: What each fraud counts, shape (frauds,).
            rng: Source of the resamples.

        Returns:
            The gain; None when the frauds count nothing.
        """
        whole = np.bincount(self.group, size)
        mine, theirs = np.bincount(self.group, size * self.candidate), np.bincount(self.group, size * self.against)
        total = float(whole.sum())
        if total <= 0:
            return None
        # Two customers more, half as large as the others on average, one gained and one lost: where few differ, or by
        # chance none, resamples of the others alone would show a certainty that nobody has.
        mean = PSEUDO * total / len(whole)
        sizes = np.append(whole, [mean, mean])
        gained = np.append(mine - theirs, [mean, -mean])
        drawn = []
        for _ in range(RESAMPLES):
            times = rng.poisson(1.0, len(sizes)).astype(np.float64)
            of_all = times @ sizes
            if of_all > 0:
                drawn.append(times @ gained / of_all)
        low, high = np.percentile(drawn, [2.5, 97.5])
        candidate, against = float(mine.sum()) / total, float(theirs.sum()) / total
        return Gain(candidate, against, candidate - against, float(low), float(high))


def evidence_of(
    backtest: Backtest, settings: Settings, *, calibration: Calibration | None = None, seed: int = 1
) -> Evidence:
    """Return the evidence that a backtest gives for promoting its rule set; write it with `evidence.save`.

    Args:
        backtest: Scored purchases; `against` is the rule set in force, None for a first promotion.
        settings: What the operator allows, and where calibrations are.
        calibration: The one that the rule set names, when it is not on file yet.
        seed: Of the resamples.

    Returns:
        The evidence, not saved yet.
    """
    purchases, candidate = backtest.purchases, backtest.scored.rule_set
    told = lineage(backtest, settings, calibration)
    budget = alert_budget(candidate, settings, calibration)
    gates = gate(backtest, settings.gate, told, budget, seed=seed)
    origin = purchases.origin
    times = purchases.event_us
    return new_evidence(
        candidate=subject(candidate),
        against=None if backtest.against is None else subject(backtest.against.rule_set),
        verdict=verdict_of(gates),
        gates=gates,
        allowed=allowed(settings),
        budget=budget,
        origin=Rows(
            kind="log" if origin.kind == "log" else "file",
            name=origin.name,
            sha256=origin.sha256,
            rows=origin.rows,
            from_time=format_us(int(times.min()) if len(purchases) else 0),
            to_time=format_us(int(times.max()) + 1 if len(purchases) else 0),
            offsets=None
            if origin.offsets is None
            else {str(partition): span for partition, span in sorted(origin.offsets.items())},
            detail=origin.detail,
        ),
        as_of=format_us(purchases.as_of_us),
        trained_until=None if told.until_us is None else format_us(told.until_us),
        notes=told.notes,
    )


def gate(
    backtest: Backtest, allowance: GateSettings, told: Lineage, budget: float, *, seed: int = 1
) -> tuple[Gate, ...]:
    """Judge a backtest.

    Args:
        backtest: Scored purchases.
        allowance: What the operator allows.
        told: Where the candidate's training ended.
        budget: Alerts in a thousand purchases.
        seed: Of the resamples.

    Returns:
        Alert volume; with a rule set to compare with, also recall and value recall.
    """
    volume = volume_gate(backtest.purchases, backtest.scored, allowance, budget)
    if backtest.against is None:
        return (volume,)
    rng = np.random.default_rng([seed, *b"gate"])
    return (volume, *loss_gates(backtest, backtest.against, allowance, told=told, limit=volume.limit, rng=rng))


def volume_gate(purchases: Purchases, scored: Scored, allowance: GateSettings, budget: float) -> Gate:
    """Hold the alerts of the newest days against the budget."""
    limit = budget * (1 + allowance.volume_excess)
    unit = "alerts per 1,000 purchases"
    if not len(purchases):
        return Gate(
            name="alert_volume", result="insufficient", unit=unit, limit=limit, sentence="There are no purchases."
        )
    end = int(purchases.event_us.max()) + 1
    period = Period(end - allowance.volume_days * DAY_US, end)
    chosen = period.of(purchases.event_us)
    _, groups = np.unique(purchases.customer[chosen], return_inverse=True)
    share = clustered_share(scored.alert[chosen], np.ones(len(groups)), groups)
    value, low, high = share.value * 1000, share.interval[0] * 1000, share.interval[1] * 1000
    result = result_of(limit - value, limit - high)
    return Gate(
        name="alert_volume",
        result=result,
        unit=unit,
        limit=limit,
        value=value,
        interval=(low, high),
        period=_range(period, purchases, chosen, purchases.fraud & purchases.mature),
        sentence=(
            f"{value:.2f} alerts per 1,000 purchases (95 % interval {low:.2f} to {high:.2f}) on the newest "
            f"{allowance.volume_days} days; {SAID[result]} the {limit:.2f} that the budget of "
            f"{budget:g} allows."
        ),
    )


def mature_until(purchases: Purchases) -> int:
    """Return the event time before which every label is as known as it will be, epoch microseconds.

    Frauds that were reported early lie beyond it too; counting them without the others around them would overrate.
    """
    waiting = ~purchases.fraud & ~purchases.mature
    if waiting.any():
        return int(purchases.event_us[waiting].min())
    return int(purchases.event_us.max()) + 1 if len(purchases) else 0


def judging(backtest: Backtest, allowance: GateSettings, told: Lineage) -> Judging:
    """Choose the newest rows with mature labels after the candidate's training end.

    They reach back `recall_days`, or as far as it takes to hold `min_frauds` frauds, never before the training end or
    the start of the backtest's period.
    """
    purchases = backtest.purchases
    fraud = purchases.fraud & purchases.mature
    end = min(backtest.period.to_us, mature_until(purchases))
    start = max(backtest.period.from_us, told.until_us if told.until_us is not None else backtest.period.from_us)
    newest = max(start, end - allowance.recall_days * DAY_US)
    times = np.sort(purchases.event_us[fraud & Period(start, end).of(purchases.event_us)])
    if len(times):
        newest = min(newest, int(times[max(len(times) - allowance.min_frauds, 0)]))
    period = Period(min(newest, end), end)
    return Judging(period, period.of(purchases.event_us), fraud)


def loss_gates(
    backtest: Backtest,
    against: Scored,
    allowance: GateSettings,
    *,
    told: Lineage,
    limit: float,
    rng: np.random.Generator,
) -> tuple[Gate, Gate]:
    """Hold what the candidate catches against what the rule set in force catches.

    Args:
        backtest: Scored purchases.
        against: What the rule set in force said.
        allowance: What the operator allows.
        told: Where the candidate's training ended.
        limit: Alerts in a thousand purchases that count; of more, those with the highest scores.
        rng: Source of the resamples.
    """
    purchases = backtest.purchases
    rows = judging(backtest, allowance, told)
    fraud = rows.fraud[rows.chosen]
    period = _range(rows.period, purchases, rows.chosen, rows.fraud)
    lacking = told.unknown
    if not lacking and period.frauds < allowance.min_frauds:
        lacking = f"{period.frauds} frauds with mature labels after the training end, of {allowance.min_frauds} needed"
    _, group = np.unique(purchases.customer[rows.chosen][fraud], return_inverse=True)
    mine, theirs = backtest.scored.alert[rows.chosen], against.alert[rows.chosen]
    within = within_volume(against.log_odds_ulo[rows.chosen], theirs, limit / 1000 * len(theirs))
    frauds = Frauds(group, mine[fraud], within[fraud])
    money = purchases.amount_minor[rows.chosen][fraud].astype(np.float64)
    judged: tuple[tuple[Lossy, float, Floats], ...] = (
        ("recall", allowance.recall_loss, np.ones(len(money))),
        ("value_recall", allowance.value_recall_loss, money),
    )
    gates = []
    for name, may_lose, size in judged:
        every = float(size @ theirs[fraud] / size.sum()) if within.sum() < theirs.sum() and size.sum() > 0 else None
        gates.append(_loss_gate(name, may_lose, period, lacking or frauds.gain(size, rng), every))
    return gates[0], gates[1]


def within_volume(log_odds_ulo: Ints, alert: Bools, volume: float) -> Floats:
    """Return which part of each alert belongs to the highest-scored `volume` of them, 0 to 1.

    Analysts who can look at so many look at those; of alerts with the same score at the edge, at a part of each.

    Args:
        log_odds_ulo: Scores, shape (rows,).
        alert: Whether each row is an alert.
        volume: How many.
    """
    ranking = Ranking.of(log_odds_ulo.astype(np.float64))
    each = ranking.masses(alert.astype(np.float64))
    before = np.cumsum(each) - each
    part = np.clip(np.divide(volume - before, each, out=np.ones_like(each), where=each > 0), 0, 1)
    return np.asarray(alert * part[ranking.place], dtype=np.float64)


def _loss_gate(name: Lossy, may_lose: float, period: Range, found: str | Gain | None, every: float | None) -> Gate:
    """Judge a gain, or say what is lacking for one; `every` is what the rule set in force catches beyond the volume."""
    if not isinstance(found, Gain):
        return Gate(
            name=name,
            result="insufficient",
            unit="share",
            limit=-may_lose,
            period=period,
            sentence=f"Too little is known: {found or 'the frauds are worth nothing'}.",
        )
    gain = found
    beyond = "" if every is None else f", which catches {gain.against:.1%} within that volume and {every:.1%} in all"
    result = result_of(gain.value + may_lose, gain.low + may_lose)
    return Gate(
        name=name,
        result=result,
        unit="share",
        limit=-may_lose,
        value=gain.value,
        interval=(gain.low, gain.high),
        candidate=gain.candidate,
        against=gain.against,
        against_all=every,
        period=period,
        sentence=(
            f"{gain.candidate:.1%} of the {CAUGHT[name]}, {gain.value * 100:+.1f} points against the rule set in force"
            f"{beyond} (95 % interval {gain.low * 100:+.1f} to {gain.high * 100:+.1f}); {SAID[result]} the "
            f"{may_lose * 100:.1f} points that may be lost."
        ),
    )


def result_of(room: float, room_at_worst: float) -> Result:
    """Judge a figure by its distance from the limit, and by that of the worse end of its interval."""
    return "passed" if room_at_worst >= 0 else "insufficient" if room >= 0 else "failed"


def _range(period: Period, purchases: Purchases, chosen: Bools, fraud: Bools) -> Range:
    return Range(
        from_time=format_us(period.from_us),
        to_time=format_us(period.to_us),
        purchases=int(chosen.sum()),
        frauds=int((fraud & chosen).sum()),
        customers=len(np.unique(purchases.customer[chosen])),
    )
