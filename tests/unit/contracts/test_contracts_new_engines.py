"""Samples of what the engines for frames, JSON Schema and tables make of a contract, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandera.errors import SchemaError

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.constraints import held, migration, missing
from streamflow.contracts.corpus import SETTINGS, CorpusRow, message
from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines import json_schema, pandera, postgres
from streamflow.contracts.engines.record import TopicValidator
from streamflow.contracts.pattern_text import text_of
from streamflow.errors import InputError
from tests.unit.contracts.contract_cases import CONTRACTS, ROOT, SMALL, catalogue, small, validator


def valid_row(dataset: Dataset, name: str = "full") -> dict[str, Any]:
    """Return a shipped valid example."""
    path = dataset.path.parent / "examples" / "valid" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return silver purchases as a frame with a type a column."""
    frame = pd.DataFrame(rows)
    for name in ("event_timestamp", "kafka_timestamp", "cleaned_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame


def test_a_typed_frame_is_judged_like_its_records() -> None:
    """Types answer for whole columns; a bound is broken by one row, which is named with check and reason."""
    dataset = catalogue().dataset("silver", "clean_transactions")
    row = valid_row(dataset)
    frame = typed([{**row, "transaction_id": f"t-{place}"} for place in range(50)])
    frames = pandera.translate(dataset)
    assert pandera.faults(frames, frame) == {}
    frame.loc[17, "quantity"] = 1001
    (named,) = pandera.faults(frames, frame)[17]
    assert (named.check_id, named.reason, named.column) == (
        "silver.clean_transactions.quantity.range",
        "out_of_range",
        "quantity",
    )


def test_nothing_is_coerced_and_a_time_without_zone_is_none() -> None:
    """A column of floats is no column of integers, whatever the values."""
    dataset = catalogue().dataset("silver", "clean_transactions")
    frame = typed([valid_row(dataset)])
    frame["quantity"] = frame["quantity"].astype(float)
    frame["event_timestamp"] = frame["event_timestamp"].dt.tz_localize(None)
    found = {one.check_id for one in pandera.faults(pandera.translate(dataset), frame)[0]}
    assert found == {"silver.clean_transactions.quantity.type", "silver.clean_transactions.event_timestamp.type"}


def test_rows_with_one_key_are_found_and_labels_must_be_distinct() -> None:
    """The key is a check of the whole frame; an index with a label twice could not name a row."""
    dataset = catalogue().dataset("silver", "clean_transactions")
    frames = pandera.translate(dataset)
    frame = typed([valid_row(dataset)] * 2)
    assert {label: [one.reason for one in named] for label, named in pandera.faults(frames, frame).items()} == {
        0: ["duplicate"],
        1: ["duplicate"],
    }
    with pytest.raises(ValueError, match="a label twice"):
        pandera.faults(frames, frame.set_index(pd.Index([5, 5])))


def test_a_frame_that_lacks_a_column_of_its_table_or_has_another_is_refused() -> None:
    """That is no fault of a row."""
    dataset = catalogue().dataset("silver", "clean_transactions")
    frames = pandera.translate(dataset)
    frame = typed([valid_row(dataset)])
    for wrong in (frame.drop(columns="currency"), frame.assign(note="x")):
        with pytest.raises(SchemaError):
            pandera.faults(frames, wrong)


def test_pandas_texts_end_at_no_nul() -> None:
    """Two texts that differ after a NUL are two; pandas' own table of distinct texts takes them for one."""
    dataset = catalogue().dataset("silver", "clean_transactions")
    row = valid_row(dataset)
    rows = [{**row, "transaction_id": f"t-{place}", "channel": text} for place, text in enumerate(("web", "web\x00"))]
    found = pandera.faults(pandera.translate(dataset), pd.DataFrame(rows, dtype=object))
    assert {label: named[0].reason for label, named in found.items()} == {1: "bad_string"}


def test_the_schema_of_a_topic_names_version_bounds_and_what_a_value_asks_for() -> None:
    """Samples, written out."""
    schema = json_schema.translate(catalogue().topic("events.raw"), catalogue().by_id)
    properties = schema.document["properties"]
    assert properties["schema_version"]["const"] == "2.0.0"
    assert (properties["quantity"]["minimum"], properties["quantity"]["maximum"]) == (1, 1000)
    assert properties["quantity"]["type"] == ["integer", "null"]
    assert properties["event_timestamp"]["format"] == "date-time"
    assert schema.document["allOf"][0]["then"]["required"] == ["transaction_id", "chargeback_reason"]
    assert "additionalProperties" not in json.dumps(schema.document)
    assert json.loads(schema.text()) == schema.document


def test_every_topic_version_has_its_schema_among_the_documents() -> None:
    """Seven topics carry JSON; dead letters are other topics' bytes."""
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "schemas").glob("*/*.json")}
    topics = [one for one in catalogue().datasets("events") if one.topic is not None and one.topic.payload == "json"]
    assert files == {json_schema.artefact_path(topic) for topic in topics}
    assert len(files) >= 7


