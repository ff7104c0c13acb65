"""Intervals that know that purchases of one customer say much the same."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.statistics.clusters import clustered_mean, clustered_quantiles, clustered_share, clustered_shares


def test_rows_that_repeat_within_a_customer_count_once() -> None:
    """Two hundred customers of fifty equal rows are worth two hundred rows."""
    owner = np.repeat(np.arange(200), 50)
    chosen = np.random.default_rng(0).random(200)[owner] < 0.3
    share = clustered_share(chosen, np.ones(len(owner)), owner)
    assert share.n == pytest.approx(200, rel=0.01)
    assert clustered_share(chosen, np.ones(len(owner))).n == len(owner)


def test_independent_rows_of_customers_keep_their_number() -> None:
    """Belonging together alone costs nothing."""
    rng = np.random.default_rng(1)
    owner = np.repeat(np.arange(2000), 5)
    share = clustered_share(rng.random(len(owner)) < 0.2, np.ones(len(owner)), owner)
    assert share.n == pytest.approx(len(owner), rel=0.12)


def test_nine_in_ten_or_more_intervals_hold_the_truth() -> None:
    """200 samples of clustered rows: shares, means and medians; without clusters fewer than two in three would."""
    rng = np.random.default_rng(2)
    owner = np.repeat(np.arange(80), 25)
    held = np.zeros(4, dtype=int)
    for _ in range(200):
        values = rng.normal(size=80)[owner] + 0.3 * rng.normal(size=len(owner))
        ones = np.ones(len(owner))
        low, high = clustered_share(values < 0, ones, owner).interval
        held[0] += low <= 0.5 <= high
        low, high = clustered_mean(values, ones, owner).interval
        held[1] += low <= 0 <= high
        _, lows, highs = clustered_quantiles(values, ones, np.array([0.5]), owner)
        held[2] += lows[0] <= 0 <= highs[0]
        low, high = clustered_share(values < 0, ones).interval
        held[3] += low <= 0.5 <= high
    assert (held[:3] >= 180).all(), held
    assert held[3] < 133


def test_shares_of_kinds_sum_to_one_and_an_empty_table_says_nothing() -> None:
    """No rows, the widest interval."""
    shares = clustered_shares(np.array([0, 1, 1, 2]), 4, np.array([1.0, 1.0, 1.0, 3.0]))
    assert [share.value for share in shares] == pytest.approx([1 / 6, 1 / 3, 0.5, 0.0])
    assert clustered_share(np.empty(0, dtype=bool), np.empty(0)).interval == (0.0, 1.0)
