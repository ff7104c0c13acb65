"""What a measured world can say: a margin of amounts, even habits, hours; when, on what and for how much fraud is."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from streamflow.calibration.world.simulated import simulated_table
from streamflow.datasets.table import PurchaseTable
from streamflow.generator.dealing import Dealt, Drawn, choose
from streamflow.generator.parameters import Curve, Margin, Parameters
from streamflow.generator.simulation import Simulation
from streamflow.generator.spline import QuantileSpline
from streamflow.generator.world import Plan, World
from streamflow.statistics.sequences import Sequences, pair_counts
from tests.unit.generator.worlds import shipped

PURCHASES, DAYS = 30_000, 10
POINT = 4995
MARGIN = Margin(
    quantiles=(0, 0.1, 0.3, 0.5, 0.6, 0.9, 0.99, 1), amounts=(150, 900, 2500, POINT, POINT, 20_000, 90_000, 500_000)
)
FRAUD_HOURS = tuple(0.15 if hour < 6 else 0.1 / 18 for hour in range(24))


def changed(**groups: dict[str, Any]) -> Parameters:
    """Return the shipped parameters with some figures replaced, by group."""
    update = {name: getattr(shipped(), name).model_copy(update=figures) for name, figures in groups.items()}
    return shipped().model_copy(update=update)


@cache
def measured() -> PurchaseTable:
    """Return a run of a world with all that can be measured."""
    world = changed(
        amounts={"margin": MARGIN},
        customers={"even": True},
        fraud={
            "rate": 0.02,
            "hours": FRAUD_HOURS,
            "tenths": (0.0, 0.0, 0.05, 0.05, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2),
            "products": {"grocery": 0.1, "fashion": 0.1, "home": 0.2, "electronics": 0.4, "digital": 0.2},
            "amounts": MARGIN,
        },
    )
    return simulated_table(world, PURCHASES, DAYS, 3)


def test_a_margin_is_met_in_a_run_of_few_customers_with_its_price_points() -> None:
    """750 customers have tastes of their own; the whole costs what the margin says all the same."""
    table = measured()
    amounts = table.amount_minor[~table.fraud]
    assert len(amounts) == PURCHASES * 0.98
    spline = QuantileSpline(np.array(MARGIN.quantiles), np.array(MARGIN.amounts))
    for share in (0.2, 0.4, 0.75, 0.95):
        assert abs((amounts <= spline(np.array([share]))[0]).mean() - share) < 0.015, share
    assert abs((amounts == POINT).mean() - 0.1) < 0.015


def test_dealt_habits_have_the_distribution_of_drawn_ones_and_meet_their_shares() -> None:
    """The mean and spread stay; the error of a share weighted by what customers buy shrinks to less than a third."""
    shares = np.array([0.34, 0.24, 0.16, 0.1, 0.01, 0.11, 0.04])
    errors: dict[type, list[float]] = {Drawn: [], Dealt: []}
    for kind, missed in errors.items():
        for seed in range(20):
            habits = kind(np.random.default_rng(seed), 730)
            activity = habits.activity(1.5)
            mix = np.bincount(choose(shares, habits.uniform()), activity, len(shares)) / activity.sum()
            missed.append(float(np.abs(mix - shares).sum() / 2))
            normal = habits.normal()
            assert abs(float(activity.mean()) - 1) < 0.1
            assert abs(float(normal.mean())) < 0.12
            assert 0.9 < float(normal.std()) < 1.1
    assert np.mean(errors[Dealt]) < np.mean(errors[Drawn]) / 3


def test_fraud_falls_on_the_hours_tenths_and_products_that_were_measured() -> None:
    """Victims and times are chosen so; no scenario is moved."""
    table = measured()
    assert table.product is not None
    event = table.event_us[table.fraud]
    assert len(event) == 600
    hours = np.bincount(event // 3_600_000_000 % 24, minlength=24) / len(event)
    assert 0.5 * np.abs(hours - FRAUD_HOURS).sum() < 0.2
    plain = simulated_table(shipped(), PURCHASES, DAYS, 3)
    natural = np.bincount(plain.event_us[plain.fraud] // 3_600_000_000 % 24, minlength=24) / plain.fraud.sum()
    assert 0.5 * np.abs(natural - FRAUD_HOURS).sum() > 0.4
    names = np.array(table.product.names)[table.product.codes[table.fraud]]
    assert (names == "electronics").mean() > 0.3
    begin = Plan(shipped(), PURCHASES, DAYS, 3).start_us
    assert ((event - begin) / (DAYS * 86_400_000_000) > 0.7).mean() > 0.5


def test_fraud_costs_what_was_measured_and_the_dearest_scenarios_stay_the_dearest() -> None:
    """The amounts of all frauds together are the quantiles given."""
    table = measured()
    amounts = np.sort(table.amount_minor[table.fraud])
    spline = QuantileSpline(np.array(MARGIN.quantiles), np.array(MARGIN.amounts))
    expected = np.rint(spline((np.arange(len(amounts)) + 0.5) / len(amounts)))
    assert len(amounts) == 600
    assert np.array_equal(amounts, expected)


def test_hours_of_the_whole_change_how_much_a_customer_buys_but_not_who_is_there() -> None:
    """What customers buy in a world with given hours is what its slots deal out."""
    hours = tuple(2 / 36 if hour < 12 else 1 / 36 for hour in range(24))
    world = changed(rhythm={"hours": hours}, customers={"joining_share": 0.0}, fraud={"rate": 0.0})
    expected = World(Plan(world, PURCHASES, DAYS, 5)).purchases_a_customer()
    table = simulated_table(world, PURCHASES, DAYS, 5)
    assert table.customer is not None
    numbers = np.array([int(name.rpartition("-")[2]) for name in table.customer.names])
    bought = np.bincount(numbers[table.customer.codes], minlength=len(expected))
    assert (len(bought), len(expected)) == (750, 750)
    assert np.corrcoef(bought, expected)[0, 1] > 0.97


@pytest.mark.parametrize("group", ["hours", "tenths"])
def test_shares_of_fraud_that_do_not_sum_to_one_are_refused(group: str) -> None:
    """As all shares are."""
    with pytest.raises(ValueError, match="shares must sum to 1"):
        type(shipped().fraud).model_validate(
            shipped().fraud.model_dump() | {group: [0.5] * (24 if group == "hours" else 10)}
        )


@cache
def bursts() -> PurchaseTable:
    """Return a run of customers who buy seldom, and then often several times within minutes."""
    world = changed(
        customers={
            "purchases_per_day": 0.1,
            "activity": Curve(quantiles=(0, 0.9, 1), values=(1.0, 2.0, 50.0)),
            "any_class_share": 0.6,
        },
        rhythm={
            "second_basket_share": 0.2,
            "further_basket_share": 0.5,
            "basket_gaps_s": Curve(quantiles=(0, 0.5, 1), values=(100.0, 200.0, 400.0)),
            "clock": "source",
        },
        fraud={"rate": 0.0},
        faults={"out_of_order": 0.0, "late": 0.0},
    )
    return simulated_table(world, PURCHASES, 60, 4)


def test_second_baskets_come_after_the_measured_gaps_and_one_after_another() -> None:
    """A fifth of the purchases follow another within minutes; half of those are followed by a further one."""
    table = bursts()
    assert table.customer is not None
    habits = Sequences.of(table.customer.codes, table.event_us)
    close = habits.gaps_s[habits.gaps_s < 410]
    assert abs(len(close) / PURCHASES - 0.2) < 0.02
    assert close.min() < 110
    assert abs(float(np.median(close)) - 200) < 15
    lengths, _ = habits.bursts(410)
    assert abs((lengths > 2).sum() / (lengths > 1).sum() - 0.5) < 0.06
    assert (lengths > 4).sum() > 100


def test_a_measured_activity_says_how_differently_customers_buy() -> None:
    """The busiest tenth buys much more than its share."""
    table = bursts()
    assert table.customer is not None
    counts = np.sort(np.bincount(table.customer.codes))
    assert len(counts) > 3000
    assert counts[-len(counts) // 10 :].sum() > 0.4 * counts.sum()


def test_purchases_of_any_class_do_not_follow_the_customer() -> None:
    """Six in ten are of any class: two purchases of a customer agree less often than with habits alone."""
    agreement = []
    for table in (bursts(), simulated_table(changed(fraud={"rate": 0.0}), PURCHASES, DAYS, 3)):
        assert table.customer is not None
        assert table.product is not None
        agreeing, possible = pair_counts(table.customer.codes, table.product.codes)
        agreement.append(float((agreeing[possible > 0] / possible[possible > 0]).mean()))
    assert agreement[0] < 0.4
    assert agreement[1] > 0.7


def test_with_the_clock_of_the_source_customers_everywhere_keep_its_hours() -> None:
    """All peaks at noon: by UTC, not by the sun."""
    share = []
    for clock in ("source", "local"):
        world = changed(
            rhythm={"peaks_h": (12.0,), "peak_weights": (1.0,), "night_share": 0.0, "clock": clock},
            fraud={"rate": 0.0},
        )
        hour = simulated_table(world, PURCHASES, DAYS, 6).event_us // 3_600_000_000 % 24
        share.append(float(((hour >= 9) & (hour < 15)).mean()))
    assert share[0] > 0.6
    assert share[1] < 0.4


def test_a_measured_world_is_streamed_in_log_order_with_every_purchase() -> None:
    """Chains of baskets and chosen episodes reach the wire as they are in the table."""
    world = changed(
        customers={"even": True},
        rhythm={"further_basket_share": 0.4, "basket_gaps_s": Curve(quantiles=(0, 1), values=(5.0, 1700.0))},
        amounts={"margin": MARGIN},
        fraud={"hours": FRAUD_HOURS, "amounts": MARGIN, "rate": 0.02},
    )
    truth: list[bytes] = []
    stamps = [one.timestamp_ms for one in Simulation(Plan(world, 5000, 3, 2)).emissions(truth.append)]
    assert len(truth) == 5000
    assert len(stamps) > 5000
    assert stamps == sorted(stamps)
    assert sum(b'"is_fraud":true' in line for line in truth) == 100
