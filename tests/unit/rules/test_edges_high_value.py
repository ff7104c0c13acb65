"""high_value under the shipped rule sets: three times the average by 1.0.0, bands of ratio and amount by 1.1.0."""

from __future__ import annotations

import pytest

from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from tests.unit.rules.edge_cases import CALIBRATED, SEED, arrive, shipped, taken
from tests.unit.rules.rule_cases import Customer, buy, listing, published

LISTED = listing("m-bad", "1970-01-01T00:00:00Z")


def test_a_first_purchase_ever_has_no_average_and_the_line_says_so() -> None:
    """Without history nothing is compared; another rule has to bring the decision for the line to be read.

    amount   10,000.00                                  rule set 1.0.0, merchant listed
                 1      not applicable: "0 earlier legitimate purchases; an average needs 3"
    """
    line = shipped(SEED, LISTED).line("high_value", buy("only", "10:00:00", 1_000_000, merchant_id="m-bad"))
    assert line is not None
    assert (line.applicable, line.weight_ulo) == (False, 0)
    assert line.sentence == "0 earlier legitimate purchases; an average needs 3"


@pytest.mark.parametrize(("amount", "band"), [(35_100, "from_35100"), (35_099, "from_20000"), (19_999, None)])
def test_the_calibrated_rule_set_has_something_to_say_about_a_first_purchase(amount: int, band: str | None) -> None:
    """The amount by itself needs no history.

    amount   199.99     200.00 ... 350.99     351.00    rule set 1.1.0
             silent     band from_20000       band from_35100
    """
    line = shipped(CALIBRATED).line("high_value", buy("only", "10:00:00", amount))
    assert (line.band if line else None) == band


@pytest.mark.parametrize(("amount", "fires"), [(3_000, True), (2_999, False)])
def test_the_fourth_purchase_is_the_first_that_can_fire(amount: int, fires: bool) -> None:
    """Three legitimate purchases make an average; exactly three times it is over the limit.

    amount   10.00   10.00   10.00   30.00              rule set 1.0.0
               1       2       3       4                ratio 3: alert; 29.99 is 2.999: none
    """
    three = [buy(f"t{n}", f"10:0{n}:00") for n in range(3)]
    assert not shipped(SEED).fires("high_value", *three[:2], buy("x", "11:00:00", 100_000))
    assert shipped(SEED).fires("high_value", *three, buy("x", "11:00:00", amount)) is fires


def test_an_average_of_zero_divides_nothing() -> None:
    """The contract lets no amount of zero in; a file that holds some leaves no average, and no error.

    amount   0.00    0.00    0.00    50.00              rule set 1.0.0
               1       2       3       4                no average to compare with: silent
    """
    assert [arrive("10:00:00", amount_minor=0)[0], arrive("10:00:00", amount_minor=1)[0]] == ["out_of_range", None]
    zeros = [buy(f"t{n}", f"10:0{n}:00", 0) for n in range(3)]
    assert not shipped(SEED).fires("high_value", *zeros, buy("x", "11:00:00", 5_000))


def test_a_refund_lowers_no_average() -> None:
    """It is a dead letter; the average is that of the purchases.

    amount   10.00   10.00   10.00   -29.00   29.99     rule set 1.0.0
               1       2       3     refused     4      average 10.00 and not 0.25: silent
    """
    customer = shipped(SEED)
    amounts = (1000, 1000, 1000, -2900)
    arrivals = [arrive(f"10:0{n}:00", amount_minor=amount) for n, amount in enumerate(amounts)]
    assert taken(customer, *arrivals) == ["out_of_range"]
    assert not customer.fires("high_value", buy("x", "11:00:00", 2_999))
    assert customer.fires("high_value", buy("y", "12:00:00", 4_500))


def test_a_flagged_amount_raises_no_average() -> None:
    """Fraud must not teach the rule that fraud is usual.

    amount   10.00   10.00   10.00   1,000.00   30.00   rule set 1.0.0
               1       2       3       4          5     the average is 10.00 still: both alert
    """
    customer = shipped(SEED)
    assert customer.fires(
        "high_value", *(buy(f"t{n}", f"10:0{n}:00") for n in range(3)), buy("big", "11:00:00", 100_000)
    )
    assert customer.fires("high_value", buy("next", "12:00:00", 3_000))


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_two_events_of_the_same_millisecond_are_compared_in_the_order_of_their_ids(first: str, second: str) -> None:
    """The smaller id comes first, however they arrive, and counts for the other's average.

    11:00:00.125   a 25.00, b 35.00                     rule set 1.0.0; three of 10.00 before
                   b against (30 + 25) / 4 = 13.75: ratio 2.5455, silent
                   a against 10.00: ratio 2.5, silent; b alone would have been 3.5
    """
    amounts = {"a": 2_500, "b": 3_500}
    customer = shipped(SEED)
    customer.sent(*(buy(f"t{n}", f"10:0{n}:00") for n in range(3)))
    for name in (first, second):
        customer.send(buy(name, "11:00:00.125", amounts[name]))
    assert not any(item.lines[0].weight_ulo for item in customer.final.values())
    alone = shipped(SEED)
    assert alone.fires("high_value", *(buy(f"t{n}", f"10:0{n}:00") for n in range(3)), buy("b", "11:00:00.125", 3_500))


def test_who_raises_the_average_slowly_is_never_seen() -> None:
    """The evasion: each purchase stays below three times the average of all before it.

    amount   10.00  10.00  10.00  29.00  42.77 ...      rule set 1.0.0, each 2.9 times the average
               1      2      3      4      5   ... 20   the twentieth is 530.99: silent
    """
    customer, amounts = shipped(SEED), [1000, 1000, 1000]
    while len(amounts) < 20:
        amounts.append(29 * sum(amounts) // (10 * len(amounts)))
    sent = customer.sent(*(buy(f"t{n:02d}", f"2026-03-{n + 1:02d}T10:00:00Z", one) for n, one in enumerate(amounts)))
    assert not any(item.decision.lines[0].weight_ulo for item in sent)
    assert amounts[4] == 4_277
    assert amounts[-1] == 53_099


def test_whose_only_purchase_is_tiny_stays_flagged_when_one_makes_an_average() -> None:
    """Nothing flagged raises a mean, so a mean of one small purchase stays what it is for ever.

    amount   0.50    20.00   25.00   18.00 ...           rule set 1.0.0 with min_history 1
               1       2       3       4    ...   24      40 times the average and more: all flagged
    amount   0.50    20.00   25.00   18.00 ...           rule set 1.0.0, min_history 3
               1       2       3       4    ...   24      average 15.17 by then: silent
    """
    amounts = [50, *([2_000, 2_500, 1_800] * 8)][:24]
    flagged = {}
    for min_history in (1, 3):
        rules = load_rule_set(SEED).payload()
        rules["rules"]["high_value"]["min_history"] = min_history
        customer = Customer(published(rules), horizons=load_horizons())
        customer.sent(*(buy(f"t{n:02d}", f"2026-03-{n + 1:02d}T10:00:00Z", one) for n, one in enumerate(amounts)))
        flagged[min_history] = sum(item.is_alert for item in customer.final.values())
    assert flagged == {1: 23, 3: 0}
