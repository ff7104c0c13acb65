"""The joint fit: it finds weights that are there, and none that are not."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.calibration.rules.bands import Bands
from streamflow.calibration.rules.scorecard import (
    FittedDesign,
    design_of,
    fit_weights,
    log_odds,
    masses,
    weight_intervals,
)
from streamflow.datasets.table import Bools, Floats, Ints
from tests.unit.calibration.rules.tables import rows

pytestmark = pytest.mark.unit

COUNT = 60_000
PRIOR = -3.0
VELOCITY = Bands("velocity", "purchases", 1, (1, 2))
HOURS = Bands("time_anomaly", "deviation_sigma", 1, (1,))
RATIO, AMOUNT = Bands("high_value", "ratio_to_mean", 1, (1, 2)), Bands("high_value", "amount_minor", 1, (1, 2))


def labels(z: Floats, seed: int = 2) -> Bools:
    """Draw labels by their log-odds."""
    return np.asarray(np.random.default_rng(seed).random(len(z)) < 1 / (1 + np.exp(-z)))


def drawn(seed: int, *tops: int) -> list[Ints]:
    """Draw bands that rows reach, none of them half the time."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, top + 1, COUNT) * rng.integers(0, 2, COUNT) for top in tops]


def test_true_weights_are_found_within_their_intervals() -> None:
    """Two rules with known weights: prior and bands are recovered, and the intervals hold the truth."""
    counts, hours = drawn(1, 2, 1)
    fraud = labels(PRIOR + np.array([0, 1.0, 2.5])[counts] + np.array([0, 0.8])[hours])
    design = design_of([VELOCITY, HOURS], {VELOCITY.name: counts, HOURS.name: hours})
    every = rows(fraud)
    weights = fit_weights(design, *masses(design, every.fraud, every.weight), 1.0)
    assert weights.prior == pytest.approx(PRIOR, abs=0.1)
    assert weights.by_measure[0] == pytest.approx([1.0, 2.5], abs=0.15)
    assert weights.by_measure[1] == pytest.approx([0.8], abs=0.1)
    ends = weight_intervals(FittedDesign(design, weights, 1.0), every, np.random.default_rng(3))
    for low, truth, high in zip(ends.low.by_measure[0], (1.0, 2.5), ends.high.by_measure[0], strict=True):
        assert low < truth < high
        assert high - low < 0.4


def test_a_rule_without_signal_weighs_next_to_nothing_and_its_interval_says_so() -> None:
    """Labels that know nothing of the hours give them a weight near zero whose interval begins at zero."""
    counts, hours = drawn(4, 2, 1)
    fraud = labels(PRIOR + np.array([0, 1.0, 2.5])[counts])
    design = design_of([VELOCITY, HOURS], {VELOCITY.name: counts, HOURS.name: hours})
    every = rows(fraud)
    weights = fit_weights(design, *masses(design, every.fraud, every.weight), 1.0)
    ends = weight_intervals(FittedDesign(design, weights, 1.0), every, np.random.default_rng(3))
    assert weights.by_measure[1][0] < 0.1
    assert ends.low.by_measure[1][0] == pytest.approx(0, abs=1e-6)
    assert ends.high.by_measure[1][0] < 0.15


def test_rules_that_fire_together_are_not_counted_twice() -> None:
    """Two rules that always fire together share the weight that one of them would have alone."""
    (counts,) = drawn(5, 1)
    fraud = labels(PRIOR + 2.0 * counts)
    twin = Bands("velocity", "purchases", 1, (1,))
    design = design_of([twin, HOURS], {twin.name: counts, HOURS.name: counts})
    weights = fit_weights(design, *masses(design, fraud, np.ones(COUNT)), 1.0)
    assert weights.by_measure[0][0] + weights.by_measure[1][0] == pytest.approx(2.0, abs=0.1)


def test_weights_never_fall_with_strength() -> None:
    """A stronger band with less fraud than the weaker one gets the same weight, not a smaller one."""
    (counts,) = drawn(6, 2)
    fraud = labels(PRIOR + np.array([0, 2.0, 0.5])[counts])
    design = design_of([VELOCITY], {VELOCITY.name: counts})
    weights = fit_weights(design, *masses(design, fraud, np.ones(COUNT)), 1.0)
    low, high = weights.by_measure[0]
    assert 0 < low <= high
    assert high == pytest.approx(low, abs=1e-6)


def test_a_line_counts_the_heaviest_of_its_rules_measures() -> None:
    """When fraud follows the larger of two measures, the fit finds both ladders, not their sum."""
    ratio, amount = drawn(7, 2, 2)
    truth = np.maximum(np.array([0, 0.5, 3.0])[ratio], np.array([0, 1.5, 2.0])[amount])
    design = design_of([RATIO, AMOUNT], {RATIO.name: ratio, AMOUNT.name: amount})
    weights = fit_weights(design, *masses(design, labels(PRIOR + truth), np.ones(COUNT)), 1.0)
    # Half a log-odd of ratio shows only where the amount says nothing.
    assert weights.by_measure[0] == pytest.approx([0.5, 3.0], abs=0.25)
    assert weights.by_measure[1] == pytest.approx([1.5, 2.0], abs=0.25)
    both = log_odds(design, weights)[design.place[(ratio == 2) & (amount == 2)][0]]
    assert both == pytest.approx(weights.prior + weights.by_measure[0][1], abs=1e-9)


def test_given_weights_stay_as_they_are() -> None:
    """A measure fitted elsewhere keeps its weights, and the others are fitted beside it."""
    counts, hours = drawn(8, 2, 1)
    fraud = labels(PRIOR + np.array([0, 1.0, 2.5])[counts] + np.array([0, 0.8])[hours])
    design = design_of([VELOCITY, HOURS], {VELOCITY.name: counts, HOURS.name: hours})
    given = {VELOCITY.name: np.array([1.0, 2.5])}
    weights = fit_weights(design, *masses(design, fraud, np.ones(COUNT)), 1.0, given)
    assert weights.by_measure[0].tolist() == [1.0, 2.5]
    assert weights.by_measure[1] == pytest.approx([0.8], abs=0.1)


def test_a_band_that_only_fraud_reaches_has_a_finite_weight() -> None:
    """Perfect separation ends at the ridge, not at infinity."""
    counts = np.zeros(1000, np.int64)
    counts[:40] = 1
    one = Bands("velocity", "purchases", 1, (1,))
    design = design_of([one], {one.name: counts})
    weights = fit_weights(design, *masses(design, counts == 1, np.ones(1000)), 1.0)
    assert 3 < weights.by_measure[0][0] < 15


def test_patterns_hold_every_row_once() -> None:
    """Compression loses no mass."""
    counts, hours = drawn(9, 2, 1)
    design = design_of([VELOCITY, HOURS], {VELOCITY.name: counts, HOURS.name: hours})
    n, f = masses(design, counts > 0, np.ones(COUNT))
    assert len(design.patterns) == 6
    assert n.sum() == COUNT
    assert f.sum() == (counts > 0).sum()
