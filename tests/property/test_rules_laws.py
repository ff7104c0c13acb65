"""Decisions are a function of the log: laws that hold for every history."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamflow.rules.model import Decided, Purchase
from tests.property.law_cases import SECOND_US, histories, horizons, run

BOUND_S = horizons().max_out_of_orderness_s
LAWS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def shuffled(draw: st.DrawFn, within_us: int) -> tuple[list[Purchase], list[Purchase]]:
    """Draw a history and an arrival order in which nothing overtakes more than `within_us` of event time."""
    history = draw(histories())
    delays = draw(st.lists(st.integers(0, within_us - 1), min_size=len(history), max_size=len(history)))
    arrival = sorted(range(len(history)), key=lambda row: (history[row].event_time_us + delays[row], row))
    return history, [history[row] for row in arrival]


@given(histories(), st.sets(st.integers(0, 60)))
@LAWS
def test_a_split_into_checkpoints_anywhere_changes_nothing(log: list[Purchase], kept: set[int]) -> None:
    """Outcomes and states are equal whether state passes through bytes after every record, after some, or never."""
    always, sometimes, never = run(log), run(log, keep_decoded=kept), run(log, keep_decoded=set(range(len(log))))
    assert always.outcomes == sometimes.outcomes == never.outcomes
    assert always.states == sometimes.states == never.states


@given(shuffled(within_us=BOUND_S * SECOND_US))
@LAWS
def test_any_arrival_order_within_the_bound_gives_the_same_final_decisions(
    orders: tuple[list[Purchase], list[Purchase]],
) -> None:
    """Nothing is late and pending stays below its bound; alerts that stand are equal too, withdrawals included."""
    in_order, arrived = run(orders[0]), run(orders[1])
    assert set(in_order.kinds) == set(arrived.kinds) == {"scored"}
    assert arrived.standing == in_order.standing
    assert arrived.alerts == in_order.alerts


@given(histories(), st.randoms(use_true_random=False))
@LAWS
def test_how_customers_are_interleaved_is_irrelevant(log: list[Purchase], rng: object) -> None:
    """Each customer's log alone gives that customer's outcomes."""
    together = run(log)
    alone = defaultdict(list)
    for purchase in log:
        alone[purchase.customer_id].append(purchase)
    apart = [item for customer in sorted(alone) for item in run(alone[customer]).final.items()]
    assert dict(apart) == together.final
    assert all(run(own).states[name] == together.states[name] for name, own in alone.items())


@given(shuffled(within_us=600 * SECOND_US), st.integers(1, 5), st.data())
@LAWS
def test_a_log_with_late_records_duplicates_and_full_pending_lists_replays_equally(
    orders: tuple[list[Purchase], list[Purchase]], max_pending: int, data: st.DataObject
) -> None:
    """The same log gives the same outcomes and states, in every run and through every checkpoint."""
    log = list(orders[1])
    for _ in range(data.draw(st.integers(0, 10))):
        twin = log[data.draw(st.integers(0, len(log) - 1))]
        log.insert(data.draw(st.integers(0, len(log))), twin)
    limits = horizons(max_pending=max_pending)
    once, again = run(log, limits), run(log, limits, keep_decoded=set(range(0, len(log), 3)))
    assert once.outcomes == again.outcomes
    assert once.states == again.states
    assert len(once.kinds) == len(log)
    distinct = len({(item.customer_id, item.transaction_id) for item in log})
    assert sum(kind in {"scored", "late"} for kind in once.kinds) >= distinct


@given(shuffled(within_us=600 * SECOND_US))
@LAWS
def test_revisions_of_a_decision_count_up_and_no_record_repeats_the_one_before(
    orders: tuple[list[Purchase], list[Purchase]],
) -> None:
    """So that the highest revision is the last word, on fraud-decisions and on fraud-alerts."""
    decisions, alerts = defaultdict(list), defaultdict(list)
    for outcomes in run(orders[1]).outcomes:
        for item in outcomes:
            if isinstance(item, Decided):
                decisions[item.decision.alert_id].append(item.decision)
                if item.to_alerts:
                    alerts[item.decision.alert_id].append(item.decision)
    for sent in decisions.values():
        assert [item.revision for item in sent] == list(range(len(sent)))
        assert [item.status == "new" for item in sent] == [place == 0 for place in range(len(sent))]
        assert all(before.canonical_bytes() != after.canonical_bytes() for before, after in pairwise(sent))
    for sent in alerts.values():
        assert [item.alert_revision for item in sent] == list(range(len(sent)))
        assert all(item.is_alert == (item.alert_status != "withdrawn") for item in sent)


@given(shuffled(within_us=BOUND_S * SECOND_US))
@LAWS
def test_the_tip_is_always_settled_state_with_everything_pending_folded_in(
    orders: tuple[list[Purchase], list[Purchase]],
) -> None:
    """The cache that makes the usual case one evaluation never says anything else than a full evaluation."""
    from streamflow.rules.engine import Engine
    from streamflow.rules.history import decode
    from tests.property.law_cases import book

    engine = Engine(book(), horizons())
    for state in map(decode, run(orders[1]).states.values()):
        sums = state.settled
        for item in state.pending:
            sums = engine.fold(sums, item)
        assert sums == state.tip
        assert state.times == sorted(state.times)
        assert len(state.times) == len(state.ids) == len(state.latitudes) == len(state.longitudes)
        assert [item.purchase.transaction_id for item in state.pending] == state.ids[
            len(state.ids) - len(state.pending) :
        ]
