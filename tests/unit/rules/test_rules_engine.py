"""The engine: settled and provisional, late, twice, too many, forgotten."""

from __future__ import annotations

import pytest

from streamflow.contracts.rule_sets import rule_set_from
from streamflow.errors import InputError, StreamFlowError
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from streamflow.rules.history import FORMAT, CustomerState, decode, encode
from streamflow.rules.model import (
    RULES,
    Conflict,
    Decided,
    Duplicate,
    LatePurchase,
    Position,
    Scored,
    Unscored,
    alert_id,
    canonical_decision_bytes,
)
from tests.unit.rules.rule_cases import PRIOR, WEIGHT, Customer, band, buy, listing, published, reach, rule_set


def kinds(customer: Customer, *purchases: object) -> list[str]:
    """Return the disposition of each purchase."""
    return [customer.send(item)[0].kind for item in purchases]  # type: ignore[arg-type]


def test_every_purchase_has_exactly_one_disposition_and_it_comes_first() -> None:
    """So that scored + late + duplicates + conflicts + unscored is what was read."""
    customer = Customer()
    for name, clock, digest in (("a", "10:00:00", 1), ("a", "10:00:00", 1), ("a", "10:00:00", 2), ("b", "09:00:00", 3)):
        outcomes = customer.send(buy(name, clock, digest=digest))
        assert not isinstance(outcomes[0], Decided)
        assert all(isinstance(item, Decided) for item in outcomes[1:])


def test_nothing_is_sent_when_no_rule_has_anything_to_say() -> None:
    """No record means the base score of the rule set in force."""
    customer = Customer()
    assert customer.send(buy("a", "10:00:00")) == [Scored()]
    card = customer.engine.book.live_at(0)
    assert card is not None
    assert card.base_score == 0.006693


def test_an_alert_carries_five_lines_that_add_up_to_its_log_odds() -> None:
    """In the order of the rules, with a score that is the logistic of the sum."""
    decision = Customer().sent(*(buy(f"t{n}", f"10:00:0{n}") for n in range(6)))[-1].decision
    assert tuple(line.rule for line in decision.lines) == RULES
    assert decision.log_odds_ulo == PRIOR + sum(line.weight_ulo for line in decision.lines) == PRIOR + WEIGHT
    assert (decision.score, decision.is_alert, decision.fired) == (0.268941, True, ("velocity",))
    assert (decision.revision, decision.status, decision.alert_revision, decision.alert_status) == (0, "new", 0, "new")


def test_a_line_below_the_alert_threshold_is_a_decision_and_no_alert() -> None:
    """It goes to fraud-decisions alone."""
    weak = {"purchases": {"unit": "purchases", "digits": 0, "bands": [band(2, 1_000_000), band(3, WEIGHT)]}}
    customer = Customer(published(rule_set(velocity__measures=weak)))
    first, second = customer.sent(*(buy(f"t{n}", f"10:00:0{n}") for n in range(3)))
    assert (first.decision.is_alert, first.to_decisions, first.to_alerts) == (False, True, False)
    assert (second.decision.is_alert, second.to_decisions, second.to_alerts) == (True, True, True)


def test_a_band_without_weight_says_nothing() -> None:
    """A calibration that found no signal leaves no records behind."""
    record = published(
        rule_set(velocity__measures={"purchases": {"unit": "purchases", "digits": 0, "bands": [band(2, 0)]}})
    )
    assert Customer(record).sent(buy("a", "10:00:00"), buy("b", "10:00:01")) == []


def test_an_earlier_purchase_that_comes_later_raises_an_alert_on_the_one_after_it() -> None:
    """Five, then the seventh-in-time, then the one in between: the sixth and the last now lie over the limit.

    arrival   1 2 3 4 5        6               7
    time      10:00:00..04     10:00:30        10:00:20
    """
    customer = Customer()
    assert customer.sent(*(buy(f"t{n}", f"10:00:0{n}") for n in range(4)), buy("last", "10:00:30")) == []
    sent = customer.sent(buy("between", "10:00:20"))
    assert [(item.decision.transaction_id, item.decision.revision, item.decision.status) for item in sent] == [
        ("last", 0, "new")
    ]
    sent = customer.sent(buy("between2", "10:00:25"))
    assert [(item.decision.transaction_id, item.decision.revision, item.decision.status) for item in sent] == [
        ("between2", 0, "new"),
        ("last", 1, "revised"),
    ]
    assert all(item.to_alerts for item in sent)


