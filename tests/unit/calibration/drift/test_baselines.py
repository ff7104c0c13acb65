"""Baselines and what a live window is held against: quiet where nothing changed, plain where something did."""

from __future__ import annotations

import numpy as np
import pytest

from streamflow.calibration.drift.baselines import baseline_figures, compare
from streamflow.calibration.drift.noise import Clusters, mean_band, ratio_of, share_band
from streamflow.calibration.drift.windows import DAY_US, window_of
from streamflow.contracts.calibrations import Figure, Source
from streamflow.datasets.table import Bools, Codes, Floats, PurchaseTable
from streamflow.errors import InputError
from streamflow.statistics.intervals import bootstrap
from tests.drift_worlds import DAYS_LOOKED_AT, baselines, days_of, false_alarms, moved, rows_of, spoiled, world


def test_a_window_of_the_same_source_is_hardly_ever_called_drift() -> None:
    """24 days of three worlds, no customer shared with the baseline; tests/proof/test_false_alarms.py looks at 240."""
    windows, alarms = false_alarms(range(100, 103))
    assert windows == 24
    assert alarms <= 1


@pytest.mark.parametrize(
    ("name", "family", "path"),
    [
        ("amounts +20 %", ("typical_amount", "amounts"), "typical_amount.minor"),
        ("hours +3 h", ("hours_local",), "hours_local.h02"),
        ("merchant gone missing", ("missing",), "missing.merchant_id"),
        ("mix moved", ("products",), "products.electronics"),
        ("alerts doubled", ("alerts",), "alerts.all"),
    ],
)
def test_a_planned_drift_is_caught_on_every_day_and_nothing_else_is_blamed(
    name: str, family: tuple[str, ...], path: str
) -> None:
    """Eight days of another world with 5,000 purchases each; the statistic that was moved is among those named."""
    caught = 0
    for window in days_of(2, DAYS_LOOKED_AT, 5000):
        assert moved(baselines(5000), window) == []
        found = moved(baselines(5000), spoiled(name, window))
        assert {one.path.partition(".")[0] for one in found} <= set(family)
        caught += path in {one.path for one in found}
    assert caught == 8


