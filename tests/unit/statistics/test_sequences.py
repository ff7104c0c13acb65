"""Gaps, bursts, counts and hours of customers, whatever order the rows have."""

from __future__ import annotations

import numpy as np

from streamflow.statistics.sequences import Sequences, pair_counts, regularity

SECOND = 1_000_000


def test_gaps_bursts_and_counts_of_two_customers() -> None:
    """Rows in any order; a row without a customer is left out.

    ```
    customer 0:  0 s ─ 100 s ───────── 900 s
    customer 1:  50 s
    ```
    """
    group = np.array([0, 1, -1, 0, 0])
    seconds = np.array([900, 50, 70, 0, 100])
    found = Sequences.of(group, seconds * SECOND)
    assert found.order.tolist() == [3, 4, 0, 1]
    assert found.gaps_s.tolist() == [100.0, 800.0]
    assert found.gap_group.tolist() == [0, 0]
    assert found.counts.tolist() == [3, 1]
    assert found.members.tolist() == [0, 1]
    lengths, owners = found.bursts(600)
    assert (lengths.tolist(), owners.tolist()) == ([2, 1, 1], [0, 0, 1])
    assert found.bursts(800)[0].tolist() == [3, 1]


def test_a_table_without_customers_has_no_sequences() -> None:
    """Nothing fails on nothing."""
    found = Sequences.of(np.array([-1, -1]), np.array([1, 2]))
    assert len(found.gaps_s) == len(found.counts) == len(found.bursts(60)[0]) == 0
    assert len(regularity(found, np.array([1.0, 2.0]))[0]) == 0


def test_regularity_is_one_for_the_same_hour_and_nil_on_average_for_hours_at_random() -> None:
    """Around midnight as well: 23:50 and 00:10 are twenty minutes apart."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(400), 10)
    found = Sequences.of(group, np.arange(4000))
    steady = np.where(np.arange(4000) % 2, 1430.0, 10.0)
    strengths, owners = regularity(found, steady)
    assert len(strengths) == len(owners) == 400
    assert strengths.min() > 0.99
    random, _ = regularity(found, rng.uniform(0, 1440, 4000))
    assert abs(float(random.mean())) < 0.01
    assert len(regularity(found, steady, least=11)[0]) == 0


def test_pairs_that_agree_are_counted_within_customers() -> None:
    """Customer 0 has aab: two of six ordered pairs agree; customer 1 has one row and no pair."""
    group, code = np.array([0, 0, 0, 1]), np.array([5, 5, 2, 2])
    agreeing, possible = pair_counts(group, code)
    assert (agreeing.tolist(), possible.tolist()) == ([2.0, 0.0], [6.0, 0.0])
