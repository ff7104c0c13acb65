"""Laws that hold for every backtest, whatever was bought and whatever the rules say."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamflow.backtest.estimates import Estimate, estimates
from streamflow.backtest.figures import judge
from streamflow.backtest.findings import Findings
from streamflow.backtest.resampling import Resamples, merged
from streamflow.backtest.scored import Backtest, Scored
from streamflow.backtest.worth import RANDOM, Difference
from streamflow.statistics.ranking import Ranking, average_precision
from tests.unit.backtest.figure_cases import ALERT, Row, case

FEW = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
RESAMPLES = 20

WEIGHTS = st.dictionaries(
    st.sampled_from(["high_value", "velocity", "blacklist"]), st.sampled_from([0, 1_000_000, ALERT]), max_size=3
)
ROWS = st.lists(
    st.builds(
        Row,
        hour=st.integers(0, 47).map(float),
        customer=st.integers(0, 6),
        amount=st.integers(1, 50),
        fraud=st.booleans(),
        weights=WEIGHTS,
        merchant=st.integers(0, 3),
    ),
    min_size=1,
    max_size=40,
)


def others(rows: list[Row]) -> list[dict[str, int]]:
    """Return what another rule set says: it weighs by the amount."""
    return [{"velocity": ALERT if one.amount > 25 else 0} for one in rows]


def judged(backtest: Backtest) -> Findings:
    """Judge, and see that something was."""
    found = judge(backtest, resamples=RESAMPLES)
    assert found.coverage.judged == len(backtest.purchases)
    assert len(list(estimates(found))) > 40
    return found


@FEW
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_figure(rows: list[Row], random: object) -> None:
    """With fewer purchases than 100 a day not even precision at 100 a day, where ties stand in the rows' order."""
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    before, after = judged(case(rows)), judged(case(shuffled))
    assert dict(estimates(before)) == pytest.approx(dict(estimates(after)))


@FEW
@given(ROWS)
def test_a_random_draw_is_worth_the_share_of_fraud(rows: list[Row]) -> None:
    """Its precision and its average precision are the base rate, its recall the share of alerts."""
    found = judged(case(rows))
    random = found.one(RANDOM)
    assert random is not None
    base = found.coverage.frauds / found.coverage.judged
    if found.coverage.frauds:
        assert random.average_precision.value == pytest.approx(base, abs=1e-6)
        share = (found.main.together.alerts.value or 0) / found.coverage.judged
        assert random.together.recall.value == pytest.approx(share, abs=1e-6)
    if found.main.together.alerts.value:
        assert random.together.precision.value == pytest.approx(base, abs=1e-6)


@FEW
@given(ROWS)
def test_a_difference_turned_round_is_its_negative(rows: list[Row]) -> None:
    """Value and both ends, because the resamples are the same."""
    backtest = case(rows, against=others(rows))
    assert backtest.against is not None
    turned = replace(backtest, scored=backtest.against, against=backtest.scored)
    one, other = (_against(judged(each)) for each in (backtest, turned))
    for name in ("average_precision", "recall", "value_recall", "precision"):
        there, back = getattr(one, name), getattr(other, name)
        assert (there.value is None) == (back.value is None)
        assert [there.value, there.low, there.high] == pytest.approx([_minus(back.value), *_ends(back)], abs=2e-6)


def _against(found: Findings) -> Difference:
    return next(one for one in found.differences if one.minus.startswith("rule set"))


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _ends(one: Estimate) -> tuple[float | None, float | None]:
    return _minus(one.high), _minus(one.low)


@FEW
@given(ROWS)
def test_every_figure_is_finite_or_says_why_not(rows: list[Row]) -> None:
    """And the figure lies inside what shares can be."""
    found = judged(case(rows, against=others(rows), plain=others(rows)))
    for path, one in estimates(found):
        assert one.value is not None or one.reason, path
        assert all(end is None or np.isfinite(end) for end in (one.low, one.high)), path
        if path.endswith(("precision", "recall")) and not path.startswith("differences"):
            assert one.value is None or 0 <= one.value <= 1, path