def test_an_alert_is_withdrawn_when_an_earlier_purchase_explains_it() -> None:
    """A fourth amount comes late but inside the bound, raises the mean, and 3000 is no longer three times it."""
    customer = Customer()
    customer.sent(*(buy(f"t{n}", f"0{n + 1}:00:00") for n in range(3)))
    alert = customer.sent(buy("big", "10:00:30", 3000))[0]
    assert (alert.decision.is_alert, alert.decision.status) == (True, "new")
    withdrawn = customer.sent(buy("missed", "10:00:00", 2000))[0]
    decision = withdrawn.decision
    assert (decision.transaction_id, decision.status, decision.revision, decision.is_alert) == (
        "big",
        "withdrawn",
        1,
        False,
    )
    assert (withdrawn.to_decisions, withdrawn.to_alerts) == (True, True)
    assert (decision.alert_status, decision.alert_revision) == ("withdrawn", 1)
    assert decision.log_odds_ulo == PRIOR
    # It stays withdrawn, silently, when it is evaluated again, and comes back as a revision when it must.
    assert customer.sent(buy("also", "10:00:10", 2000)) == []
    again = customer.sent(*(buy(f"low{n}", f"10:00:0{n + 1}", 100) for n in range(3)))[-1].decision
    assert (again.transaction_id, again.status, again.alert_status, again.is_alert) == (
        "big",
        "revised",
        "revised",
        True,
    )
    assert again.alert_id == decision.alert_id


def test_a_decision_that_only_now_becomes_an_alert_starts_at_alert_revision_0() -> None:
    """On fraud-decisions it is revision 1; on fraud-alerts it is the first of its id."""
    bands = [band(2, 1_000_000), band(3, WEIGHT)]
    record = published(rule_set(velocity__measures={"purchases": {"unit": "purchases", "digits": 0, "bands": bands}}))
    customer = Customer(record)
    customer.sent(buy("a", "10:00:00"), buy("c", "10:00:20"))
    last = customer.sent(buy("b", "10:00:10"))[-1]
    assert last.decision.payload()["revision"] == 1
    assert last.decision.payload()["status"] == "revised"
    assert last.decision.alert_payload()["revision"] == 0
    assert last.decision.alert_payload()["status"] == "new"


def test_a_purchase_at_or_behind_the_watermark_is_late() -> None:
    """Highest event time minus the bound; one microsecond after it is still in time."""
    customer = Customer()
    customer.send(buy("a", "10:01:00"))
    late = customer.send(buy("b", "10:00:00"))
    assert isinstance(late[0], LatePurchase)
    assert late[0].watermark_us == buy("x", "10:00:00").event_time_us
    assert kinds(customer, buy("c", "10:00:00.000001"), buy("d", "09:00:00")) == ["scored", "late"]


def test_a_late_purchase_counts_for_nothing() -> None:
    """Neither in windows nor in means: the batch scores it apart."""
    customer = Customer()
    customer.send(buy("a", "10:05:00"))
    before = decode(customer.state)
    customer.send(buy("late", "10:00:00", 10**9))
    after = decode(customer.state)
    assert (after.times, after.settled, after.tip) == (before.times, before.settled, before.tip)


def test_a_record_seen_before_is_a_duplicate_and_with_other_content_a_conflict() -> None:
    """The lowest offset wins; what comes after changes nothing."""
    customer = Customer()
    customer.send(buy("a", "10:00:00", digest=7))
    state = customer.state
    assert isinstance(customer.send(buy("a", "10:00:00", digest=7))[0], Duplicate)
    assert isinstance(customer.send(buy("a", "10:30:00", 5, digest=8))[0], Conflict)
    assert customer.state == state


def test_a_late_record_is_remembered_too() -> None:
    """So that transactions.late holds it once."""
    customer = Customer()
    customer.send(buy("a", "10:05:00"))
    assert kinds(customer, buy("l", "10:00:00", digest=1), buy("l", "10:00:00", digest=1)) == ["late", "duplicate"]


def test_ids_are_remembered_for_the_horizon_of_the_customers_own_time() -> None:
    """A day after it arrived the id is remembered, a microsecond later it is forgotten; its time is late then."""
    customer = Customer()
    customer.send(buy("a", "2026-03-02T10:00:00Z", digest=1))
    customer.send(buy("b", "2026-03-03T10:00:00Z"))
    assert kinds(customer, buy("a", "2026-03-02T10:00:00Z", digest=1)) == ["duplicate"]
    customer.send(buy("c", "2026-03-03T10:00:00.000001Z"))
    assert kinds(customer, buy("a", "2026-03-02T10:00:00Z", digest=1)) == ["late"]


