"""A quality run judges what is new by its contract, shows no personal value, and leaves docs that open offline."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from streamflow.contracts import Catalogue
from streamflow.errors import EnvironmentNotReady
from streamflow.quality.lateness import lateness_within
from streamflow.quality.run import QualityReport, run_quality
from streamflow.quality.suites import TableResult
from streamflow.reader import reading
from streamflow.settings import Settings
from tests.commands import in_process
from tests.integration.test_quality.tampering import Tamper
from tests.servers import superuser

REMOTE = re.compile(r"<(?:link|script|img)\b[^>]*(?:src|href)=\"https?://")
SPOILED = """
    UPDATE silver.clean_transactions
    SET currency = 'eur', card_id = 'SECRET CARD', cleaned_at = cleaned_at + interval '1 hour'
    WHERE transaction_id = (SELECT min(transaction_id) FROM silver.clean_transactions)
"""


@pytest.fixture(scope="module")
def first(world: Settings) -> QualityReport:
    """Run once on a world that nothing has looked at."""
    return run_quality(world, "scheduled__2026-01-05T00:00:00+00:00")


def tables_of(report: QualityReport) -> dict[str, TableResult]:
    """Return the results by table."""
    return {result.table: result for results in report.tables.values() for result in results}


def test_every_table_of_every_layer_is_judged(first: QualityReport, world: Settings) -> None:
    """None is left out, and none that has rows is judged by nothing."""
    assert first.failures == ()
    assert first.ok
    catalogue = Catalogue.load(world.contracts_dir)
    wanted = {dataset.table for layer in ("bronze", "silver", "gold") for dataset in catalogue.datasets(layer)}
    tables = tables_of(first)
    assert set(tables) == wanted
    assert len(tables) >= 25
    assert all(result.evaluated >= 10 for result in tables.values())
    assert tables["silver.clean_transactions"].rows == tables["silver.clean_transactions"].total >= 900


def test_a_second_run_looks_only_at_what_is_new(first: QualityReport, world: Settings) -> None:
    """Nothing is: no row of a marked table is judged again."""
    assert first.ok
    tables = tables_of(run_quality(world, "second"))
    for name in ("bronze.raw_transactions", "bronze.dead_letters", "silver.clean_transactions", "silver.fraud_alerts"):
        assert (tables[name].rows, tables[name].evaluated) == (0, 0)
        assert tables[name].total > 0


@pytest.mark.usefixtures("first")
def test_a_broken_row_closes_the_gate_until_it_is_mended_and_shows_no_personal_value(
    world: Settings, tamper: Tamper
) -> None:
    """Both failing checks are named, on this run and on the next; the card's value is in no file, the currency is."""
    with tamper("silver_db", "silver.clean_transactions", SPOILED) as rows:
        assert rows == 1
        for name in ("spoiled", "spoiled still"):
            report = run_quality(world, name)
            assert {failure.split(" ")[1] for failure in report.failures} == {
                "silver.clean_transactions.card_id.pattern",
                "silver.clean_transactions.currency.pattern",
            }
            assert all("is broken by 1 of 1 rows (error)" in failure for failure in report.failures)
    files = [path.read_bytes() for path in (world.state / "quality").rglob("*") if path.is_file()]
    assert any(b"eur" in content for content in files)
    assert not any(b"SECRET CARD" in content for content in files)
    assert run_quality(world, "mended").ok


def test_operators_see_the_share_of_late_purchases(first: QualityReport, world: Settings) -> None:
    """In the report, on the first page of the docs, and for `status`, which waits no longer than it was told to."""
    with reading(world, "silver_db") as silver:
        rows = silver.execute("SELECT count(*), count(*) FILTER (WHERE is_late) FROM silver.clean_transactions")
        assert rows.fetchone() == (first.late.whole.purchases, first.late.whole.late)
    assert first.late.whole.late > 0
    assert len(first.late.days) >= 3
    assert first.late.sentence in first.docs.read_text(encoding="utf-8")
    assert lateness_within(world, 60.0) == first.late
    away = world.model_copy(update={"postgres": world.postgres.model_copy(update={"port": 1})})
    assert lateness_within(away, 60.0) is None
    with superuser(world, "silver_db") as silver, silver.transaction():
        silver.execute("LOCK TABLE silver.clean_transactions IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(EnvironmentNotReady, match=r"Late purchases: not counted within 0\.1 s"):
            lateness_within(world, 0.1)


def test_status_tells_the_share_of_late_purchases(
    first: QualityReport, world: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, and to machines; without Flink it is not healthy, which is no reason to say nothing."""
    monkeypatch.setattr("streamflow.cli.platform.LATE_PATIENCE_S", 60.0)
    told = in_process("status", STREAMFLOW_HOME=str(world.state))
    assert first.late.sentence in told.stdout.splitlines()
    machine = json.loads(in_process("status", "--json", STREAMFLOW_HOME=str(world.state)).stdout)
    assert machine["late_purchases"] == first.late.as_dict()
    assert {one["name"] for one in machine["processes"]} >= {"kafka", "postgres"}


def test_docs_open_without_a_network(first: QualityReport) -> None:
    """No page loads anything from elsewhere, and what it loads instead is there."""
    pages = list(first.docs.parent.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not REMOTE.search(text), page
        assert str(Path.home()) not in text
        for asset in re.findall(r'(?:src|href)="([^"]*/offline\.(?:css|js))"', text):
            assert (page.parent / asset).is_file(), f"{page} lacks {asset}"


def test_a_run_leaves_a_record(first: QualityReport, world: Settings) -> None:
    """JSON, named by time and run id, with colons and plus signs gone."""
    assert first.run_id == "scheduled__2026-01-05T00-00-00-00-00"
    records = sorted((world.state / "quality" / "runs").glob(f"*-{first.run_id}.json"))
    assert len(records) == 1
    record = json.loads(records[0].read_text(encoding="utf-8"))
    assert record["ok"] is True
    assert record["conservation"]["records"] > 0
    assert record["late_purchases"] == first.late.as_dict()
    assert not any(password in records[0].read_text() for password in world.postgres.passwords.values())
