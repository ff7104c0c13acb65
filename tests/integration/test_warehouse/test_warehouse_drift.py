"""Drift of rows in a real silver: quiet on a day of the same source, plain on a day that was changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from psycopg.types.json import Jsonb

from streamflow.calibration.drift.windows import DAY_US
from streamflow.contracts.calibrations import Calibration, Figure, Notebook, Source, new_calibration
from streamflow.contracts.released import lock_text, released_files
from streamflow.contracts.rule_sets import RULES
from streamflow.quality.drift import calibration_in_force, drift
from streamflow.settings import Settings
from streamflow.warehouse.connections import connect
from tests.commands import in_process
from tests.drift_worlds import baselines, world

A_DAY = 3000
SEED = 2
COLUMNS = (
    "transaction_id, customer_id, product_id, merchant_id, amount, currency, event_timestamp, utc_offset_min, "
    "latitude, longitude, fraud_score, is_alert, is_valid, is_late, duplicate_count, has_conflict, quality_checks, "
    "schema_version, log_id, kafka_partition, kafka_offset, kafka_timestamp, cleaned_at"
)


def a_calibration(rows: Any = None, **figures: Any) -> Calibration:
    """Return a calibration of one world's baselines; `rows` is another source that figures may name."""
    return new_calibration(
        dataset="own",
        rule_set="1.1.0",
        generator="1.0.0",
        package="0",
        notebook=Notebook(path="notebooks/calibrate.ipynb", sha256="0" * 64, parameters={}),
        sources={"data": Source(kind="sample", name="shop.csv", sha256="0" * 64, rows=A_DAY * 31)}
        | ({} if rows is None else {"rows": rows}),
        figures=figures or baselines(A_DAY),
    )


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    """Give the calibration that rule set 1.1.0 names."""
    return a_calibration()


