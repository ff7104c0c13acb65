"""Whether a score is the probability that it looks like: what was predicted against what came."""

from __future__ import annotations

import numpy as np

from streamflow.backtest.estimates import Estimate, estimate, plain, quotient
from streamflow.backtest.findings import Bin, Reliability
from streamflow.backtest.judging import NO_ROWS, Rows
from streamflow.backtest.scored import Scored
from streamflow.datasets.table import Floats, Ints
from streamflow.rules.scorecard import logistic
from streamflow.statistics.clusters import clustered_share

BINS = 10
NOT_CALIBRATED = "The score is not calibrated: the rule set says that it was never checked against real labels."


def reliability(name: str, scored: Scored, rows: Rows) -> Reliability:
    """Compare a score with the labels.

    Args:
        name: What to call the rule set.
        scored: What it said.
        rows: The purchases that judge.
    """
    rule_set = scored.rule_set
    distinct, place = np.unique(scored.log_odds_ulo[rows.judged], return_inverse=True)
    scores = np.array([logistic(int(one), rule_set.score_digits) for one in distinct], dtype=np.float64)
    number = _bins(np.bincount(place, minlength=len(distinct)))
    bins = tuple(_bin(scores, place, number, one, rows) for one in range(int(number.max(initial=-1)) + 1))
    off = sum(one.purchases * abs(one.predicted - (one.observed.value or 0.0)) for one in bins)
    error = estimate_of(off / len(rows)) if len(rows) else Estimate(value=None, reason=NO_ROWS)
    totals = rows.resamples.totals([("said", scores[place] if len(rows) else np.zeros(0))])
    ratio = estimate(quotient(rows.base["frauds"], totals["said"]), NO_ROWS)
    return Reliability(
        name=name,
        calibrated=rule_set.score_calibrated,
        sentence=_sentence(rule_set.score_calibrated, ratio),
        bins=bins,
        expected_calibration_error=error,
        observed_to_predicted=ratio,
    )


def estimate_of(value: float) -> Estimate:
    """Return a figure that has no interval: the error of calibration grows with every resample's own noise."""
    return Estimate(value=plain(value), reason="")


def _bins(counts: Ints, bins: int = BINS) -> Ints:
    """Cut distinct scores, lowest first, into bins of about equal numbers of purchases.

    One score is never cut in two, so the first bin, of purchases that no rule says anything about, is a large one and
    the others share the rest evenly.

    Args:
        counts: Purchases at each distinct score.
        bins: At most so many.

    Returns:
        The bin of each distinct score.
    """
    number = np.zeros(len(counts), dtype=np.int64)
    at, inside, left = 0, 0, int(counts.sum())
    for score, count in enumerate(counts.tolist()):
        # What is left is shared by the bins that are left; a score opens a new bin when it brings more than it fills.
        wanted = (inside + left) / max(bins - at, 1)
        if inside and at < bins - 1 and inside + count / 2 > wanted:
            at, inside = at + 1, 0
        number[score] = at
        inside, left = inside + count, left - count
    return number


def _bin(scores: Floats, place: Ints, number: Ints, one: int, rows: Rows) -> Bin:
    of_bin = np.flatnonzero(number == one)
    chosen = np.isin(place, of_bin)
    fraud = rows.fraud[chosen]
    came = clustered_share(fraud, np.ones(len(fraud)), rows.resamples.cluster[chosen].astype(np.int64))
    return Bin(
        lowest=plain(scores[of_bin[0]]),
        highest=plain(scores[of_bin[-1]]),
        purchases=len(fraud),
        frauds=int(fraud.sum()),
        predicted=plain(float(scores[place[chosen]].mean())),
        observed=Estimate(value=plain(came.value), low=plain(came.interval[0]), high=plain(came.interval[1])),
    )


def _sentence(calibrated: bool, ratio: Estimate) -> str:
    if ratio.value is None or ratio.low is None or ratio.high is None:
        said = "Nothing can be said about it here."
    else:
        came = f"{ratio.value:.2f} times as many frauds came as it predicted (95 % {ratio.low:.2f} to {ratio.high:.2f})"
        holds = "which agrees with it" if ratio.low <= 1 <= ratio.high else "which does not agree with it"
        said = f"{came}, {holds}." if calibrated else f"{came}."
    return f"The score is calibrated. {said}" if calibrated else f"{NOT_CALIBRATED} {said}"