def test_only_what_differs_is_altered() -> None:
    """A bound that moved goes and comes; one that stayed stays; one that the contract no longer has goes."""
    table = postgres.translate(catalogue().dataset("gold", "dim_date"))
    wanted = {check.name: check.expression for check in table.checks}
    assert postgres.alterations(table, wanted) == ()
    changed = wanted | {"dim_date_month_range": "month BETWEEN 1 AND 13", "dim_date_old_range": "old > 0"}
    assert postgres.alterations(table, changed) == (
        "DROP CONSTRAINT dim_date_month_range",
        "DROP CONSTRAINT dim_date_old_range",
        "ADD CONSTRAINT dim_date_month_range CHECK (month BETWEEN 1 AND 12)",
    )


def test_a_migration_that_was_written_from_what_is_missing_is_held(tmp_path: Path) -> None:
    """Braces of a pattern survive the way into the file and back; later files win."""
    text = SMALL.replace("logicalType: integer", "logicalType: string").replace(
        "physicalType: integer", "physicalType: text"
    )
    text = text.replace("          minimum: 1\n          maximum: 9\n", "          pattern: ^[A-Z]{3}$\n")
    contracts = small(tmp_path / "contracts", text)
    folder = tmp_path / "migrations"
    (folder / "silver").mkdir(parents=True)
    (lacking,) = missing(contracts, folder)
    assert lacking.parts == ("ADD CONSTRAINT small_number_pattern CHECK (number ~ '^[A-Z]{3}$')",)
    (folder / "silver" / "0001_checks.sql").write_text(migration("checks.", "as it is.", [lacking]), encoding="utf-8")
    assert "{{3}}" in (folder / "silver" / "0001_checks.sql").read_text(encoding="utf-8")
    assert missing(contracts, folder) == ()
    drop = "-- Purpose: none.\nALTER TABLE silver.small\n    DROP CONSTRAINT small_number_pattern;\n"
    (folder / "silver" / "0002_drop.sql").write_text(drop, encoding="utf-8")
    assert held(folder / "silver") == {"silver.small": {}}
    assert len(missing(contracts, folder)) == 1


def test_no_number_counts_as_one_beyond_every_bound() -> None:
    """PostgreSQL orders NaN after all numbers, so a minimum alone would let it pass."""
    table = postgres.translate(catalogue().dataset("gold", "agg_hourly_sales"))
    expressions = {check.name: check.expression for check in table.checks}
    assert expressions["agg_hourly_sales_amount_sum_range"] == "amount_sum >= 0 AND amount_sum <> 'NaN'"


@pytest.mark.parametrize(
    ("pattern", "length", "text"),
    [
        ("^[A-Z]{3}$", None, "AAA"),
        ("^[A-Z]{3}$", 4, None),
        ("^[a-z]+$", 5, "aaaaa"),
        ("^[0-9]+\\.[0-9]+$", 6, "0000.0"),
        ("^[0-9a-f]{2}(-[0-9]{2}){2}$", 8, "00-00-00"),
        ("^a?b*$", 3, "bbb"),
    ],
)
def test_a_text_is_written_for_a_pattern(pattern: str, length: int | None, text: str | None) -> None:
    """Of the wished length, or none."""
    assert text_of(pattern, length) == text


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_its_offset_moves_out_of_the_calendar_is_a_dead_letter(moment: str) -> None:
    """A rule set has no time window to stop it, and no job could write it."""
    topic = catalogue().topic("fraud-rules")
    record = valid_row(topic, "rule_set") | {"effective_from": moment}
    verdict = validator()(topic.topic_name, *message(topic, CorpusRow("edge", record)))
    assert verdict.reason == "bad_timestamp"


def test_a_kafka_timestamp_after_the_calendar_is_a_dead_letter_where_no_window_stops_it() -> None:
    """The last moment of the year 9999 passes, the next does not."""
    topic = catalogue().topic("fraud-rules")
    key, body, _ = message(topic, CorpusRow("rule set", valid_row(topic, "rule_set")))
    last = 253_402_300_799_999
    said = [validator()(topic.topic_name, key, body, now).reason for now in (last, last + 1)]
    assert said == [None, "event_time_out_of_range"]


@pytest.mark.parametrize(
    ("topic", "old", "new", "sentence"),
    [
        ("events.raw", "customer_id", False, "takes its key or event time from 'customer_id', which is not required"),
        ("events.raw", "event_timestamp", False, "takes its key or event time from 'event_timestamp'"),
        ("fraud-rules", "kind", False, "takes its key or event time from 'kind', which is not required"),
    ],
)
def test_a_contract_whose_key_may_be_absent_is_refused(
    tmp_path: Path, topic: str, old: str, new: object, sentence: str
) -> None:
    """The validator could not name the key, and must never raise."""
    source = (CONTRACTS / "events" / topic / "1.0.0.odcs.yaml").read_text(encoding="utf-8")
    head, _, tail = source.partition(f"      - name: {old}\n")
    path = tmp_path / "events" / topic / "1.0.0.odcs.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"{head}      - name: {old}\n" + tail.replace("required: true", f"required: {str(new).lower()}", 1),
        encoding="utf-8",
    )
    contracts = Catalogue.load(tmp_path)
    with pytest.raises(InputError, match=sentence):
        TopicValidator(contracts.topic(topic), contracts, dict(SETTINGS))
    with pytest.raises(InputError, match=sentence):
        build_validator(contracts, "USD")
