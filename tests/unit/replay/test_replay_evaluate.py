"""What alerts were worth: counted by hand."""

from __future__ import annotations

import pytest

from streamflow.replay.evaluate import Evaluator
from streamflow.rules.model import RULES, Decision, Line
from streamflow.statistics.intervals import wilson


def decision(transaction_id: str, *fired: str, is_alert: bool = True) -> Decision:
    """Return an alert of one customer in which the given rules weigh."""
    lines = tuple(Line(rule, True, "m", 1, None, 1, 1, "u", int(rule in fired), "s") for rule in RULES)
    return Decision(
        "anna", transaction_id, 0, "1.0.0", "live", 0.5, False, is_alert, 0, lines, (), None, 0, "new", 0, "new"
    )


def evaluator() -> Evaluator:
    """Return ten purchases of 100 to 1000, of which 300, 500 and 1000 are fraud; one label is of no purchase."""
    known = {("anna", "t3"), ("anna", "t5"), ("anna", "t10"), ("anna", "never scored")}
    collected = Evaluator(known)
    for number in range(1, 11):
        collected.add("anna", f"t{number}", number * 100)
    return collected


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_those_of_the_literature(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe's published examples, to four digits."""
    share = wilson(part, whole)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


def test_a_share_of_nothing_is_unknown() -> None:
    """No trials, no value, the whole interval."""
    share = wilson(0, 0)
    assert (share.value, share.low, share.high) == (None, 0.0, 1.0)
    assert (wilson(5, 5).low > 0.5, wilson(5, 5).high) == (True, 1.0)


def test_rules_and_scorecard_are_counted_against_labels_with_money() -> None:
    """An alert counts for each rule that weighs in it, and once for all together."""
    alerts = [
        decision("t3", "velocity"),
        decision("t5", "velocity", "geographic"),
        decision("t7", "geographic"),
        decision("t10", "blacklist", is_alert=False),
    ]
    result = evaluator().result(alerts)
    by_rule = {item.name: item for item in result.rules}
    assert tuple(by_rule) == RULES
    assert (result.purchases, result.fraud, result.fraud_minor) == (10, 3, 1800)
    together = result.together
    assert (together.alerts, together.caught, together.caught_minor, together.missed_minor) == (3, 2, 800, 1000)
    assert (together.precision.value, together.recall.value) == (2 / 3, 2 / 3)
    assert (by_rule["velocity"].alerts, by_rule["velocity"].caught) == (2, 2)
    assert (by_rule["geographic"].alerts, by_rule["geographic"].caught) == (2, 1)
    assert (by_rule["blacklist"].alerts, by_rule["high_value"].precision.value) == (0, None)


def test_the_baseline_alerts_as_often_on_the_largest_amounts() -> None:
    """Three alerts: 1000, 900 and 800, of which one is fraud."""
    alerts = [decision(name, "velocity") for name in ("t3", "t5", "t7")]
    baseline = evaluator().result(alerts).amount_alone
    assert (baseline.alerts, baseline.caught, baseline.caught_minor) == (3, 1, 1000)


def test_of_equal_amounts_the_baseline_takes_the_earlier() -> None:
    """So that it is as reproducible as the rules."""
    collected = Evaluator([("anna", "first")])
    for name in ("first", "second"):
        collected.add("anna", name, 500)
    assert collected.result([decision("second", "velocity")]).amount_alone.caught == 1