def restless(seed: int, days: int, apart: float) -> tuple[PurchaseTable, Bools]:
    """Return days that differ for no reason: hours and alert rate are drawn anew each day, `apart` in log-odds."""
    rng = np.random.default_rng(seed)
    rows, customers = 1500 * days, 3000
    day = np.sort(rng.integers(0, days, rows))
    customer = rng.integers(0, customers, rows)
    level = rng.normal(0, 0.7, customers)
    odds = np.exp(rng.normal(0, apart, (days, 24)))
    cumulated = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
    hour = np.minimum(23, (cumulated[day] < rng.random(rows)[:, None]).sum(axis=1))
    event_us = (20_500 + day) * DAY_US + hour * (DAY_US // 24) + rng.integers(0, DAY_US // 24, rows)
    alert = rng.random(rows) < (0.03 * np.exp(rng.normal(0, 3 * apart, days)))[day]
    source = Source(kind="file", name="shop.csv", sha256="0" * 64, rows=rows)
    amount = np.exp(8.5 + level[customer] + rng.normal(0, 0.7, rows)).astype(np.int64) + 1
    names = tuple(f"c{number}" for number in range(customers))
    table = PurchaseTable(
        "own", source, event_us, amount, np.ones(rows), alert, customer=Codes(customer.astype(np.int64), names)
    )
    return table, alert


def baselines_of(source: tuple[PurchaseTable, Bools]) -> dict[str, Figure]:
    """Return the baselines of a table with its alerts."""
    return baseline_figures(source[0], "data", alert=source[1])


def test_days_that_differ_by_themselves_are_no_drift() -> None:
    """Hours 0.1 and alerts 0.3 log-odds apart: found in the source within a third, and 120 more such days are quiet."""
    figures = baselines_of(restless(1, 28, 0.1))
    assert figures["baseline.hours_utc.day_to_day"].value == pytest.approx(0.1, rel=0.33)
    assert figures["baseline.alerts.day_to_day"].value == pytest.approx(0.3, rel=0.33)
    calm = baselines_of(restless(1, 28, 0.0))
    assert calm["baseline.hours_utc.day_to_day"].value < 0.03
    alarms = calm_alarms = 0
    for seed in range(100, 220):
        window = window_of(*restless(seed, 1, 0.1))
        alarms += any(one.moved for one in compare(figures, window)[0])
        calm_alarms += any(one.moved for one in compare(calm, window)[0])
    assert alarms <= 2
    assert calm_alarms > 12


def test_every_baseline_has_evidence_and_a_tolerance_and_says_that_generated_rows_measure_nothing() -> None:
    """n, interval around the value, tolerance above zero; status simulated with its reason."""
    figures = baselines()
    assert len(figures) >= 55
    for path, figure in figures.items():
        assert path.startswith("baseline.")
        assert (figure.status, figure.source) == ("simulated", "data")
        assert figure.reason
        assert figure.n is not None
        if not path.endswith(("day_to_day", "edges")):
            assert figure.tolerance is not None
            assert figure.tolerance > 0
            low, high = figure.interval
            assert low <= figure.value <= high
    assert {"baseline.weekdays.sunday", "baseline.gaps.short", "baseline.customer_days.purchases"} <= set(figures)


def test_the_tolerance_of_a_day_narrows_with_its_purchases() -> None:
    """Five times as many purchases a day: less than half the tolerance, as noise goes by the root."""
    few, many = baselines()["baseline.hours_local.h12"], baselines(5000)["baseline.hours_local.h12"]
    assert few.tolerance is not None
    assert many.tolerance is not None
    assert 0.35 < many.tolerance / few.tolerance < 0.55


def test_the_same_source_gives_the_same_figures_bit_by_bit() -> None:
    """No clock, no unseeded draw."""
    first = baselines()
    baselines.cache_clear()
    assert baselines() == first


def test_what_a_source_cannot_tell_has_no_baseline() -> None:
    """No date, no hours and no weekdays; no customer, no gaps; a column that it never had, no missingness."""
    rng = np.random.default_rng(3)
    table = PurchaseTable(
        dataset="ulb",
        source=Source(kind="file", name="creditcard.csv", sha256="0" * 64, rows=4000),
        event_us=np.sort(rng.integers(0, 2 * DAY_US, 4000)),
        amount_minor=rng.integers(100, 10_000, 4000),
        weight=np.ones(4000),
        fraud=rng.random(4000) < 0.01,
        has_date=False,
        missing={"channel": 1.0, "merchant_id": 1.0},
    )
    figures = baseline_figures(table, "data")
    families = {path.split(".")[1] for path in figures}
    assert families == {"amounts", "typical_amount"}
    assert {figure.status for figure in figures.values()} == {"measured"}


def test_a_table_without_rows_has_no_baselines() -> None:
    """A sentence, not a division by zero."""
    nothing = np.zeros(0, dtype=np.int64)
    table = PurchaseTable("own", Source(kind="choice", name="none"), nothing, nothing, np.zeros(0), nothing > 0)
    with pytest.raises(InputError, match="without purchases has no baselines"):
        baseline_figures(table, "data")


def test_weekdays_are_compared_only_over_whole_weeks() -> None:
    """A single day is always one weekday."""
    table, alert = world(2)
    window = window_of(table, alert)
    day = window.day - window.day.min()
    one, skipped = compare(baselines(), rows_of(window, day == 8))
    assert skipped["weekdays.sunday"] == "the window is no whole number of weeks"
    assert not any(found.path.startswith("weekdays.") for found in one)
    week, _ = compare(baselines(), rows_of(window, (day >= 5) & (day < 12)))
    assert sum(found.path.startswith("weekdays.") for found in week) == 7


def test_variance_by_customer_is_what_a_bootstrap_over_customers_finds() -> None:
    """Purchases in clumps of one customer, all alike: the closed form against 4,000 resamples."""
    rng = np.random.default_rng(8)
    customer = np.repeat(np.arange(400), rng.integers(1, 9, 400))
    yes = (rng.random(400) < 0.3)[customer]
    ones = np.ones(len(customer))
    clusters = Clusters.of(customer, np.full(len(customer), -1))
    ratio = ratio_of(yes * ones, ones, clusters)

    def share(weights: Floats) -> Floats:
        return np.array([weights[yes].sum() / weights.sum()])

    low, high = bootstrap(share, ones, np.random.default_rng(1), 4000, customer)
    assert np.sqrt(ratio.variance) == pytest.approx((high[0] - low[0]) / (2 * 1.96), rel=0.05)
    assert ratio.effective_rows < len(customer) / 3


@pytest.mark.parametrize(("share", "rows"), [(0.3, 500), (0.02, 300), (0.0, 1000), (0.5, 40)])
def test_a_share_band_holds_what_a_binomial_window_shows(share: float, rows: int) -> None:
    """100,000 windows, the source known exactly: outside no more often than the risk, and the band is not idle."""
    risk = 0.01
    low, high = share_band(share, 1e9, rows, risk)
    drawn = np.random.default_rng(4).binomial(rows, share, 100_000) / rows
    assert np.mean((drawn < low) | (drawn > high)) <= risk * 1.1
    assert high - share <= 3.2 * np.sqrt(share * (1 - share) / rows) + 1.5 / rows


def test_a_share_that_was_never_seen_may_turn_up_a_few_times() -> None:
    """None missing of 1,000: one or two of 500 are no drift, fifty are."""
    low, high = share_band(0.0, 1000, 500, 0.0002)
    assert (low, high > 2 / 500, high < 50 / 500) == (0.0, True, True)


def test_a_mean_band_widens_with_either_uncertainty() -> None:
    """1.96 deviations at a risk of 5 %."""
    assert mean_band(10.0, 3.0, 1.0, 0.05) == pytest.approx((6.08, 13.92), abs=0.01)
