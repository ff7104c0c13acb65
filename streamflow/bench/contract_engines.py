"""What the engines of a contract cost: a record at a time, and a million rows at once.

Measured on a PostgreSQL of its own; the part `contracts` of `streamflow bench`.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from streamflow.bench.measures import Measure, Section
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.engines import json_schema, pandera, postgres
from streamflow.contracts.engines.json_strict import read
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.timestamps import parse_us
from streamflow.events.models import MODELS
from streamflow.generator.runs import plan_run
from streamflow.generator.simulation import Simulation
from streamflow.quality.increments import Increment
from streamflow.quality.suites import SuiteRunner
from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform
from streamflow.warehouse.connections import connect
from streamflow.warehouse.migrations import migrate

if TYPE_CHECKING:
    import pandas as pd

    from streamflow.contracts.dataset import Dataset
    from streamflow.events.base import Event

FOLDER: Final = ".streamflow-bench"
RECORDS: Final = 20_000
ROWS: Final = 1_000_000
RUNS: Final = 5
TABLE: Final = "clean_transactions"

VALIDATOR: Final = "per-record validator"
VALIDATOR_RECORD: Final = "per-record validator, record read"
PYDANTIC: Final = "Pydantic model_validate_json"
PYDANTIC_SAME: Final = "Pydantic and what else the validator checks"
SCHEMA: Final = "fastjsonschema and JSON decoding"
DECODING: Final = "JSON decoding alone, by msgspec"
RECORD_METHOD: Final = (
    "Generated purchases as the stream sends them, bytes in, verdict out, one thread; the median of runs that take "
    "turns. The validator also checks the text (depth, repeated keys, 64 bits), the Kafka key, the time window and the "
    "currency; the plain Pydantic model and fastjsonschema, which runs the topic's own JSON Schema after json.loads, "
    "do not. The second Pydantic line adds these checks in plain Python. A verdict makes its record, a dict, when it "
    "is first read, which the line `record read` includes. Decoding alone checks nothing but JSON and makes a dict."
)
ROWS_METHOD: Final = (
    "Silver purchases. Pandera validates a typed frame, lazily. Great Expectations validates the same number of rows "
    "as SQL in PostgreSQL, as a quality run does, its import not counted. The inserts write the rows in one statement, "
    "into the table with its CHECKs and into one with the same key and none."
)


@dataclass(frozen=True)
class Sent:
    """One record as Kafka gives it."""

    key: bytes
    body: bytes
    time_ms: int


def purchases(settings: Settings, count: int) -> list[Sent]:
    """Return generated purchases that keep their contract."""
    plan = plan_run(settings, purchases=count, days=3, seed=7, fault_rate=0.0)
    sent = [
        Sent(one.key, one.value, one.timestamp_ms)
        for one in Simulation(plan).emissions()
        if one.topic == TRANSACTIONS_RAW and one.value is not None
    ]
    return sent[:count]


class Around:
    """What the validator checks around a model: strict text, Kafka key, time window, currency."""

    def __init__(self, dataset: Dataset, base_currency: str) -> None:
        """Take key, time and window from the topic's contract.

        Raises:
            ValueError: The contract has no single key field, no event time or no window.
        """
        topic = dataset.topic
        if topic is None or not topic.key_field or not topic.event_time_field or topic.event_time_window is None:
            raise ValueError(f"{dataset.id} has no key field, event time and window")
        self._key, self._time = topic.key_field, topic.event_time_field
        self._before_us = topic.event_time_window.before_s * 1_000_000
        self._after_us = topic.event_time_window.after_s * 1_000_000
        self._currency = base_currency

    def holds(self, sent: Sent, event: Event) -> bool:
        """Say whether a record that its model accepts keeps the rest of its contract."""
        fields = event.__dict__
        texts = sum(value.__class__ is str for value in fields.values())
        if b"\\" in sent.body or sent.body.count(b'"') != 2 * (len(event.model_fields_set) + texts):
            _, fault = read(sent.body)
            if fault is not None:
                return False
        if sent.key != fields[self._key].encode() or fields["currency"] != self._currency:
            return False
        since_us = sent.time_ms * 1000 - (parse_us(fields[self._time]) or 0)
        return -self._after_us <= since_us <= self._before_us


def per_record(settings: Settings, count: int = RECORDS, runs: int = RUNS) -> Section:
    """Measure the engines that judge one record, on the same records.

    Args:
        settings: Say where the contracts are.
        count: Records a run.
        runs: Runs of each engine.

    Raises:
        ValueError: An engine refuses one of the records, so it was not the same work.
    """
    import fastjsonschema

    catalogue = Catalogue.load(settings.contracts_dir)
    sent = purchases(settings, count)
    validate = build_validator(catalogue, settings.base_currency)
    model = MODELS[TRANSACTIONS_RAW]
    schema = json_schema.translate(catalogue.topic(TRANSACTIONS_RAW), catalogue.by_id).document
    by_schema = fastjsonschema.compile(schema)

    around = Around(catalogue.topic(TRANSACTIONS_RAW), settings.base_currency)
    decode = msgspec.json.Decoder().decode

    def by_validator() -> int:
        return sum(validate(TRANSACTIONS_RAW, one.key, one.body, one.time_ms).reason is None for one in sent)

    def by_validator_and_record() -> int:
        return sum(validate(TRANSACTIONS_RAW, one.key, one.body, one.time_ms).record is not None for one in sent)

    def by_pydantic() -> int:
        return sum(model.model_validate_json(one.body) is not None for one in sent)

    def by_pydantic_and_around() -> int:
        return sum(around.holds(one, model.model_validate_json(one.body)) for one in sent)

    def by_fastjsonschema() -> int:
        return sum(by_schema(json.loads(one.body)) is not None for one in sent)

    def by_decoding() -> int:
        return sum(decode(one.body) is not None for one in sent)

    engines = {
        VALIDATOR: by_validator,
        VALIDATOR_RECORD: by_validator_and_record,
        PYDANTIC: by_pydantic,
        PYDANTIC_SAME: by_pydantic_and_around,
        SCHEMA: by_fastjsonschema,
        DECODING: by_decoding,
    }
    taken: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(runs):
        for name, engine in engines.items():
            began = time.perf_counter()
            accepted = engine()
            taken[name].append((time.perf_counter() - began) / len(sent) * 1e6)
            if accepted != len(sent):
                raise ValueError(f"{name} accepted {accepted} of {len(sent)} records")
    measures = [
        Measure(name, "us a record", values, baseline="" if name == PYDANTIC else PYDANTIC)
        for name, values in taken.items()
    ]
    return Section("One record through each engine", RECORD_METHOD, measures)


def frame(rows: int) -> pd.DataFrame:
    """Return typed silver purchases that keep their contract; shape (rows, 28)."""
    import numpy as np
    import pandas as pd

    place = np.arange(rows)
    start = pd.Timestamp("2026-03-01", tz="UTC").as_unit("us")
    moments = pd.Series(start + pd.to_timedelta(place, unit="s").as_unit("us"))
    texts: dict[str, Any] = {
        "transaction_id": [f"tx-{number}" for number in place],
        "customer_id": [f"c-{number % 20_000}" for number in place],
        "store_id": [f"s-{number % 40}" for number in place],
        "product_id": [f"p-{number % 3_000}" for number in place],
        "merchant_id": [f"m-{number % 900}" for number in place],
        "card_id": [f"k-{number % 30_000}" for number in place],
        "device_id": [f"d-{number % 25_000}" for number in place],
        "channel": np.array(["web", "app", "in_store", "phone"], dtype=object)[place % 4],
    }
    found = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in texts.items()})
    found["quantity"] = place % 5 + 1
    found["amount"] = (place % 90_000 + 1) / 100
    found["currency"] = pd.Series(["USD"] * rows, dtype=object)
    found["event_timestamp"] = moments
    found["utc_offset_min"] = 60
    found["latitude"], found["longitude"], found["fraud_score"] = 52.5, 13.4, 0.01
    for name, value in (("is_alert", False), ("is_valid", True), ("is_late", False)):
        found[name] = value
    found["duplicate_count"], found["has_conflict"] = 0, False
    found["quality_checks"] = pd.Series([{}] * rows, dtype=object)
    found["schema_version"] = pd.Series(["1.0.0"] * rows, dtype=object)
    found["log_id"] = pd.Series(["q7dKk2cQQEyB3jAwX0lMhg"] * rows, dtype=object)
    found["kafka_partition"], found["kafka_offset"] = place % 4, place
    found["kafka_timestamp"] = found["cleaned_at"] = moments
    return found


FILL: Final = """
    SELECT 'tx-' || o, 'c-' || o %% 20000, 's-' || o %% 40, 'p-' || o %% 3000, 'm-' || o %% 900, 'k-' || o %% 30000,
           'd-' || o %% 25000, (ARRAY['web', 'app', 'in_store', 'phone'])[o %% 4 + 1], o %% 5 + 1,
           (o %% 90000 + 1) / 100.0, 'USD', timestamptz '2026-03-01' + o * interval '1 s', 60, 52.5, 13.4, 0.01,
           false, true, false, 0, false, '{}'::jsonb, '1.0.0', 'q7dKk2cQQEyB3jAwX0lMhg', o %% 4, o,
           timestamptz '2026-03-01' + o * interval '1 s', timestamptz '2026-03-01' + o * interval '1 s'
    FROM generate_series(0, %s - 1) AS o
