"""Laws of a backtest: it alerts on what the stream alerts on, however rows are dealt to buckets and to processes."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streamflow.backtest.gathering import Read, gather
from streamflow.backtest.recorded import LogSetup, LogTask, judge_records
from streamflow.backtest.scoring import ScoreSetup, score
from streamflow.backtest.workers import Workers
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.rule_sets import CHECKOUT, Horizons, load_rule_set
from streamflow.contracts.timestamps import format_us
from streamflow.replay.engine import LogRecord, replay
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.compiler import compile_rule_set
from streamflow.rules.engine import Engine
from streamflow.rules.model import Purchase
from tests.property.law_cases import SECOND_US, START_US, histories, horizons

RULE_SETS = (load_rule_set("1.0.0"), load_rule_set("1.1.0"))
LISTED = (
    Entry("e1", "m0", START_US, START_US + 1_200_000_000, START_US, "chargebacks", "manual", None),
    Entry("e2", "m1", START_US + 600_000_000, None, START_US, "labels", "calibration", 0.4),
)
VALIDATOR = build_validator(Catalogue.load(CHECKOUT), "USD")


def record(purchase: Purchase, offset: int) -> LogRecord:
    """Return a purchase as it lies in the log."""
    body = {
        "schema_version": "1.0.0",
        "transaction_id": purchase.transaction_id,
        "customer_id": purchase.customer_id,
        "event_timestamp": format_us(purchase.event_time_us),
        "amount_minor": purchase.amount_minor,
        "currency": "USD",
        "utc_offset_min": purchase.utc_offset_min,
        "merchant_id": purchase.merchant_id,
        "latitude": purchase.latitude,
        "longitude": purchase.longitude,
    }
    kept = {name: value for name, value in body.items() if value is not None}
    at_ms = (purchase.event_time_us + 86_400_000_000) // 1000
    return LogRecord(0, offset, purchase.customer_id.encode(), json.dumps(kept).encode(), at_ms)


def log_of(history: list[Purchase], delay_s: int, rng: random.Random) -> list[LogRecord]:
    """Return a log in which records arrive up to `delay_s` late, some of them twice, or with another amount then."""
    late = [purchase.event_time_us + rng.randrange(delay_s * SECOND_US + 1) for purchase in history]
    log: list[LogRecord] = []
    for _, purchase in sorted(zip(late, history, strict=True), key=lambda pair: pair[0]):
        log.append(record(purchase, len(log)))
        if rng.random() < 0.1:
            twin = purchase if rng.random() < 0.5 else msgspec.structs.replace(purchase, amount_minor=7)
            log.append(record(twin, len(log)))
    return log


def read_log(log: list[LogRecord], buckets: int, folder: Path) -> Read:
    """Read a log in chunks of seven."""
    setup = LogSetup(CHECKOUT, "USD", buckets)
    tasks = [LogTask(setup, at, log[at : at + 7], folder / f"{at}.part") for at in range(0, len(log), 7)]
    return gather(map(judge_records, tasks), buckets, folder)


def backtested(log: list[LogRecord], limits: Horizons, buckets: int) -> tuple[list[dict[int, int]], dict[str, int]]:
    """Return by rule set the log-odds of each record on which a rule says something, and what became of the others."""
    with tempfile.TemporaryDirectory() as folder, Workers(1) as workers:
        read = read_log(log, buckets, Path(folder))
        setup = ScoreSetup(RULE_SETS, limits, False, LISTED)
        result = score(read, setup, workers, None, lambda _: None)
    rows = read.row[result.scored].tolist()
    said = []
    for one in result.rule_sets:
        spoken = sum(weights != 0 for weights in one.weights_ulo.values())
        pairs = zip(rows, one.log_odds_ulo.tolist(), spoken.tolist(), strict=True)
        said.append({row: odds for row, odds, weighty in pairs if weighty})
    return said, {name: count for name, count in result.counts.items() if count}


def replayed(log: list[LogRecord], limits: Horizons) -> tuple[list[dict[int, int]], dict[str, int]]:
    """Return the same from a replay, each rule set live in one of its own."""
    first: dict[tuple[str, str], int] = {}
    for one in log:
        body = json.loads(one.body or b"")
        first.setdefault((body["customer_id"], body["transaction_id"]), one.offset)
    said, counts = [], dict[str, int]()
    for rule_set in RULE_SETS:
        roles = [Activation(-(2**62), rule_set.version, "live")]
        book = RuleBook(
            {rule_set.version: compile_rule_set(rule_set)}, roles, {entry.entry_id: entry for entry in LISTED}
        )
        result = replay(log, VALIDATOR, Engine(book, limits))
        said.append({first[key[0], key[1]]: item.log_odds_ulo for key, item in result.standing.items()})
        counts = {name: count for name, count in result.dispositions.items() if name != "scored"}
    return said, counts


@settings(max_examples=60, deadline=None)
@given(
    histories(), st.integers(0, 2**32 - 1), st.integers(1, 5), st.sampled_from((3, 256)), st.sampled_from((0, 59, 200))
)
def test_a_backtest_says_of_every_purchase_what_a_replay_of_the_same_log_says(
    history: list[Purchase], seed: int, buckets: int, pending: int, delay_s: int
) -> None:
    """Same log-odds and dispositions: in order, within the bound and beyond it, with twins and full pending lists."""
    limits = horizons(max_pending=pending)
    log = log_of(history, delay_s, random.Random(seed))  # noqa: S311
    assert backtested(log, limits, buckets) == replayed(log, limits)
