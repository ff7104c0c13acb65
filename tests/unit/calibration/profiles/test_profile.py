"""Profiles: figures of small tables that can be counted by hand, and figures drawn from them."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.calibration.profiles import plots, profile
from streamflow.calibration.profiles.published import compare_classes, compare_missing, compare_names, disagreeing
from streamflow.contracts.calibrations import Source
from streamflow.datasets.table import Bools, Codes, Floats, Ints, PurchaseTable
from streamflow.statistics.intervals import wilson

SECOND = 1_000_000
SOURCE = Source(kind="sample", name="made.csv", sha256="0" * 64, rows=1)


def _table(
    seconds: list[float],
    fraud: list[int] | Bools,
    amounts: list[int] | Ints | None = None,
    weights: list[float] | Floats | None = None,
) -> PurchaseTable:
    size = len(seconds)
    return PurchaseTable(
        dataset="own",
        source=SOURCE,
        event_us=(np.array(seconds) * SECOND).astype(np.int64),
        amount_minor=np.array(amounts if amounts is not None else [100] * size, dtype=np.int64),
        weight=np.array(weights if weights is not None else [1.0] * size),
        fraud=np.array(fraud, dtype=np.bool_),
        has_date=False,
    )


def test_a_fraud_rate_without_weights_has_the_interval_of_wilson() -> None:
    """Its effective number of rows is all of them."""
    fraud = np.zeros(1000, dtype=np.bool_)
    fraud[:30] = True
    found, plain = profile.fraud_share(fraud, np.ones(1000)), wilson(30, 1000)
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_a_sample_with_every_fraud_knows_the_rate_about_as_well_as_its_frauds_say() -> None:
    """Weights of 168 for legitimate rows do not make 492 frauds look like three."""
    fraud = np.zeros(492 + 1692, dtype=np.bool_)
    fraud[:492] = True
    found = profile.fraud_share(fraud, np.where(fraud, 1.0, 168.0))
    assert found.value is not None
    relative = (found.high - found.low) / found.value / 2
    assert relative == pytest.approx(1.96 * np.sqrt(1 / 492 + 1 / 1692), rel=0.05)


def test_the_interval_of_a_weighted_rate_covers_the_truth() -> None:
    """In 400 samples that keep every fraud and one legitimate row in twenty, close to 95 %."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        whole = rng.random(20_000) < 0.01
        kept = whole | (rng.random(len(whole)) < 0.05)
        found = profile.fraud_share(whole[kept], np.where(whole[kept], 1.0, 20.0))
        held += found.low <= 0.01 <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_quantiles_of_amounts_stand_in_their_intervals_and_cover_the_truth() -> None:
    """The median of a thousand draws, in 300 tries."""
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(300):
        amounts = np.exp(rng.normal(8, 1, 1000)).astype(np.int64)
        [found] = profile.amount_quantiles(_table([0.0] * 1000, [0] * 1000, amounts), (0.5,))
        assert found.low <= found.value <= found.high
        held += found.low <= np.exp(8) <= found.high
    assert 0.92 <= held / 300 <= 0.985


def test_the_density_of_each_class_sums_to_one() -> None:
    """Over the bins of the logarithm, by width."""
    table = _table([0.0] * 4, [0, 0, 1, 1], [150, 15_000, 99, 100])
    found = profile.amount_density(table, 8)
    for label in ("legitimate", "fraud"):
        assert sum(one.density / 8 for one in found if one.label == label) == pytest.approx(1)
    assert all(one.low < one.high for one in found)


def test_hours_count_from_the_origin_and_turn_local_where_offsets_are_known() -> None:
    """01:30 UTC two hours ahead is in hour 3."""
    table = _table([1.5 * 3600, 23 * 3600], [0, 1])
    assert [one.hour for one in profile.hours(table) if one.rate.whole] == [1, 23]
    local = PurchaseTable(**{**table.__dict__, "offset_min": np.array([120, 120])})
    found = profile.hours(local)
    assert [one.hour for one in found if one.rate.whole] == [1, 3]
    assert sum(one.legitimate.value or 0 for one in found) == pytest.approx(1)


def test_slices_of_time_hold_every_purchase_once() -> None:
    """The last instant belongs to the last slice."""
    found = profile.over_time(_table([0, 1, 2, 3, 10], [0, 0, 1, 0, 1]), 5)
    assert [one.purchases for one in found] == [2, 2, 0, 0, 1]
    assert [one.fraud.value for one in found] == [0, 0.5, None, None, 1]


def test_reuse_counts_purchases_by_how_often_their_card_buys() -> None:
    """One card of one purchase, one of two, one of four; a row without a card is in none."""
    table = _table([0.0] * 8, [0] * 7 + [1])
    codes = Codes.of(["a", "b", "b", "c", "c", "c", "c", None])
    assert {one.name: one.rows for one in profile.reuse(table, codes)} == {"1": 1, "2": 2, "3-5": 4}


def test_gaps_are_of_the_same_card_only_and_their_edges_belong_to_the_longer() -> None:
    """A minute exactly is no longer below a minute.

    card a:  0 s ------- 60 s - 61 s
    card b:      10 s ------------------- 1 day later
    """
    table = _table([0, 10, 60, 61, 86_410], [0, 0, 0, 1, 0])
    found = profile.gaps(table, Codes.of(["a", "b", "a", "a", "b"]))
    assert {one.name: (one.rows, one.fraud.value) for one in found} == {
        "below a minute": (1, 1),
        "1-10 min": (1, 0),
        "1-7 days": (1, 0),
    }