@FEW
@given(ROWS)
def test_gained_lost_and_common_alerts_are_all_alerts(rows: list[Row]) -> None:
    """Of both rule sets, by number and by money of fraud."""
    found = judged(case(rows, against=others(rows)))
    changes, against = found.changes, found.judged[1]
    assert changes is not None
    assert changes.gained.alerts + changes.both.alerts == found.main.together.alerts.value
    assert changes.lost.alerts + changes.both.alerts == against.together.alerts.value
    assert changes.gained.fraud_minor + changes.both.fraud_minor == found.main.together.caught_minor.value


@FEW
@given(ROWS)
def test_bins_of_the_score_hold_each_purchase_once(rows: list[Row]) -> None:
    """In rising order, each score in one bin."""
    bins = judged(case(rows)).reliability[0].bins
    assert sum(one.purchases for one in bins) == len(rows)
    assert sum(one.frauds for one in bins) == sum(one.fraud for one in rows)
    for lower, upper in pairwise(bins):
        assert lower.highest < upper.lowest


@FEW
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 5), st.booleans()), min_size=1, max_size=60)
)
def test_masses_of_resamples_are_those_of_their_weights(rows: list[tuple[int, int, int, bool]]) -> None:
    """Each resample's average precision is that of rows weighted by how often their customer was drawn.

    Scores without fraud that were joined with their neighbours make no difference.
    """
    scores, customers, _, fraud = (np.array(column) for column in zip(*rows, strict=True))
    resamples = Resamples.of(customers, 8, seed=3)
    ranking = Ranking.of(scores.astype(np.float64))
    for by in (ranking, merged(ranking, fraud)):
        masses = resamples.masses(by, np.ones(len(rows)), fraud)
        found = np.concatenate([average_precision(every, frauds) for _, (every, frauds) in masses])
        assert len(found) == 9
        for times, one in zip(resamples.times, found, strict=True):
            weight = times[resamples.cluster].astype(np.float64)
            assert one == pytest.approx(ranking.average_precision(weight, weight * fraud), nan_ok=True)


@pytest.mark.parametrize("weight", [0, ALERT])
def test_a_score_that_says_the_same_of_all_ranks_like_a_random_draw(weight: int) -> None:
    """One step, whose precision is the share of fraud."""
    rows = [Row(float(hour), hour % 5, fraud=hour % 4 == 0, weights={"velocity": weight}) for hour in range(40)]
    found = judged(case(rows))
    assert found.main.average_precision.value == pytest.approx(0.25)


def test_probabilities_that_hold_are_found_to_hold() -> None:
    """Frauds drawn with the very scores: every bin's interval holds what was predicted, in most draws of them."""
    rng = np.random.default_rng(5)
    rows = [
        Row(float(hour), hour % 400, weights={"velocity": int(weight)})
        for hour, weight in enumerate(rng.integers(0, 60, 4000) * 100_000)
    ]
    backtest = case(rows, days=4000 / 24)
    said = backtest.scored.probability()
    purchases = replace(backtest.purchases, fraud=rng.random(4000) < said)
    calibrated = replace_rule_set(backtest.scored)
    found = judge(replace(backtest, purchases=purchases, scored=calibrated), resamples=RESAMPLES).reliability[0]
    assert len(found.bins) == 10
    inside = [
        one.observed.low <= one.predicted <= one.observed.high
        for one in found.bins
        if one.observed.low is not None and one.observed.high is not None
    ]
    assert len(inside) == 10
    assert sum(inside) >= 8
    assert found.sentence.startswith("The score is calibrated.")
    assert "which agrees with it" in found.sentence
    assert found.expected_calibration_error.value is not None
    assert found.expected_calibration_error.value < 0.03


def replace_rule_set(scored: Scored) -> Scored:
    """Return the same under a rule set that calls its score calibrated."""
    from msgspec.structs import replace as changed

    return replace(scored, rule_set=changed(scored.rule_set, score_calibrated=True, calibration="by-hand-1"))
