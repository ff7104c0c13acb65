"""What the subtasks of the detector say about a record of the rules, as Flink's metrics give it."""

from __future__ import annotations

from streamflow.jobs.acknowledgement import Subtasks, ask, subtasks_from
from streamflow.settings import Settings

METRICS = {
    "0.detect_fraud.fraud_rules_position": 8,
    "1.detect_fraud.fraud_rules_position": 7,
    "0.detect_fraud.fraud_rules_refused": 8,
    "1.detect_fraud.fraud_rules_refused": 0,
    "0.detect_fraud.valve_shut_rules": 0b10010,
    "1.detect_fraud.valve_shut_rules": 0,
    "0.detect_fraud.alerts_held_back_by_velocity": 3,
    "1.detect_fraud.alerts_held_back_by_velocity": 4,
    "0.detect_fraud.alerts_held_back_by_blacklist": 0,
}


def test_each_subtask_says_for_itself_how_far_it_is() -> None:
    """Of three, the second lacks the newest record and the third has said nothing yet."""
    told = subtasks_from("job", 3, METRICS)
    assert (told.positions, told.refused) == ((8, 7, 0), (8, 0, 0))
    assert [told.have(offset) for offset in (6, 7, 8)] == [2, 1, 0]
    assert [told.missing(offset) for offset in (6, 7, 8)] == [(2,), (1, 2), (0, 1, 2)]
    assert told.said(7) == "1 of 3 subtasks have it"


def test_alerts_held_back_are_counted_over_all_subtasks() -> None:
    """And a rule is shut while any of them holds it back."""
    told = subtasks_from("job", 2, METRICS)
    assert told.held_back == (("velocity", 7),)
    assert told.shut == ("velocity", "blacklist")


def test_without_a_flink_nobody_is_asked() -> None:
    """The rules can be published before any job runs."""
    assert ask(Settings()) == Subtasks()
    assert Subtasks().said(0) == "no detector is running"
    assert Subtasks().missing(0) == ()