def test_an_id_that_is_part_of_another_is_another() -> None:
    """Ids are compared whole."""
    customer = Customer()
    customer.send(buy("t1234", "10:00:00"))
    assert kinds(customer, buy("t123", "10:00:01"), buy("1234", "10:00:02"), buy("t", "10:00:03")) == ["scored"] * 3


def test_many_ids_are_forgotten_in_order_and_the_rest_found() -> None:
    """A hundred ids an hour apart; the last day's are remembered."""
    customer = Customer()
    purchases = [buy(f"t{n}", f"2026-03-{n // 24 + 1:02d}T{n % 24:02d}:00:00Z", digest=n) for n in range(100)]
    customer.sent(*purchases)
    found = [decode(customer.state).seen(item.transaction_id) for item in purchases]
    assert found == [None] * 75 + list(range(75, 100))


def test_the_oldest_settle_early_when_too_many_are_pending() -> None:
    """With room for three, the fourth moves the customer's watermark up to the first."""
    customer = Customer(horizons=reach(max_pending=3))
    customer.sent(*(buy(f"t{n}", f"10:00:0{n}") for n in range(4)))
    state = decode(customer.state)
    assert ([item.purchase.transaction_id for item in state.pending], state.frontier_us) == (
        ["t1", "t2", "t3"],
        buy("x", "10:00:00").event_time_us,
    )
    assert kinds(customer, buy("u", "10:00:00"), buy("v", "10:00:00.5")) == ["late", "scored"]


def test_a_customer_who_was_away_longer_than_the_retention_starts_afresh() -> None:
    """At exactly 90 days the habits still count; a microsecond more and there are none."""
    month = [buy(f"t{n}", f"2026-03-0{n + 1}T10:00:00Z") for n in range(4)]
    assert Customer().fires("high_value", *month, buy("x", "2026-06-02T10:00:00Z", 3000))
    assert not Customer().fires("high_value", *month, buy("x", "2026-06-02T10:00:00.000001Z", 3000))


def test_before_the_first_live_rule_set_a_purchase_is_unscored_but_counts_as_history() -> None:
    """It is never scored by a rule set of a later time, and verify can name it."""
    customer = Customer(published(rule_set(), "2026-03-02T10:00:03Z"))
    outcomes = [customer.send(buy(f"t{n}", f"10:00:0{n}")) for n in range(6)]
    assert [isinstance(item[0], Unscored) for item in outcomes] == [True] * 3 + [False] * 3
    assert isinstance(outcomes[-1][-1], Decided)


def test_a_rule_set_takes_over_at_its_event_time_and_not_at_its_arrival() -> None:
    """Out of order across the change: each purchase is decided by the rule set of its own time."""
    strict = rule_set("1.1.0", velocity__measures={"purchases": {"unit": "purchases", "digits": 0, "bands": [band(2)]}})
    customer = Customer(published(rule_set()), published(strict, "2026-03-02T10:00:10Z"))
    customer.sent(buy("a", "10:00:00"), buy("d", "10:00:20"), buy("c", "10:00:10"), buy("b", "10:00:09.999999"))
    assert sorted(customer.final) == [("c", "1.1.0"), ("d", "1.1.0")]


def test_a_shadow_decides_beside_the_live_rule_set_and_never_alerts() -> None:
    """Its decisions carry its role, and its own flags keep amounts out of its own mean only."""
    keen = rule_set(
        "1.1.0",
        high_value__measures={
            "ratio_to_mean": {"unit": "ratio", "digits": 4, "bands": [band(2.0)]},
            "amount_minor": {"unit": "minor", "digits": 0, "bands": []},
        },
    )
    customer = Customer(published(rule_set()), published(keen, role="shadow"))
    amounts = (1000, 1000, 1000, 2900, 2900)
    sent = customer.sent(*(buy(f"t{n}", f"1{n}:00:00", amount) for n, amount in enumerate(amounts)))
    assert [(item.decision.transaction_id, item.decision.role, item.to_alerts) for item in sent] == [
        ("t3", "shadow", False),
        ("t4", "shadow", False),
    ]
    assert sent[1].decision.lines[0].observed == 2.9
    alerts = customer.sent(buy("t5", "15:00:00", 5500))
    assert [(item.decision.role, item.decision.lines[0].observed, item.to_alerts) for item in alerts] == [
        ("live", 3.125, True),
        ("shadow", 5.5, False),
    ]


