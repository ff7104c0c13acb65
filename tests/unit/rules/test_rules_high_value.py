"""high_value: against the customer's mean, and against everybody's amounts."""

from __future__ import annotations

import pytest

from streamflow.rules.model import Purchase
from tests.unit.rules.rule_cases import Customer, band, buy, published, rule_set


def history(*amounts: int) -> list[Purchase]:
    """Return purchases an hour apart with the given amounts."""
    return [buy(f"t{place}", f"{place + 1:02d}:00:00", amount) for place, amount in enumerate(amounts)]


@pytest.mark.parametrize(
    ("amounts", "fires"),
    [
        ((1000, 1000, 1000, 2999), False),
        ((1000, 1000, 1000, 3000), True),
        # 2.99995 rounds to 3.0 at four digits: what a person reads is what was compared.
        ((100_000, 100_000, 100_000, 299_995), True),
        ((100_000, 100_000, 100_000, 299_994), False),
    ],
)
def test_high_value_fires_from_three_times_the_average_rounded_to_its_digits(
    amounts: tuple[int, ...], fires: bool
) -> None:
    """The bound itself fires, and the value is rounded before it is compared."""
    assert Customer().fires("high_value", *history(*amounts)) is fires


def test_high_value_says_nothing_about_a_first_purchase_ever() -> None:
    """Without history there is no mean, however large the amount."""
    assert Customer().sent(buy("t1", "10:00:00", 10**9)) == []


def test_high_value_needs_min_history_purchases() -> None:
    """The second purchase after two has two to compare with, and three are needed."""
    assert Customer().sent(*history(1000, 1000, 90_000)) == []


def test_a_flagged_amount_does_not_raise_the_mean() -> None:
    """After 100 x the average, 3 x the old average fires still."""
    customer = Customer()
    assert customer.fires("high_value", *history(1000, 1000, 1000, 100_000, 3000))


def test_an_amount_below_the_limit_raises_the_mean() -> None:
    """Three of 1000 and one of 2500 have a mean of 1375, whose triple is 4125."""
    assert not Customer().fires("high_value", *history(1000, 1000, 1000, 2500, 4124))
    assert Customer().fires("high_value", *history(1000, 1000, 1000, 2500, 4125))


def test_an_average_of_zero_is_compared_with_nothing() -> None:
    """Refunds and zero amounts of a user's file leave no mean to divide by."""
    assert Customer().sent(*history(0, 0, 0, 5000)) == []
    assert Customer().sent(*history(-500, 0, 200, 5000)) == []


def test_the_heavier_of_the_two_measures_makes_the_line() -> None:
    """An amount above a calibrated quantile outweighs a ratio in a weaker band, and the other way round."""
    both = {
        "ratio_to_mean": {"unit": "ratio", "digits": 4, "bands": [band(2, 100_000), band(5, 900_000)]},
        "amount_minor": {"unit": "minor", "digits": 0, "bands": [band(4000, 500_000)]},
    }
    record = published(rule_set(high_value__measures=both))
    by_amount = Customer(record).line("high_value", *history(2000, 2000, 2000, 4000))
    by_ratio = Customer(record).line("high_value", *history(1000, 1000, 1000, 5000))
    assert by_amount is not None
    assert (by_amount.measure, by_amount.weight_ulo, by_amount.observed) == ("amount_minor", 500_000, 4000)
    assert by_ratio is not None
    assert (by_ratio.measure, by_ratio.weight_ulo, by_ratio.observed) == ("ratio_to_mean", 900_000, 5)


def test_the_amount_alone_speaks_about_a_first_purchase_when_it_is_calibrated() -> None:
    """amount_minor needs no history."""
    measures = {
        "ratio_to_mean": {"unit": "ratio", "digits": 4, "bands": [band(3.0)]},
        "amount_minor": {"unit": "minor", "digits": 0, "bands": [band(100_000)]},
    }
    line = Customer(published(rule_set(high_value__measures=measures))).line("high_value", *history(250_000))
    assert line is not None
    assert line.sentence == "2,500.00 paid; the limit is 1,000.00"


def test_high_value_explains_itself_in_a_sentence_with_average_and_limit() -> None:
    """The line of an alert reads without the rule set at hand."""
    line = Customer().line("high_value", *history(10_000, 10_000, 10_000, 45_000))
    assert line is not None
    assert line.sentence == (
        "450.00 is 4.5 times the customer's average of 100.00 over 3 purchases; the limit is 3 times"
    )
    assert (line.band, line.observed, line.limit, line.unit) == ("from_3_0", 4.5, 3, "ratio")


@pytest.mark.parametrize(("ratio", "weight"), [(15, 0), (16, 1), (20, 2), (31, 3), (99, 4), (100, 5), (10_000, 5)])
def test_a_stronger_ratio_lands_in_a_stronger_band(ratio: int, weight: int) -> None:
    """Up to six bands; each ratio (in tenths here) falls into the strongest whose bound it reaches."""
    bands = [band(1.6, 1), band(2, 2), band(3.1, 3), band(5, 4), band(10, 5)]
    measures = {"ratio_to_mean": {"unit": "ratio", "digits": 4, "bands": bands}}
    line = Customer(published(rule_set(high_value__measures=measures))).line(
        "high_value", *history(1000, 1000, 1000, ratio * 100)
    )
    assert (0 if line is None else line.weight_ulo) == weight
