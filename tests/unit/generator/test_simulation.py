"""A run is reproducible, in log order, exact in its counts, and right by the contracts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import EVENTS_RAW, REFERENCE_RAW, TRANSACTIONS_RAW
from streamflow.contracts.timestamps import parse_us
from streamflow.errors import InputError
from streamflow.generator.records import SCHEMA_VERSION, CustomerEvent, Purchase, ReferenceChange
from streamflow.generator.simulation import Simulation
from streamflow.generator.world import Plan
from tests.unit.generator.worlds import CONTRACTS, run, shipped

HASH = """
import hashlib, sys
from pathlib import Path
from streamflow.generator.parameters import load_parameters
from streamflow.generator.simulation import Simulation
from streamflow.generator.world import Plan
digest = hashlib.sha256()
plan = Plan(load_parameters(Path(sys.argv[1])), 3000, 2, int(sys.argv[2]))
for one in Simulation(plan).emissions(digest.update):
    digest.update(b"%s %s %d %s" % (one.topic.encode(), one.key, one.timestamp_ms, one.value or b""))
print(digest.hexdigest())
"""


def hash_in_a_process(seed: int) -> str:
    """Return the hash of a run made by another process."""
    arguments = [sys.executable, "-c", HASH, str(CONTRACTS / "generator" / "1.0.0.yaml"), str(seed)]
    return subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


@cache
def purchases() -> list[dict[str, Any]]:
    """Return the readable purchases of the run, copies included, in log order."""
    found = []
    for one in run().emissions:
        if one.topic == TRANSACTIONS_RAW and one.value and len(one.value) < 1000:
            try:
                record = json.loads(one.value)
            except ValueError:
                continue
            if isinstance(record, dict) and record.get("transaction_id") in truth():
                found.append(record | {"log_ms": one.timestamp_ms})
    return found


@cache
def truth() -> dict[str, str | None]:
    """Return the scenario of each purchase."""
    return {line["transaction_id"]: line["scenario"] for line in run().truth}


def test_the_same_seed_gives_the_same_bytes_in_two_processes() -> None:
    """Nothing in a run depends on hashing, on sets, or on the clock."""
    assert hash_in_a_process(7) == hash_in_a_process(7)


def test_another_seed_gives_other_bytes() -> None:
    """The seed is used."""
    assert hash_in_a_process(7) != hash_in_a_process(8)


def test_the_log_never_goes_back_in_time_and_starts_where_the_plan_says() -> None:
    """Kafka timestamps are the simulated now, which is monotone."""
    stamps = [one.timestamp_ms for one in run().emissions]
    assert len(stamps) > 30_000
    assert stamps == sorted(stamps)
    plan = run().simulation.plan
    assert stamps[0] * 1000 == plan.start_us - 3_600_000_000
    assert stamps[-1] * 1000 <= plan.end_us + 86_400_000_000


def test_a_run_holds_exactly_the_purchases_that_were_asked_for() -> None:
    """Fraud, late and second baskets are among them; copies and broken records are not."""
    lines = run().truth
    assert len(lines) == 20_000
    assert len({line["transaction_id"] for line in lines}) == 20_000
    assert run().simulation.counts["purchases"] == 20_000


def test_a_run_holds_the_fraud_that_was_asked_for_with_every_scenario() -> None:
    """One in a hundred by the shipped figures."""
    scenarios = Counter(line["scenario"] for line in run().truth if line["is_fraud"])
    assert scenarios.total() == 200
    assert set(scenarios) == set(shipped().fraud.shares)


def test_the_contract_accepts_everything_but_what_was_broken_on_purpose() -> None:
    """And names for each broken record the reason that the table of faults expects."""
    validator = build_validator(Catalogue.load(CONTRACTS), "USD")
    reasons: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for one in run().emissions:
        verdict = validator(one.topic, one.key, one.value, one.timestamp_ms)
        statuses[f"{one.topic} {verdict.status}"] += 1
        if verdict.reason is not None:
            reasons[f"rejected.{verdict.reason}"] += 1
    expected = {name: count for name, count in run().simulation.counts.items() if name.startswith("rejected.")}
    assert reasons == expected
    assert sum(expected.values()) > 10
    assert statuses["transactions.raw accepted_unknown_fields"] >= run().simulation.counts["unknown_field"] > 0
    assert statuses["events.raw accepted"] > 5_000
    assert statuses["reference.raw accepted"] > 1_000


def test_no_struct_has_a_field_that_its_contract_does_not_know() -> None:
    """Names on the wire come from the contracts."""
    catalogue = Catalogue.load(CONTRACTS)
    for struct, topic in ((Purchase, TRANSACTIONS_RAW), (CustomerEvent, EVENTS_RAW), (ReferenceChange, REFERENCE_RAW)):
        known = [column.name for column in catalogue.topic(topic, SCHEMA_VERSION).columns]
        assert sorted(struct.__struct_fields__) == sorted(known)


def test_no_record_of_the_platform_carries_the_label() -> None:
    """Labels leave only as chargebacks."""
    assert not any(b"fraud" in (one.value or b"") for one in run().emissions if one.topic == TRANSACTIONS_RAW)


def test_chargebacks_come_days_after_the_purchase_and_inside_the_run() -> None:
    """The median delay lies near two days, none over twelve, and most fraud is reported."""
    fraud = {record["transaction_id"]: record for record in purchases() if truth()[record["transaction_id"]]}
    delays = []
    for one in run().emissions:
        if one.topic == EVENTS_RAW and b'"chargeback"' in (one.value or b""):
            event = json.loads(one.value or b"")
            if event["chargeback_reason"] == "fraud":
                bought = parse_us(fraud[event["transaction_id"]]["event_timestamp"])
                known = parse_us(event["event_timestamp"])
                assert bought is not None
                assert known is not None
                assert abs(known / 1000 - one.timestamp_ms) < 1000
                delays.append((known - bought) / 86_400e6)
    assert 130 <= len(delays) <= 185
    assert 1.5 < float(np.median(delays)) < 2.7
    assert max(delays) < 12.1
    assert run().emissions[-1].timestamp_ms / 86_400e3 > max(delays)


def test_late_purchases_lie_behind_a_newer_one_by_minutes_and_others_never_do() -> None:
    """Out of order stays within a minute, late is five minutes or more."""
    newest: dict[str, int] = {}
    seen: set[str] = set()
    late = overtaken = 0
    for record in purchases():
        if record["transaction_id"] in seen:
            continue
        seen.add(record["transaction_id"])
        at = parse_us(record["event_timestamp"]) or 0
        behind = newest.get(record["customer_id"], 0) - at
        assert behind < 60_000_000 or behind >= 299_000_000
        late += behind >= 299_000_000
        overtaken += 0 < behind < 60_000_000
        newest[record["customer_id"]] = max(at, newest.get(record["customer_id"], 0))
    counts = run().simulation.counts
    assert late == counts["late"] > 10
    assert overtaken >= counts["out_of_order"] > 10


def test_copies_are_counted_as_equal_or_in_conflict() -> None:
    """A copy comes after its original."""
    bodies: dict[str, list[str]] = defaultdict(list)
    for record in purchases():
        body = {name: value for name, value in record.items() if name != "log_ms"}
        bodies[record["transaction_id"]].append(json.dumps(body, sort_keys=True))
    copies = [found for found in bodies.values() if len(found) > 1]
    counts = run().simulation.counts
    assert sum(len(set(found)) == 1 for found in copies) == counts["duplicate"] > 10
    assert sum(len(set(found)) == 2 for found in copies) == counts["conflict"] > 0


def test_customers_keep_their_hours() -> None:
    """A strict customer's purchases cluster around their own hour of the local day."""
    by_customer: dict[str, list[float]] = defaultdict(list)
    for record in purchases():
        if truth()[record["transaction_id"]] is None and "utc_offset_min" in record:
            minutes = (parse_us(record["event_timestamp"]) or 0) / 60e6 + record["utc_offset_min"]
            by_customer[record["customer_id"]].append(minutes % 1440)
    lengths = [
        abs(np.exp(2j * np.pi * np.array(minutes) / 1440).mean())
        for minutes in by_customer.values()
        if len(minutes) > 20
    ]
    assert len(lengths) > 200
    assert float(np.median(lengths)) > 0.7