@pytest.fixture(scope="module")
def contracts(calibration: Calibration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a checkout in which rule set 1.1.0 and its calibration are released."""
    root = tmp_path_factory.mktemp("checkout")
    home = Path(__file__).resolve().parents[3]
    shutil.copytree(home / "contracts", root / "contracts")
    (root / "sql").symlink_to(home / "sql")
    folder = root / "contracts"
    (folder / "calibrations").mkdir(exist_ok=True)
    (folder / "calibrations" / f"{calibration.id}.json").write_text(calibration.text(), encoding="utf-8")
    for path in folder.glob("fraud_rules/1.[1-9]*.yaml"):
        path.unlink()
    text = (folder / "fraud_rules" / "1.0.0.yaml").read_text(encoding="utf-8")
    text = text.replace("version: 1.0.0", "version: 1.1.0").replace(
        "calibration: null", f"calibration: {calibration.id}"
    )
    (folder / "fraud_rules" / "1.1.0.yaml").write_text(text, encoding="utf-8")
    (folder / "released.lock").write_text(lock_text(released_files(folder)), encoding="utf-8")
    return root


@pytest.fixture
def silver(warehouse: Settings, contracts: Path, tmp_path: Path) -> Settings:
    """Give a silver with three days of purchases of other customers than the calibration's, judged by 1.1.0."""
    settings = warehouse.model_copy(update={"root": contracts, "home": tmp_path / "state"})
    with connect(settings, "silver_db", "transform") as connection:
        connection.execute("TRUNCATE silver.clean_transactions, silver.fraud_decisions, ops.base_scores")
        with connection.cursor().copy(f"COPY silver.clean_transactions ({COLUMNS}) FROM STDIN") as copy:
            copied = 0
            for row in purchases():
                copy.write_row(row)
                copied += 1
        assert copied > 2.9 * A_DAY
        connection.execute("INSERT INTO ops.base_scores VALUES ('2000-01-01 00:00:00+00', 'infinity', '1.1.0', 0.01)")
        connection.execute(
            "INSERT INTO silver.fraud_decisions (alert_id, transaction_id, customer_id, rule_set, role, score, "
            "is_alert, calibrated, log_odds_ulo, lines, evidence, revision, status, event_timestamp, decided_at, "
            "log_id, kafka_partition, kafka_offset) "
            "SELECT gen_random_uuid(), transaction_id, customer_id, '1.1.0', 'live', 0.5, true, false, 0, %s, '[]', 0, "
            "'new', event_timestamp, event_timestamp, log_id, 0, kafka_offset "
            "FROM silver.clean_transactions WHERE quality_checks @> '{\"burst\": true}'",
            [Jsonb([{"rule": rule, "weight_ulo": 5 if rule == "velocity" else 0} for rule in RULES])],
        )
    return settings


def purchases() -> list[tuple[Any, ...]]:
    """Return rows of three days of a world; those of the first moments of a fourth set the log's clock."""
    table, alert = world(SEED, A_DAY)
    assert table.customer is not None
    assert table.merchant is not None
    assert table.product is not None
    assert table.offset_min is not None
    assert table.latitude is not None
    assert table.longitude is not None
    begin = (int(table.event_us.min()) // DAY_US + 4) * DAY_US
    chosen = np.flatnonzero((table.event_us >= begin) & (table.event_us < begin + 3 * DAY_US + 600_000_000))
    # The tables know a purchase without a local offset as UTC; here a hundredth of them says nothing.
    silent = np.random.default_rng(1).random(len(table)) < table.missing["utc_offset_min"]
    rows = []
    for place in chosen.tolist():
        at = datetime.fromtimestamp(table.event_us[place] / 1e6, UTC)
        merchant = int(table.merchant.codes[place])
        nowhere = bool(np.isnan(table.latitude[place]))
        checks = json.dumps({"burst": bool(alert[place] and table.fraud[place])})
        rows.append(
            (
                f"t-{place}",
                table.customer.names[int(table.customer.codes[place])],
                table.product.names[int(table.product.codes[place])],
                table.merchant.names[merchant] if merchant >= 0 else None,
                int(table.amount_minor[place]) / 100,
                "USD",
                at,
                None if silent[place] else int(table.offset_min[place]),
                None if nowhere else float(table.latitude[place]),
                None if nowhere else float(table.longitude[place]),
                0.5 if alert[place] else 0.01,
                bool(alert[place]),
                *(True, False, 0, False, checks, "1.0.0", "log", 0, place, at, at),
            )
        )
    return rows


def change(settings: Settings, statement: str) -> None:
    """Change rows of silver."""
    with connect(settings, "silver_db", "transform") as connection:
        assert connection.execute(statement.encode()).rowcount > 0


def test_a_day_of_the_same_source_is_quiet_and_leaves_a_record(silver: Settings, calibration: Calibration) -> None:
    """The last whole day by the log's clock; alerts and each rule's share among what is compared."""
    report = drift(silver, run_id="scheduled__2026-01-05T00:00:00+00:00")
    assert report.status == "compared"
    assert report.findings == ()
    assert report.calibration == calibration.id
    assert 0.8 * A_DAY < report.purchases < 1.2 * A_DAY
    paths = {one.path for one in report.compared}
    assert len(paths) >= 45
    assert {"alerts.all", "alerts.velocity", "missing.merchant_id", "products.grocery", "gaps.short"} <= paths
    assert report.from_time is not None
    assert report.to_time is not None
    assert (report.to_time - report.from_time).days == 1
    assert report.summary.endswith(f"none moved beyond sampling noise since calibration {calibration.id}.")
    records = list((silver.state / "quality" / "drift").glob("*.json"))
    assert len(records) == 1
    assert records[0].name.endswith("-scheduled__2026-01-05T00-00-00-00-00.json")
    assert json.loads(records[0].read_text(encoding="utf-8"))["compared"] == len(paths)


@pytest.mark.parametrize(
    ("statement", "path", "said"),
    [
        (
            "SET amount = round(amount * 1.2, 2)",
            "typical_amount.minor",
            "The typical amount (geometric mean) moved from",
        ),
        (
            "SET utc_offset_min = (utc_offset_min + 900) % 1440 - 720",
            "hours_local.h02",
            "from 02:00 to 03:00 local time",
        ),
        ("SET merchant_id = NULL", "missing.merchant_id", "purchases without merchant_id moved from"),
        (
            "SET product_id = 'electronics' WHERE product_id = 'grocery' AND kafka_offset % 5 < 2",
            "products.electronics",
            "purchases of electronics moved from",
        ),
        (
            "SET is_alert = true WHERE is_alert OR kafka_offset % 40 = 0",
            "alerts.all",
            "The share of alerts moved from",
        ),
    ],
)
def test_a_day_that_was_changed_says_which_statistic_moved(
    silver: Settings, statement: str, path: str, said: str
) -> None:
    """From what, to what, and what noise would explain."""
    change(silver, f"UPDATE silver.clean_transactions {statement}")
    report = drift(silver)
    assert path in {one.path for one in report.findings}
    assert len(report.sentences) == len(report.findings)
    assert any(said in sentence and "noise explains" in sentence for sentence in report.sentences)
    assert report.findings[0].severity == max(one.severity for one in report.findings) > 1


def test_days_without_purchases_and_with_few_are_no_silence(silver: Settings, calibration: Calibration) -> None:
    """Nothing was compared, and the report says so."""
    empty = drift(silver, calibration, until=datetime(2020, 1, 2, tzinfo=UTC))
    assert (empty.status, empty.purchases, empty.compared) == ("empty", 0, ())
    assert empty.summary == "Silver holds no purchase on 2020-01-01 UTC, so nothing was compared."
    change(silver, "DELETE FROM silver.clean_transactions WHERE kafka_offset % 50 > 0")
    few = drift(silver, calibration)
    assert few.status == "too_few"
    assert "purchases on" in few.summary
    assert "100 are needed, so nothing was compared." in few.summary
    change(silver, "DELETE FROM silver.clean_transactions")
    assert drift(silver, calibration).summary == "Silver holds no purchase at all, so nothing was compared."


def test_under_the_wall_clock_the_last_day_is_yesterday(silver: Settings, calibration: Calibration) -> None:
    """Rows of the past are not in it."""
    report = drift(silver.model_copy(update={"clock": "wall"}), calibration)
    assert report.status == "empty"
    assert report.to_time == datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def test_verdicts_of_another_calibration_are_not_compared(silver: Settings, calibration: Calibration) -> None:
    """Rule set 1.0.0 names none; everything else still counts."""
    change(silver, "UPDATE ops.base_scores SET rule_set = '1.0.0'")
    report = drift(silver, calibration)
    assert report.status == "compared"
    assert not any(one.path.startswith("alerts.") for one in report.compared)
    assert report.skipped["alerts.all"] == "the purchases were judged by a rule set of another calibration, or of none"


def test_without_a_calibration_or_without_baselines_a_plain_sentence_says_so(
    silver: Settings, calibration: Calibration, tmp_path: Path
) -> None:
    """No error: there is nothing to have drifted from."""
    assert calibration_in_force(silver) == calibration
    bare = tmp_path / "bare"
    shutil.copytree(silver.contracts_dir, bare / "contracts")
    (bare / "contracts" / "fraud_rules" / "1.1.0.yaml").unlink()
    for path in (bare / "contracts" / "generator").glob("1.[1-9]*.yaml"):
        path.unlink()
    (bare / "contracts" / "released.lock").write_text(lock_text(released_files(bare / "contracts")), encoding="utf-8")
    none = drift(silver.model_copy(update={"root": bare}))
    assert (none.status, none.calibration) == ("no_calibration", None)
    assert none.summary.startswith("There is no calibration yet")
    figure = calibration.figures["baseline.hours_local.h12"]
    without = drift(silver, a_calibration(**{"rhythm.hours": figure}))
    assert without.status == "no_baselines"
    assert "holds no baselines" in without.summary


def test_the_command_exits_1_with_findings_and_0_without(silver: Settings) -> None:
    """One sentence a finding, and the summary; JSON for machines."""
    quiet = command(silver)
    assert quiet.returncode == 0, quiet.stderr
    assert quiet.stdout.strip().splitlines()[-1].startswith("Of ")
    change(silver, "UPDATE silver.clean_transactions SET merchant_id = NULL")
    loud = command(silver, "--json")
    assert loud.returncode == 1, loud.stderr
    told = json.loads(loud.stdout)
    assert [one["statistic"] for one in told["findings"]] == ["missing.merchant_id"]
    assert told["findings"][0]["now"] == 1.0


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `streamflow drift` on the test's database."""
    host, port = settings.postgres.address()
    environment = {
        "STREAMFLOW_HOME": str(settings.state),
        "STREAMFLOW_ROOT": str(settings.root),
        "STREAMFLOW_POSTGRES__HOST": host,
        "STREAMFLOW_POSTGRES__PORT": str(port),
        "STREAMFLOW_POSTGRES__PASSWORDS": json.dumps({"reader": settings.postgres.password("reader")}),
    }
    return in_process("drift", *arguments, **environment)


ALERTED_DAYS = range(2, 22)
MATURE = datetime(2026, 4, 1, tzinfo=UTC)


def promise(
    low: float, value: float, high: float, status: Literal["measured", "simulated"] = "measured"
) -> Calibration:
    """Return a calibration of the world's baselines that also promises a precision, by labels of 6 days and 80 %."""

    def figure(number: float, interval: list[float]) -> Figure:
        return Figure(
            value=number, unit="share", status=status, method="held back", source="rows", n=500, interval=interval,
            reason="" if status == "measured" else "generated",
        )  # fmt: skip

    delays = {"p95_delay_days": figure(6.0, [6.0, 6.0]), "reported_share": figure(0.8, [0.8, 0.8])}
    kind: Any = "file" if status == "measured" else "generator"
    return a_calibration(
        Source(kind=kind, name="rows", sha256="1" * 64, rows=500),
        **baselines(A_DAY),
        **{"evaluation.precision": figure(value, [low, high])},
        **{f"generator.labels.{name}": one for name, one in delays.items()},
    )


def judged_by(settings: Settings, calibration: Calibration, alerts: int, caught: int) -> Settings:
    """Give a checkout in which rule set 1.1.0 names a calibration, and a gold of 20 days of alerts of that rule set."""
    root = settings.state / calibration.id
    shutil.copytree(settings.contracts_dir, root / "contracts")
    (root / "sql").symlink_to(settings.sql_dir)
    file = root / "contracts" / "fraud_rules" / "1.1.0.yaml"
    text = file.read_text(encoding="utf-8")
    old = next(line for line in text.splitlines() if line.startswith("calibration: "))
    file.write_text(text.replace(old, f"calibration: {calibration.id}"), encoding="utf-8")
    with connect(settings, "gold_db", "transform") as connection:
        connection.execute("TRUNCATE gold.agg_rule_quality")
        for day in ALERTED_DAYS:
            for delay, found in ((1, 0), (7, caught), (30, caught)):
                connection.execute(
                    "INSERT INTO gold.agg_rule_quality VALUES (%s, '1.1.0', 'any', %s, 900, %s, %s, %s, %s, 0, 0, 0)",
                    [20260300 + day, delay, alerts, found, found, found],
                )
    return settings.model_copy(update={"root": root})


@pytest.mark.parametrize(
    ("caught", "moved"),
    [(0, True), (1, True), (3, False)],
)
def test_precision_below_the_promised_interval_proposes_a_recalibration(
    silver: Settings, caught: int, moved: bool
) -> None:
    """20 days of 10 alerts: 0, 20 or 60 frauds of 200 against 20 to 40 %; a proposal, and nothing that happens."""
    calibration = promise(0.2, 0.3, 0.4)
    report = drift(judged_by(silver, calibration, 10, caught), calibration, until=MATURE)
    assert report.precision is not None
    found = report.precision
    assert (found.delay_days, found.alerts, found.frauds_caught) == (7, 200, 20 * caught)
    assert (found.moved, report.moved, found.proposes) == (moved, moved, "calibration" if moved else None)
    assert report.said == ((found.sentence,) if moved else ())
    assert ("trigger the DAG 'calibration' to propose a recalibration" in found.sentence) == moved
    assert report.as_dict()["precision"]["alerts"] == 200


def test_what_generated_rows_promise_counts_as_far_as_frauds_are_reported(silver: Settings) -> None:
    """A simulation knows each fraud; labels tell of eight in ten, so 9 % is no drift from 12 to 20 %."""
    simulated = promise(0.12, 0.15, 0.2, "simulated")
    report = drift(judged_by(silver, simulated, 100, 9), simulated, until=MATURE)
    assert report.precision is not None
    assert report.precision.promised_interval == pytest.approx((0.096, 0.16))
    assert not report.precision.moved
    measured = promise(0.12, 0.15, 0.2)
    assert drift(judged_by(silver, measured, 100, 9), measured, until=MATURE).moved


def test_days_whose_labels_are_still_to_come_do_not_judge(silver: Settings) -> None:
    """On 12 March the alerts of 2 to 4 March have labels of 7 days: 27 alerts, which are too few."""
    calibration = promise(0.2, 0.3, 0.4)
    settings = judged_by(silver, calibration, 9, 0)
    early = drift(settings, calibration, until=datetime(2026, 3, 12, tzinfo=UTC)).precision
    assert early is not None
    assert (early.alerts, early.value, early.moved) == (27, None, False)
    assert early.sentence == "Precision was not compared: 27 alerts have labels of 7 days, and 30 are needed."
    assert drift(settings, calibration, until=datetime(2026, 6, 1, tzinfo=UTC)).precision.alerts == 0  # type: ignore[union-attr]


def test_without_a_promise_nothing_is_said_of_precision(silver: Settings, calibration: Calibration) -> None:
    """The calibration of this module's world has baselines alone."""
    assert drift(silver, calibration).precision is None
