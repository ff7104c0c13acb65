"""The scorecard under the shipped rule sets: how lines add up, and when a decision is final."""

from __future__ import annotations

from streamflow.contracts.rule_sets import load_rule_set
from streamflow.rules.scorecard import logistic
from tests.unit.rules.edge_cases import CALIBRATED, SEED, shipped
from tests.unit.rules.rule_cases import buy, listing

LISTED = listing("m-bad", "1970-01-01T00:00:00Z")


def test_one_rule_of_the_seed_is_an_alert_at_one_half_and_two_are_at_99_in_a_hundred() -> None:
    """Prior and weights are equal and opposite: the first line takes the odds to even, the second as far beyond.

    no rule fires     no record             score 0.01
    blacklist         -4.595 + 4.595        score 0.5    alert
    and velocity      -4.595 + 2 x 4.595    score 0.99   alert
    """
    customer = shipped(SEED, LISTED)
    card = customer.engine.book.live_at(0)
    assert card is not None
    assert card.base_score == 0.01
    five = [buy(f"t{n}", f"10:00:0{n}") for n in range(5)]
    one = customer.sent(buy("t", "09:00:00", merchant_id="m-bad"))
    two = customer.sent(*five, buy("x", "10:00:09", merchant_id="m-bad"))
    assert [(item.decision.score, item.decision.is_alert) for item in (*one, *two)] == [(0.5, True), (0.99, True)]


def test_a_light_line_of_the_calibrated_rule_set_is_a_decision_and_no_alert() -> None:
    """Under 1.1.0 most lines are too light to alert alone; they are recorded and add up.

    10:00:00  :01  :02       three purchases             -7.006 + 0.546: score 0.001562, recorded, no alert
                        :03  the fourth                  -7.006 + 3.115: score 0.020016, no alert
                        with 351.00 paid                 -7.006 + 3.115 + 0.837: score 0.045045, no alert
    threshold -2.712: score 0.062269
    """
    three = [buy(f"t{n}", f"10:00:0{n}") for n in range(3)]
    customer = shipped(CALIBRATED)
    decided = [item.decision for item in customer.sent(*three, buy("x", "10:00:03"))]
    dear = shipped(CALIBRATED).sent(*three, buy("x", "10:00:03", 35_100))[-1].decision
    assert [item.log_odds_ulo for item in (*decided, dear)] == [-6_460_000, -3_891_000, -3_054_000]
    assert [item.score for item in (*decided, dear)] == [0.001562, 0.020016, 0.045045]
    assert not any(item.is_alert for item in (*decided, dear))
    assert logistic(load_rule_set(CALIBRATED).alert_threshold_ulo, 6) == 0.062269


def test_a_rule_that_is_not_applicable_adds_nothing_and_says_why() -> None:
    """Five lines always, in the same order; of a purchase without place, merchant and history three cannot speak.

    10:00:00  :01  :02  :03  :04  :05                    rule set 1.0.0: velocity alone weighs
    """
    decision = shipped(SEED).sent(*(buy(f"t{n}", f"10:00:0{n}") for n in range(6)))[-1].decision
    assert [line.rule for line in decision.lines] == [
        "high_value",
        "velocity",
        "geographic",
        "time_anomaly",
        "blacklist",
    ]
    assert [line.applicable for line in decision.lines] == [True, True, False, False, False]
    assert sum(line.weight_ulo for line in decision.lines) == decision.lines[1].weight_ulo
    assert all(line.sentence for line in decision.lines)


def test_a_decision_is_provisional_for_a_minute_of_the_customers_own_time() -> None:
    """Whatever comes within the bound may change it; what comes behind the watermark changes nothing.

    event time   10:00  10:01  10:02  10:03  10:04  10:05      then
    arrives        1      2      3             4      5        five: silent
    10:03 comes when the newest is 10:05: behind 10:04, late, unscored by the stream, and nothing is revised
    10:04:30 comes when the newest is 10:05: in time, and 10:05 becomes the sixth
    """
    minutes = (0, 1, 2, 4, 5)
    late, early = shipped(SEED), shipped(SEED)
    for customer in (late, early):
        assert customer.sent(*(buy(f"t{n}", f"10:0{n}:00") for n in minutes)) == []
    assert late.sent(buy("behind", "10:03:00")) == []
    assert late.send(buy("x", "10:03:30"))[0].kind == "late"
    revised = early.sent(buy("between", "10:04:30"))
    assert [(item.decision.transaction_id, item.decision.is_alert) for item in revised] == [("t5", True)]