def test_members_change_while_the_run_goes_on() -> None:
    """Customers move, a store relocates, prices change; every first record is valid before the first purchase."""
    versions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in run().emissions:
        if one.topic == REFERENCE_RAW:
            record = json.loads(one.value or b"")
            versions[record["member_id"]].append(record)
    changed = [found for found in versions.values() if len(found) > 1]
    entities = {found[0]["entity"] for found in changed}
    assert entities == {"customer", "store", "product"}
    assert all(found[0]["attributes"] != found[-1]["attributes"] for found in changed)


def test_a_run_that_would_outlast_the_present_is_refused_with_the_last_start_that_works() -> None:
    """The simulated clock ends before the real one."""
    plan = Plan(shipped(), 1000, 5, 7)
    with pytest.raises(InputError, match="use fewer --days, or --start 2025-12-21 or before"):
        plan.check_before(datetime(2026, 1, 8, tzinfo=UTC))
    plan.check_before(datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=30))


@pytest.mark.parametrize(("name", "value"), [("purchases", 0), ("days", 0), ("seed", -1)])
def test_a_plan_refuses_numbers_out_of_range(name: str, value: int) -> None:
    """The sentence names the option."""
    change: dict[str, Any] = {name: value}
    with pytest.raises(InputError, match=f"--{name} must lie between"):
        replace(Plan(shipped(), 10, 1, 1), **change)


@pytest.mark.parametrize("purchases", [1, 2, 10, 300])
def test_a_tiny_run_is_exact_too(purchases: int) -> None:
    """No share of a small number breaks a run."""
    simulation = Simulation(Plan(shipped(), purchases, 1, 3))
    lines: list[bytes] = []
    assert list(simulation.emissions(lines.append))
    assert len(lines) == purchases


def test_runs_of_different_plans_share_no_id() -> None:
    """So that two runs on one platform are two sets of customers, not conflicts."""
    tags = {Plan(shipped(), purchases, days, seed).tag for purchases in (10, 11) for days in (1, 2) for seed in (1, 2)}
    assert len(tags) == 8