"""


def many_rows(settings: Settings, folder: Path, rows: int = ROWS) -> Section:
    """Measure the engines that judge many rows at once.

    Args:
        settings: Where a migrated PostgreSQL is, whose silver purchases are replaced.
        folder: For the results of Great Expectations.
        rows: How many.

    Raises:
        ValueError: An engine finds a fault, so it was not the work of a good day.
    """
    dataset = Catalogue.load(settings.contracts_dir).dataset("silver", TABLE)
    measures = [_insert(settings, dataset, rows, guarded=guarded) for guarded in (True, False)]
    measures.append(_pandera(dataset, rows))
    runner = SuiteRunner(settings, folder, "bench", datetime.now(UTC))
    increment = Increment(dataset, f"SELECT * FROM {dataset.table}", rows, rows, {"by": "all"})  # noqa: S608
    results: list[Any] = []
    seconds = _timed(lambda: results.extend(runner.run_layer("silver", [increment])), 1)
    failures = [failure.sentence for one in results for failure in one.failures]
    if failures:
        raise ValueError(failures[0])
    measures.append(Measure(f"Great Expectations, {results[0].evaluated} expectations", "s", seconds))
    return Section(f"{rows:,} rows through each engine", ROWS_METHOD, measures)


def _pandera(dataset: Dataset, rows: int) -> Measure:
    found, frames = frame(rows), pandera.translate(dataset)
    seconds = _timed(lambda: frames.schema.validate(found, lazy=True), 3)
    return Measure(f"Pandera, {len(dataset.columns)} columns", "s", seconds)


def _insert(settings: Settings, dataset: Dataset, rows: int, *, guarded: bool) -> Measure:
    table = dataset.table if guarded else "silver.unguarded"
    with connect(settings, "silver_db", "owner") as connection:
        if guarded:
            connection.execute(f"TRUNCATE {table}".encode())
        else:
            unguarded = postgres.create_table(postgres.translate(dataset), table, constrained=False)
            connection.execute(unguarded.encode())
            connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({', '.join(dataset.primary_key)})".encode())
        statement = f"INSERT INTO {table} {FILL}".encode()
        seconds = _timed(lambda: connection.execute(statement, [rows]), 1)
        connection.execute(f"ANALYZE {table}".encode() if guarded else f"DROP TABLE {table}".encode())
    return Measure(f"insert {'with' if guarded else 'without'} CHECKs", "s", seconds)


def _timed(work: Callable[[], Any], runs: int) -> list[float]:
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def contract_engines(settings: Settings, runs: int, say: Callable[[str], None]) -> list[Section]:
    """Measure everything on a database of its own, which is removed afterwards.

    Args:
        settings: Of the checkout.
        runs: Rounds that count, a record at a time.
        say: Told what is being done.
    """
    home = settings.root / FOLDER / "contract-engines"
    platform = Platform(load_settings(home=home))
    try:
        served = platform.up(without={"kafka", "flink", "airflow"})
        migrate(served)
        say("engines of a contract, a record at a time")
        records = per_record(settings, runs=max(runs, RUNS))
        say(f"engines of a contract, {ROWS:,} rows")
        return [records, many_rows(served, home / "quality")]
    finally:
        platform.down(purge=True)
        shutil.rmtree(home, ignore_errors=True)
