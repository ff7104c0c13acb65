"""Rules that change under way: a running engine, which hears of each change just in time, decides as a replay does."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamflow.contracts.rule_sets import RuleSet, load_rule_set, rule_set_from
from streamflow.errors import InputError
from streamflow.rules.admission import admit, admitted
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import RuleBook, parse_time
from streamflow.rules.engine import Engine
from streamflow.rules.history import CustomerState, decode, encode
from streamflow.rules.model import Outcome, Position, Purchase
from streamflow.rules.promotion import Ahead, Grounds, promotion_record, retirement_record, rollback_record
from streamflow.rules.publication import entry_record, newest_role, rule_set_record
from tests.property.law_cases import SECOND_US, histories, history_of, horizons

ONE = load_rule_set("1.0.0")
SETS = [
    rule_set_from(ONE.payload() | {"version": f"1.{minor}.0", "prior_ulo": ONE.prior_ulo + minor * 900_000})
    for minor in (1, 2, 3)
]
ACTIONS = (
    "shadow",
    "shadow",
    "promote",
    "promote",
    "rollback",
    "retire",
    "retire",
    "list",
    "close",
    "promote then rollback",
)
KINDS = {"shadow", "promote", "rollback", "withdraw", "retire", "list", "close"}
Record = dict[str, Any]
Story = tuple[list[Purchase], dict[int, str], int]
"""A log, what the operator does before which of its records, and a seed."""


class Operator:
    """Changes the rules as the command line would, seen from one place in the log."""

    def __init__(self, rng: random.Random) -> None:
        first = rule_set_record(RuleBook(), ONE, horizons(), role="live", effective_from_us=None, reached_us=None)
        assert first is not None
        self.rng = rng
        self.made: Counter[str] = Counter()
        self.records: list[Record] = [first]
        self.book = RuleBook.from_records(self.records)

    def change(self, action: str, ahead: Ahead) -> list[Record]:
        """Return the records of one change, none when it is refused."""
        made: list[Record] = []
        for step in action.split(" then "):
            try:
                record = self._record(step, ahead)
            except InputError:
                return made
            if record is None:
                return made
            self.book = admit(self.book, record, horizons())
            made.append(record)
            self.made[str(record.get("promotion", {}).get("action", step))] += 1
        return made

    def _record(self, step: str, ahead: Ahead) -> Record | None:
        rule_set: RuleSet = self.rng.choice(SETS)
        grounds = Grounds("ana", 0, "because")
        if step == "shadow":
            moment = ahead.moment("it", None)
            return rule_set_record(
                self.book, rule_set, horizons(), role="shadow", effective_from_us=moment, reached_us=ahead.reached_us
            )
        if step == "promote":
            return promotion_record(self.book, rule_set, horizons(), ahead, grounds)
        if step == "rollback":
            return rollback_record(self.book, None, ahead, grounds)
        if step == "retire":
            roles = {version: newest_role(self.book, version) for version in self.book.cards}
            shadows = [version for version, role in roles.items() if role is not None and role.role == "shadow"]
            return retirement_record(self.book, shadows[0] if shadows else "1.0.0", ahead, grounds)
        entries = [entry for entry in self.book.entries.values() if entry.valid_to_us is None]
        if step == "close" and entries:
            entry = self.rng.choice(entries)
            closed = replace(entry, valid_to_us=max(ahead.soonest_us, entry.valid_from_us))
            return entry_record(self.book, closed, ahead.reached_us)
        name = f"e{len(self.book.entries)}"
        fresh = Entry(name, "m1", ahead.soonest_us, None, ahead.soonest_us, "r", "manual", None)
        return entry_record(self.book, fresh, ahead.reached_us)


def counts_from(record: Record) -> int:
    """Return the first event time that a change is about."""
    return parse_time(record.get("until") or record.get("valid_to") or record["effective_from"], "it")


def streamed(log: list[Purchase], plan: dict[int, str], rng: random.Random) -> tuple[list[list[Outcome]], Operator]:
    """Run a log while an operator changes the rules; a record is heard before the first purchase it is about."""
    operator = Operator(rng)
    engine, states = Engine(operator.book, horizons()), dict[str, CustomerState]()
    unheard: list[Record] = []
    outcomes, reached_us = [], 0
    for number, purchase in enumerate(log):
        if number in plan and number:
            made = operator.change(plan[number], Ahead(reached_us, rng.choice((0, 1, 3, 60)) * SECOND_US))
            operator.records.extend(made)
            unheard.extend(made)
        due = any(purchase.event_time_us >= counts_from(record) for record in unheard)
        while unheard and (due or rng.random() < 0.2):
            engine.book = admit(engine.book, unheard.pop(0), horizons())
        state = states.setdefault(purchase.customer_id, CustomerState())
        outcomes.append(engine.process_state(state, purchase, Position(0, number)))
        if rng.random() < 0.5:
            states[purchase.customer_id] = decode(encode(state))
        reached_us = max(reached_us, purchase.event_time_us + 1)
    return outcomes, operator


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a log whose purchases overtake each other within the bound, and an operator's plan."""
    history = draw(histories(customers=2))
    bound_us = horizons().max_out_of_orderness_s * SECOND_US
    delays = draw(st.lists(st.integers(0, bound_us - 1), min_size=len(history), max_size=len(history)))
    order = sorted(range(len(history)), key=lambda row: (history[row].event_time_us + delays[row], row))
    plan = draw(st.dictionaries(st.integers(1, 60), st.sampled_from(ACTIONS), min_size=3, max_size=12))
    return [history[row] for row in order], plan, draw(st.integers(0, 2**32 - 1))


def agree(log: list[Purchase], plan: dict[int, str], seed: int) -> Counter[str]:
    """Hold that a replay of the topic, whole and compacted, gives every outcome; return the changes that were made."""
    outcomes, operator = streamed(log, plan, random.Random(seed))  # noqa: S311
    records = operator.records
    newest = {record.get("version") or record["entry_id"]: place for place, record in enumerate(records)}
    compacted = [record for place, record in enumerate(records) if place in newest.values()]
    for topic in (records, compacted):
        engine, states = Engine(admitted(topic, horizons()), horizons()), dict[str, CustomerState]()
        replayed = [
            engine.process_state(states.setdefault(item.customer_id, CustomerState()), item, Position(0, number))
            for number, item in enumerate(log)
        ]
        assert replayed == outcomes
    return operator.made


@given(stories())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_replay_with_the_whole_book_decides_as_the_stream_did(story: Story) -> None:
    """Whole and compacted: every outcome of every record, revisions included."""
    agree(*story)


def test_every_kind_of_change_is_replayed_alike() -> None:
    """Fixed stories, since drawn ones could by chance leave a kind out, or have everything refused."""
    made: Counter[str] = Counter()
    for seed in range(60):
        rng = random.Random(seed)  # noqa: S311
        plan = {rng.randrange(1, 60): rng.choice(ACTIONS) for _ in range(10)}
        made += agree(history_of(rng, 60, 2), plan, seed)
    assert set(made) == KINDS
    assert made.total() > 100
