"""Bounds at quantiles of legitimate purchases, and bands that hold enough fraud to say anything."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.calibration.rules.bands import MIN_FRAUDS, Measured, find_bands, with_intervals
from streamflow.datasets.table import Bools, Ints
from tests.unit.calibration.rules.tables import rows

pytestmark = pytest.mark.unit

LEGITIMATE = np.arange(1, 10_001)


def measured(values: Ints, tails: tuple[float, ...] = (0.1, 0.01), least: int = 1) -> Measured:
    """Return a measure without digits."""
    return Measured("velocity", "purchases", 1, values, least, tails)


def with_frauds(*values: int, each: int = MIN_FRAUDS) -> tuple[Ints, Bools]:
    """Return values and labels: ten thousand legitimate rows, and some frauds at each of the given values."""
    frauds = np.repeat(values, each)
    fraud = np.concatenate([np.zeros(len(LEGITIMATE), np.bool_), np.ones(len(frauds), np.bool_)])
    return np.concatenate([LEGITIMATE, frauds]), fraud


def test_a_bound_lies_at_the_quantile_of_legitimate_purchases_in_three_digits() -> None:
    """A tenth of 1..10,000 lies beyond 9,000.5, which is 9,010 in three digits; fraud does not move it."""
    values, fraud = with_frauds(9500, 9990)
    assert find_bands(measured(values), rows(fraud)).bounds == (9010, 9910)


def test_a_band_with_too_few_frauds_joins_the_weaker_one() -> None:
    """Twenty-nine frauds beyond the stronger bound are not enough; they count in the weaker band."""
    values, fraud = with_frauds(9950, each=MIN_FRAUDS - 1)
    bands = find_bands(measured(np.append(values, 9100)), rows(np.append(fraud, True)))
    assert bands.bounds == (9010,)
    assert bands.note == f"1 bands merged for want of {MIN_FRAUDS} frauds"


def test_without_enough_fraud_there_is_no_band_and_the_note_says_so() -> None:
    """Nothing is made up."""
    values, fraud = with_frauds(9950, each=MIN_FRAUDS - 1)
    bands = find_bands(measured(values), rows(fraud))
    assert bands.bounds == ()
    assert bands.note == f"no band holds {MIN_FRAUDS} frauds"


def test_rows_with_nothing_to_observe_count_nowhere() -> None:
    """Negative values are no small values."""
    values, fraud = with_frauds(9500, 9990)
    more = np.concatenate([values, np.full(50_000, -1)])
    labels = np.concatenate([fraud, np.zeros(50_000, np.bool_)])
    assert find_bands(measured(more), rows(labels)).bounds == (9010, 9910)


def test_a_weight_counts_as_so_many_rows() -> None:
    """Doubling the upper half's weights moves the bound as doubling its rows does."""
    values, fraud = with_frauds(9990)
    weight = np.where(values > 5000, 2.0, 1.0)
    doubled = np.concatenate([values, values[(values > 5000) & ~fraud]])
    labels = np.concatenate([fraud, np.zeros(len(doubled) - len(fraud), np.bool_)])
    one = find_bands(measured(values), rows(fraud, weight)).bounds
    assert one == find_bands(measured(doubled), rows(labels)).bounds
    assert one > (9010,)


def test_no_bound_lies_below_the_least() -> None:
    """A single purchase is no velocity."""
    counts = np.concatenate([np.ones(1000, np.int64), np.full(40, 5)])
    bands = find_bands(measured(counts, (0.5, 0.01), least=2), rows(counts == 5))
    assert bands.bounds == ()


def test_a_bounds_interval_holds_it_and_narrows_with_more_customers() -> None:
    """Ten times the rows, about a third of the interval."""
    widths = []
    for count in (2000, 20_000):
        rng = np.random.default_rng(3)
        values = rng.integers(1, 100_000, count)
        fraud = rng.random(count) < 0.1
        bands = find_bands(measured(values, (0.1,)), rows(fraud))
        found = with_intervals(bands, values, rows(fraud), np.random.default_rng(1))
        assert found.low[0] <= found.bounds[0] <= found.high[0]
        widths.append(found.high[0] - found.low[0])
    assert widths[1] < 0.6 * widths[0]


def test_rows_of_one_customer_are_worth_less_than_as_many_customers() -> None:
    """Customers are drawn, not rows: the same values in clumps of fifty give a wider interval."""
    rng = np.random.default_rng(3)
    clumps = np.repeat(rng.integers(1, 100_000, 100), 50)
    fraud = np.arange(len(clumps)) % 10 == 0
    group = np.repeat(np.arange(100), 50)
    bands = find_bands(measured(clumps, (0.1,)), rows(fraud))
    alone = with_intervals(bands, clumps, rows(fraud), np.random.default_rng(1))
    clumped = with_intervals(bands, clumps, rows(fraud, group=group), np.random.default_rng(1))
    assert clumped.high[0] - clumped.low[0] > 2 * (alone.high[0] - alone.low[0])


def test_a_strongest_band_with_more_rows_than_the_budget_is_cut_by_all_of_them() -> None:
    """A tenth of the rows is fraud of large values: an alert budget of 5 % ends within them, at bounds of their own."""
    values = np.arange(1, 10_001) * 10
    fraud = values > 90_000
    whole = find_bands(measured(values), rows(fraud))
    bands = find_bands(measured(values), rows(fraud), budget=0.05)
    assert (whole.cuts, bands.cuts) == (0, 3)
    assert bands.bounds == (*whole.bounds, 96_100, 98_100, 99_100)
    assert bands.tails[-3:] == pytest.approx((0.04, 0.02, 0.01))
    ends = with_intervals(bands, values, rows(fraud), np.random.default_rng(1))
    for low, bound, high in zip(ends.low, ends.bounds, ends.high, strict=True):
        assert low <= bound <= high


def test_a_strongest_band_within_the_budget_stays_whole() -> None:
    """Where the budget does not end within a band, nothing is cut."""
    values = np.arange(1, 10_001) * 10
    fraud = values > 90_000
    assert find_bands(measured(values), rows(fraud), budget=0.2) == find_bands(measured(values), rows(fraud))


def test_customers_are_numbered_as_they_occur() -> None:
    """Whatever a reader called them, the same customers have the same numbers, hence the same resamples."""
    some = rows(np.zeros(5, np.bool_), group=np.array([7, 2, 7, 9, 2]))
    assert some.numbered().group.tolist() == [0, 1, 0, 2, 1]
