"""Retention with a ledger, partitions ahead, and what the command line says."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from streamflow import settings as configuration
from streamflow.errors import InputError
from streamflow.settings import Settings
from streamflow.warehouse import maintenance, marks
from streamflow.warehouse.connections import Session, connect
from streamflow.warehouse.transforms import bronze_to_silver, forget, silver_to_gold
from tests.integration.test_warehouse.bronze_rows import Stream, write
from tests.integration.test_warehouse.snapshots import query
from tests.servers import superuser

OLD = "2026-01-01T09:00:00Z"
LONG_AGO = "2020-01-01T09:00:00Z"
NEW = "2026-03-01T09:00:00Z"
EVENTS = "SELECT count(*) FROM bronze.raw_events"


def _history(settings: Settings) -> Stream:
    """Write two old chargebacks and one new purchase, so that the log's clock says March."""
    stream = Stream(settings, detect=False)
    rows = [*stream.chargeback("e1", "t1", OLD), *stream.chargeback("e2", "t1", OLD), *stream.purchase("t1", NEW)]
    write(settings, rows)
    return stream


def test_under_the_logs_clock_nothing_is_removed_unless_asked(fresh: Settings) -> None:
    """A simulation of years ago would lose its first day."""
    _history(fresh)
    bronze_to_silver(fresh, "one")
    report = maintenance.run(fresh)
    assert (report.removed, report.kept) == ({}, {})
    assert query(fresh, "bronze_db", EVENTS) == [(2,)]


def test_retention_waits_until_silver_has_read_the_rows(fresh: Settings) -> None:
    """What no layer has seen is never dropped, and the report says why it stays."""
    _history(fresh)
    report = maintenance.run(fresh, retain_days=30)
    assert report.removed == {}
    assert list(report.kept) == ["raw_events_o0"]
    assert "silver has not read" in report.kept["raw_events_o0"]


def test_retention_drops_whole_partitions_and_writes_the_ledger(fresh: Settings) -> None:
    """The ledger names the offsets; marks go on behind them; silver keeps what it has."""
    stream = _history(fresh)
    bronze_to_silver(fresh, "one")
    report = maintenance.run(fresh, retain_days=30)
    assert report.removed == {"raw_events_o0": 2}
    ledger = "SELECT table_name, log_id, from_offset, to_offset, rows_removed FROM ops.retention_ledger"
    assert query(fresh, "bronze_db", ledger) == [("raw_events", "log-events.raw", 0, 2, 2)]
    assert query(fresh, "bronze_db", EVENTS) == [(0,)]
    assert query(fresh, "bronze_db", "SELECT count(*) FROM bronze.raw_transactions") == [(1,)]
    write(fresh, stream.chargeback("e3", "t1", NEW))
    with connect(fresh, "silver_db", "transform") as target, connect(fresh, "bronze_db", "transform") as source:
        sessions = Session(target, fresh.sql_dir), Session(source, fresh.sql_dir)
        (found,) = marks.plan(*sessions, "a transform without marks", "raw_events", {})
    assert (found.from_offset, found.to_offset) == (2, 3)
    bronze_to_silver(fresh, "two")
    assert query(fresh, "silver_db", "SELECT count(*) FROM silver.enriched_events") == [(3,)]
    with pytest.raises(InputError, match="Retention has removed a part of bronze"):
        forget(fresh)
    assert query(fresh, "silver_db", "SELECT count(*) FROM silver.enriched_events") == [(3,)]


def test_under_a_wall_clock_the_contracts_say_how_long(fresh: Settings) -> None:
    """365 days in the bronze contracts, so that rows of this year stay and rows of a year before go."""
    stream = Stream(fresh, detect=False)
    write(fresh, [*stream.chargeback("e1", "t1", LONG_AGO), *stream.purchase("t1", LONG_AGO)])
    bronze_to_silver(fresh, "one")
    report = maintenance.run(fresh.model_copy(update={"clock": "wall"}))
    assert report.removed == {"raw_events_o0": 1, "raw_transactions_o0": 1}


def test_a_retention_of_no_days_is_refused(warehouse: Settings) -> None:
    """Nobody means to drop today's data."""
    with pytest.raises(InputError, match="at least 1 day, not 0"):
        maintenance.run(warehouse, retain_days=0)


def test_old_audit_rows_are_forgotten(warehouse: Settings) -> None:
    """A quarter of runs stays."""
    _history(warehouse)
    bronze_to_silver(warehouse, "old")
    with superuser(warehouse, "silver_db") as connection:
        connection.execute("UPDATE ops.load_audit SET finished_at = now() - interval '91 days'")
    assert maintenance.run(warehouse).audit_rows_pruned > 0
    assert query(warehouse, "silver_db", "SELECT count(*) FROM ops.load_audit") == [(0,)]


def test_the_command_line_transforms_shows_and_rebuilds(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """migrate, transform, status and maintain, with --json for programs."""
    from streamflow.cli import warehouse as command

    configuration.settings.cache_clear()
    monkeypatch.setattr(configuration, "settings", lambda: warehouse)
    _history(warehouse)
    runner = CliRunner()

    def run(*arguments: str) -> str:
        result = runner.invoke(command.app, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "all three databases are up to date" in run("migrate")
    assert json.loads(run("migrate", "--json")) == []
    assert "silver.enriched_events" in run("transform", "all")
    (silver, gold) = json.loads(_last_json(run("transform", "all", "--from-scratch", "--json")))
    assert (silver["transform"], gold["transform"]) == ("bronze_to_silver", "silver_to_gold")
    status = json.loads(_last_json(run("status", "--json")))
    assert status["rows"]["gold.fact_transactions"] == 1
    assert {entry["transform"] for entry in status["runs"]} == {"bronze_to_silver", "silver_to_gold"}
    assert "gold.fact_transactions" in run("status")
    assert "audit rows forgotten" in run("maintain")
    assert json.loads(_last_json(run("maintain", "--json")))["removed"] == {}


def _last_json(text: str) -> str:
    """Return the JSON at the end of an output that may begin with log lines."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line in {"[", "{"})
    return "\n".join(lines[start:])


def test_from_scratch_is_for_both_layers_only(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a rebuild would leave gold with times that silver no longer has."""
    from streamflow.cli import warehouse as command

    monkeypatch.setattr(configuration, "settings", lambda: warehouse)
    result = CliRunner().invoke(command.app, ["transform", "silver-to-gold", "--from-scratch"])
    assert isinstance(result.exception, InputError)


def test_every_run_leaves_its_marks_and_contract_versions_in_the_audit(warehouse: Settings) -> None:
    """One row a table, with the offsets it was made from."""
    _history(warehouse)
    bronze_to_silver(warehouse, "one")
    silver_to_gold(warehouse, "one")
    text = (
        "SELECT status, rows_in, rows_out, rows_rejected, marks -> 0 ->> 'to', contract_versions ->> 0 "
        "FROM ops.load_audit WHERE run_id = 'one' AND target_table = 'silver.clean_transactions'"
    )
    assert query(warehouse, "silver_db", text) == [
        ("succeeded", 1, 1, 0, "1", "silver/clean_transactions/1.0.0"),
    ]
    rows = query(warehouse, "gold_db", "SELECT DISTINCT transform, status FROM ops.load_audit")
    assert rows == [("silver_to_gold", "succeeded")]
