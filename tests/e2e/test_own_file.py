"""A user's own file, by the commands of the README: dollar signs, refunds, the time in four columns, eighteen years."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".cache" / "test" / f"own-{os.getpid()}"
ROWS = 1500
HEADER = (
    "User,Card,Year,Month,Day,Time,Amount,Use Chip,Merchant Name,Merchant City,Merchant State,Zip,MCC,Errors?,Is Fraud?"
)
FIRST, LAST = datetime(2002, 9, 1, 6, 21, tzinfo=UTC), datetime(2020, 2, 28, 23, 0, tzinfo=UTC)
ENVIRONMENT = {**os.environ, "STREAMFLOW_HOME": str(HOME)}


@dataclass(frozen=True)
class OwnFile:
    """A file in the shape of the TabFormer transactions, and what is in it."""

    path: Path
    refunds: int
    frauds: int


@dataclass(frozen=True)
class Outcome:
    """What the commands said, and where the tables are."""

    file: OwnFile
    settings: Settings
    produced: dict[str, Any]
    verified: dict[str, Any]


def write_file(path: Path) -> OwnFile:
    """Write purchases of one customer over eighteen years; every thirtieth is a refund, some are fraud."""
    rng = random.Random(3)  # noqa: S311
    moments = sorted(
        FIRST + timedelta(minutes=rng.randrange((LAST - FIRST) // timedelta(minutes=1))) for _ in range(ROWS)
    )
    refunds = frauds = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER.split(","))
        for number, moment in enumerate(moments):
            cents = int(rng.lognormvariate(8, 1)) + 1
            refund, fraud = number % 30 == 7, number % 100 == 50
            refunds, frauds = refunds + refund, frauds + fraud
            amount = f"${'-' if refund else ''}{cents // 100}.{cents % 100:02d}"
            date = (moment.year, moment.month, moment.day, f"{moment:%H:%M}")
            rest = ("Swipe Transaction", rng.randrange(50), "La Verne", "CA", "91750.0", "5300", "")
            writer.writerow((0, rng.randrange(5), *date, amount, *rest, "Yes" if fraud else "No"))
    return OwnFile(path, refunds, frauds)


def streamflow(*words: str) -> str:
    """Run a command of the README; return what it printed."""
    program = str(Path(sys.executable).with_name("streamflow"))
    done = subprocess.run([program, *words], env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{words}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Take the file from the disk to gold; the servers stop afterwards."""
    file = write_file(tmp_path_factory.mktemp("own") / "purchases.csv")
    try:
        streamflow("up", "--without", "airflow")
        streamflow("warehouse", "migrate")
        streamflow("rules", "publish", "1.0.0")
        streamflow("jobs", "submit", "all")
        mapping = ROOT / "data" / "mappings" / "tabformer.yaml"
        produced = json.loads(streamflow("produce", str(file.path), "--mapping", str(mapping), "--kafka", "--json"))
        streamflow("jobs", "wait")
        streamflow("warehouse", "transform", "all")
        yield Outcome(file, load_settings(home=HOME), produced, json.loads(streamflow("verify", "--json")))
    finally:
        Platform(load_settings(home=HOME)).down(purge=True)
        shutil.rmtree(HOME, ignore_errors=True)


def value(outcome: Outcome, database: Any, query: str) -> Any:
    """Return the one value that a query gives."""
    with psycopg.connect(outcome.settings.postgres.dsn(database, "reader")) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row and row[0]


@pytest.mark.timeout(900)
def test_every_purchase_of_the_file_is_in_gold(outcome: Outcome) -> None:
    """All rows but the refunds, once each."""
    assert outcome.produced["records"]["transactions.raw"] == ROWS
    assert value(outcome, "gold_db", "SELECT count(*) FROM gold.fact_transactions") == ROWS - outcome.file.refunds
    span = "SELECT max(event_timestamp) - min(event_timestamp) > interval '6000 days' FROM silver.clean_transactions"
    assert value(outcome, "silver_db", span) is True


def test_every_refund_is_accounted_for_by_its_reason(outcome: Outcome) -> None:
    """Dead letters hold the refunds and nothing else."""
    reasons = "SELECT json_object_agg(reason, n) FROM (SELECT {}, count(*) AS n FROM bronze.dead_letters GROUP BY 1) x"
    found = value(outcome, "bronze_db", reasons.format("reason"))
    assert found == {"out_of_range": outcome.file.refunds}


def test_the_labels_of_the_file_meet_their_purchases(outcome: Outcome) -> None:
    """A mapped label becomes a chargeback, and the chargeback a label of the fact."""
    assert (
        value(outcome, "gold_db", "SELECT count(*) FROM gold.fact_transactions WHERE label_fraud")
        == outcome.file.frauds
    )


def test_every_check_holds_on_a_file_of_ones_own(outcome: Outcome) -> None:
    """Conservation, replay and recounts do not care where the purchases came from."""
    checks = {check["name"]: check["ok"] for check in outcome.verified["checks"]}
    assert len(checks) >= 30
    assert [name for name, ok in checks.items() if not ok] == []