def test_a_promoted_shadow_keeps_the_mean_that_it_kept_as_a_shadow() -> None:
    """State is carried over a change of rule set."""
    keen = rule_set(
        "1.1.0",
        high_value__measures={
            "ratio_to_mean": {"unit": "ratio", "digits": 4, "bands": [band(2.0)]},
            "amount_minor": {"unit": "minor", "digits": 0, "bands": []},
        },
    )
    records = (
        published(rule_set()),
        published(keen, role="shadow"),
        published(keen, "2026-03-02T15:00:00Z", "live"),
    )
    customer = Customer(*records)
    customer.sent(*(buy(f"t{n}", f"1{n}:00:00", amount) for n, amount in enumerate((1000, 1000, 1000, 2900))))
    after = customer.sent(buy("after", "15:00:00", 2000))[-1].decision
    assert (after.role, after.lines[0].observed) == ("live", 2)


def test_a_new_rule_set_starts_from_the_mean_of_the_one_before_it() -> None:
    """Nobody waits for min_history again."""
    customer = Customer(published(rule_set()), published(rule_set("1.1.0"), "2026-03-02T15:00:00Z"))
    customer.sent(*(buy(f"t{n}", f"1{n}:00:00", 1000) for n in range(4)))
    assert customer.sent(buy("x", "15:00:00", 4000))[0].decision.lines[0].observed == 4


def test_an_alert_has_the_same_id_on_every_run() -> None:
    """A function of customer, transaction and rule set version; pinned, because silver's keys depend on it."""
    assert alert_id("anna", "t1", "1.0.0") == "b29002b5-3c56-5b50-87d8-e9c868df7139"
    assert alert_id("anna", "t1", "1.0.0") != alert_id("berta", "t1", "1.0.0")


def test_canonical_bytes_survive_a_database_that_rewrites_numbers() -> None:
    """JSONB turns 10.0 into 10 and NUMERIC into Decimal; revision, status and timings stand outside."""
    import json
    from decimal import Decimal

    entry = listing("m1", "2026-03-01T00:00:00Z")
    burst = [buy(f"t{n}", f"10:00:0{n}", merchant_id="m1", place=(48.5, 2.0)) for n in range(6)]
    decision = Customer(published(rule_set()), entry).sent(*burst)[-1].decision
    read_back = json.loads(json.dumps(decision.payload()), parse_float=Decimal)
    read_back |= {"revision": 9, "status": "revised", "role": "shadow"}
    assert canonical_decision_bytes(read_back) == decision.canonical_bytes()


def test_state_of_another_format_is_refused_in_one_sentence() -> None:
    """Never misread."""
    with pytest.raises(StreamFlowError, match=f"format 99, this build reads {FORMAT}"):
        decode(encode(CustomerState(form=99)))
    with pytest.raises(StreamFlowError, match="cannot be read"):
        decode(b"\x93")


def test_processing_is_pure() -> None:
    """The same state and purchase give the same answer twice, and the state that went in is as it was."""
    customer = Customer()
    customer.sent(*(buy(f"t{n}", f"10:00:0{n}") for n in range(5)))
    before = bytes(customer.state or b"")
    first = customer.engine.process(before, buy("x", "10:00:09"), Position(0, 9))
    assert customer.engine.process(before, buy("x", "10:00:09"), Position(0, 9)) == first
    assert before == customer.state


def test_a_rule_set_that_looks_back_further_than_state_is_refused_and_the_old_book_stays() -> None:
    """At construction, and when a new record arrives in a running job."""
    far = published(rule_set("2.0.0", velocity__window_s=86_401))
    with pytest.raises(InputError, match=r"velocity\.window_s is 86401"):
        Engine(RuleBook.from_records([far]), reach())
    engine = Engine(RuleBook.from_records([published(rule_set())]), reach())
    book = engine.book
    with pytest.raises(InputError, match=r"velocity\.window_s is 86401"):
        engine.book = book.with_record(far)
    assert engine.book is book


def test_the_engine_runs_the_shipped_rule_set_on_the_shipped_horizons() -> None:
    """1.0.0 alerts when any rule fires, at a score of one half, and says that it is not calibrated."""
    from streamflow.contracts.rule_sets import load_horizons, load_rule_set

    shipped = load_rule_set("1.0.0")
    assert rule_set_from(shipped.payload()) == shipped
    customer = Customer(published(shipped.payload()), horizons=load_horizons())
    decision = customer.sent(*(buy(f"t{n}", f"10:00:0{n}") for n in range(6)))[-1].decision
    assert (decision.is_alert, decision.score, decision.calibrated, decision.calibration_id) == (True, 0.5, False, None)
