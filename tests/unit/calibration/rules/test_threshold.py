"""The alert threshold saves most within the budget; the judgement compares it with the amount alone."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.calibration.rules.judgement import judge
from streamflow.calibration.rules.threshold import Budget, Threshold, choose_threshold
from streamflow.statistics.ranking import Ranking
from tests.unit.calibration.rules.tables import rows

pytestmark = pytest.mark.unit

PRIOR = -5_000_000
# A hundred purchases at each of three scores above the prior, 700 at the prior; 80, 30 and 1 of them fraud.
SCORES = np.repeat([2_000_000, 0, -2_000_000, PRIOR], [100, 100, 100, 700])
FRAUD = np.concatenate([np.arange(100) < 80, np.arange(100) < 30, np.arange(100) < 1, np.zeros(700, np.bool_)])


def chosen(alerts_per_1000: float, cost_minor: float) -> Threshold:
    """Choose a threshold where each fraud costs ten."""
    budget = Budget(alerts_per_1000, cost_minor)
    found = choose_threshold(SCORES, PRIOR, rows(FRAUD), np.random.default_rng(1), budget=budget)
    assert found is not None
    return found


def test_alerts_go_on_while_they_catch_more_than_they_cost() -> None:
    """At 100 a review the second group pays (30 of 100 at 1,000 each), the third does not."""
    found = chosen(1000, 100)
    assert found.ulo == -1_000_000
    assert found.alerts_per_1000 == pytest.approx(200)
    assert found.saved_minor_per_1000 == pytest.approx(110 * 1000 - 200 * 100)
    assert found.bound_by == "value"


def test_a_dear_review_leaves_only_the_surest_alerts() -> None:
    """At 500 a review 30 of 100 do not pay any more."""
    assert chosen(1000, 500).ulo == 1_000_000


def test_the_budget_ends_before_the_value_does() -> None:
    """A hundred alerts allowed: the second group would pay and is left."""
    found = chosen(100, 100)
    assert found.ulo == 1_000_000
    assert found.bound_by == "budget"


def test_the_threshold_lies_half_way_to_the_next_score_and_in_its_interval() -> None:
    """A last digit of a score decides nothing."""
    found = chosen(1000, 100)
    assert found.low <= found.ulo <= found.high
    assert found.ulo not in SCORES


def test_no_threshold_where_every_purchase_scores_the_prior() -> None:
    """Nothing can be told apart."""
    same = np.full(1000, PRIOR)
    found = choose_threshold(same, PRIOR, rows(FRAUD), np.random.default_rng(1), budget=Budget(10, 1))
    assert found is None


def test_a_judgement_counts_what_alerts_caught() -> None:
    """80 and 30 frauds of 111 in 200 alerts, by hand."""
    judged = judge(SCORES, -1_000_000, rows(FRAUD), np.random.default_rng(1))
    assert judged is not None
    figures = judged.figures
    assert figures["precision"].value == pytest.approx(110 / 200)
    assert figures["recall"].value == pytest.approx(110 / 111)
    assert figures["alerts_per_1000"].value == pytest.approx(200)
    assert figures["precision"].low < 110 / 200 < figures["precision"].high
    # All amounts are equal, so the amount alone alerts at random.
    assert figures["amount_alone_precision"].value == pytest.approx(111 / 1000)
    assert figures["average_precision_gain"].low > 0


def test_a_judgement_of_random_scores_gains_nothing() -> None:
    """The paired interval holds zero."""
    rng = np.random.default_rng(4)
    scores = rng.integers(-5_000_000, 5_000_000, 4000)
    every = rows(rng.random(4000) < 0.05, amount=rng.integers(100, 10_000, 4000))
    judged = judge(scores, 4_000_000, every, rng)
    assert judged is not None
    gain = judged.figures["average_precision_gain"]
    assert gain.low < 0 < gain.high


def test_without_fraud_there_is_nothing_to_judge() -> None:
    """No figure is made up."""
    assert judge(SCORES, 0, rows(np.zeros(1000, np.bool_)), np.random.default_rng(1)) is None


def test_average_precision_is_counted_by_hand() -> None:
    """Fraud at places 1 and 3 of 4: (1/1 + 2/3) / 2; two tied rows are one step."""
    every = Ranking.of(np.array([4.0, 3.0, 2.0, 1.0]))
    one = np.ones(4)
    assert every.average_precision(one, np.array([1.0, 0, 1, 0])) == pytest.approx((1 + 2 / 3) / 2)
    tied = Ranking.of(np.array([2.0, 2.0, 1.0, 1.0]))
    assert tied.average_precision(one, np.array([1.0, 0, 0, 0])) == pytest.approx(0.5)
