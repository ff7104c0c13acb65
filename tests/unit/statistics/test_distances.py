"""Distances of weighted samples: values known by hand, weights as repeated rows, and noise by halves."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.statistics.distances import Sample, halves_apart, kolmogorov_smirnov, total_variation, wasserstein


def sample(*values: float, weights: list[float] | None = None) -> Sample:
    """Return a sample, of weight 1 a value where nothing is said."""
    return Sample(np.array(values, dtype=float), np.array(weights or [1.0] * len(values)))


@pytest.mark.parametrize(
    ("one", "other", "moved", "apart"),
    [
        (sample(1, 2, 3), sample(1, 2, 3), 0.0, 0.0),
        (sample(0), sample(5), 5.0, 1.0),
        (sample(0, 0, 0, 4), sample(0, 0, 4, 4), 1.0, 0.25),
        (sample(0, 4, weights=[3, 1]), sample(0, 4, weights=[1, 1]), 1.0, 0.25),
        (sample(), sample(1), float("inf"), 1.0),
        (sample(), sample(), 0.0, 0.0),
    ],
)
def test_distances_are_those_worked_out_by_hand(one: Sample, other: Sample, moved: float, apart: float) -> None:
    """In both directions."""
    assert wasserstein(one, other) == wasserstein(other, one) == pytest.approx(moved)
    assert kolmogorov_smirnov(one, other) == kolmogorov_smirnov(other, one) == pytest.approx(apart)


def test_a_weight_counts_as_so_many_rows() -> None:
    """Two weights are what scipy makes of repeated rows."""
    from scipy.stats import ks_2samp, wasserstein_distance

    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=200), rng.integers(1, 5, 200)
    other = rng.normal(0.3, 1.2, 300)
    rows = np.repeat(values, weights)
    mine, theirs = Sample(values, weights.astype(float)), Sample(other, np.ones(300))
    assert wasserstein(mine, theirs) == pytest.approx(float(wasserstein_distance(rows, other)))
    assert kolmogorov_smirnov(mine, theirs) == pytest.approx(float(ks_2samp(rows, other).statistic))
    assert mine.spread == pytest.approx(float(rows.std()))


def test_total_variation_is_half_the_summed_difference_of_shares() -> None:
    """Whatever the scale of the masses."""
    assert total_variation(np.array([1.0, 1.0]), np.array([30.0, 10.0])) == pytest.approx(0.25)
    assert total_variation(np.array([1.0, 0.0]), np.array([0.0, 7.0])) == 1.0
    assert total_variation(np.zeros(2), np.array([1.0, 1.0])) == 1.0


def test_halves_of_clustered_rows_lie_further_apart_than_halves_of_rows() -> None:
    """A hundred customers of a hundred like rows are a hundred observations, not ten thousand."""
    owner = np.repeat(np.arange(100), 100)
    values = np.random.default_rng(1).normal(size=100)[owner]
    whole = Sample(values, np.ones(len(values)))

    def apart(first: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
        return wasserstein(whole.where(first), whole.where(~first))

    by_customer = halves_apart(apart, owner, np.random.default_rng(2))
    by_row = halves_apart(apart, np.arange(len(values)), np.random.default_rng(2))
    assert by_customer > 4 * by_row > 0