def test_price_points_are_the_amounts_that_weigh_most() -> None:
    """By weight, not by rows."""
    found = profile.price_points(_table([0.0] * 4, [0] * 4, [999, 999, 100, 5000], [1, 1, 5, 1]), 2)
    assert [(one.name, one.share.value) for one in found] == [("1.00", 0.625), ("9.99", 0.25)]


def test_duplicates_repeat_every_column() -> None:
    """Two columns the same and one different is no duplicate."""
    columns = {"a": np.array([1, 1, 1, 2]), "b": np.array([0.5, 0.5, 0.5, 0.5]), "c": np.array([7, 7, 8, 7])}
    assert profile.duplicates(columns, np.array([False, True, False, False])) == (1, 1)


def test_separation_is_the_distance_of_distribution_functions() -> None:
    """One for classes that do not meet, nought for equal ones, and ties count once."""
    fraud = np.array([True, True, False, False])
    columns = {"same": np.array([1.0, 2, 1, 2]), "apart": np.array([1.0, 2, 3, 4]), "half": np.array([1.0, 2, 2, 3])}
    found = profile.separation(columns, fraud, np.ones(4))
    assert found == {"apart": 1.0, "half": 0.5, "same": 0.0}


def test_published_figures_agree_with_a_draw_from_them_and_not_with_another_world() -> None:
    """A fifth more on every amount, twice the fraud, gaps that are not there."""
    rng = np.random.default_rng(8)
    fraud = rng.random(200_000) < 0.03499
    knots = np.array([25.1, 4332, 6876.9, 12500, 47400, 110400, 3193739])
    amounts = np.exp(np.interp(rng.random(len(fraud)), [0, 0.25, 0.5, 0.75, 0.95, 0.99, 1], np.log(knots)))
    weights = np.ones(len(fraud))
    good = compare_classes("ieee_cis", amounts, fraud, weights)
    assert len(good) == 6
    assert disagreeing(good) == []
    wrong = compare_classes("ieee_cis", amounts * 1.2, fraud | (rng.random(len(fraud)) < 0.035), weights)
    assert len(disagreeing(wrong)) == 6
    missing = compare_missing("ieee_cis", "missing.transaction", {"dist1": 0.59652, "card2": 0.5}, len(fraud))
    assert disagreeing(missing) == ["missing.transaction.card2"]


def test_shares_of_names_count_the_rows_that_have_none() -> None:
    """A published share is of all rows."""
    names = ["visa"] * 652 + ["mastercard"] * 320 + ["american express"] * 14 + ["discover"] * 11 + [None] * 3
    found = compare_names("ieee_cis", "card.network.shares", Codes.of(names), np.ones(1000))
    assert len(found) == 4
    assert disagreeing(found) == []
    half = compare_names("ieee_cis", "card.network.shares", Codes.of(["visa"] * 1000), np.ones(1000))
    assert len(disagreeing(half)) >= 2


def test_every_figure_is_a_small_picture_without_a_white_ground_or_a_network() -> None:
    """Seven of them, of one table."""
    rng = np.random.default_rng(9)
    table = _table(
        np.sort(rng.uniform(0, 5 * 86_400, 500)).tolist(), rng.random(500) < 0.1, rng.integers(50, 90_000, 500)
    )
    codes = Codes.of([f"card-{number % 40}" for number in range(500)])
    whole = profile.fraud_share(table.fraud, table.weight)
    drawn = [
        plots.amounts(profile.amount_density(table), profile.amount_quantiles(table), "EUR"),
        plots.hours(profile.hours(table), "convention"),
        plots.over_time(profile.over_time(table, 7), whole),
        plots.shares(profile.price_points(table), "amounts"),
        plots.shares(profile.reuse(table, codes), "reuse"),
        plots.shares(profile.gaps(table, codes), "gaps"),
        plots.bars({"a": 0.1, "b": 0.9}, "share", "bars"),
    ]
    for chart in drawn:
        bundle = chart._repr_mimebundle_()
        assert set(bundle) == {"image/svg+xml"}
        picture = bundle["image/svg+xml"]
        assert picture.startswith("<svg")
        assert 3000 < len(picture) < 100_000
        assert 'fill="white"' not in picture
        assert "<script" not in picture
    assert len(drawn) == 7


def test_tables_are_markdown_and_nothing_in_a_cell_breaks_them() -> None:
    """A bar in a name is escaped."""
    claims = plots.claims_table({"a|b holds": True, "c holds": False})
    assert claims._repr_markdown_() == "| claim | holds |\n| --- | ---: |\n| a\\|b holds | yes |\n| c holds | **no** |"
    table = _table([0, 86_400], [0, 1], [100, 250])
    shown = repr(plots.overview_table(table, profile.fraud_share(table.fraud, table.weight)))
    assert "made.csv (sample)" in shown
    assert "simulated" in shown
    assert len(plots.quantile_table(profile.amount_quantiles(table), "EUR")) == 10
