"""`streamflow verify`: the proof that nothing was lost and nothing would be decided otherwise.

Every check recounts from bronze, or replays it, and compares; none trusts a count that the checked part keeps itself.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from streamflow.broker import INGESTION, committed_offsets, read_logs
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import FRAUD_RULES, SOURCE_TOPICS, bronze_table_for
from streamflow.log import get_logger
from streamflow.quality.conservation import ConservationReport, check_conservation
from streamflow.quality.report import Check, VerifyReport
from streamflow.quality.star_checks import check_star
from streamflow.quality.statements import statement
from streamflow.quality.stream_checks import check_stream, read_book
from streamflow.quality.table_checks import Layers, check_tables
from streamflow.quality.truth import check_truth
from streamflow.reader import reading

if TYPE_CHECKING:
    from streamflow.settings import Settings

TRANSFORM = "bronze_to_silver"


def verify(settings: Settings, truth: Path | None = None) -> VerifyReport:
    """Run every check.

    Args:
        settings: Says where broker, databases, contracts and SQL are.
        truth: A truth file of the generator's, to hold labels against; None to leave that out.

    Returns:
        The report; a check that fails does not stop the others.

    Raises:
        EnvironmentNotReady: Broker or database do not answer.
        InputError: The truth file cannot be read.
    """
    started = time.monotonic()
    log = get_logger(command="verify")
    catalogue = Catalogue.load(settings.contracts_dir)
    conservation = check_conservation(settings)
    checks = [_conservation(conservation), _at_rest(settings, conservation)]
    log.info("conservation checked", seconds=round(time.monotonic() - started, 2))
    with ExitStack() as stack:
        layers = Layers(
            bronze=stack.enter_context(reading(settings, "bronze_db")),
            silver=stack.enter_context(reading(settings, "silver_db")),
            gold=stack.enter_context(reading(settings, "gold_db")),
        )
        book = read_book(settings, layers.bronze)
        checks.extend(check_stream(settings, layers.bronze, catalogue, book))
        log.info("replay compared", seconds=round(time.monotonic() - started, 2))
        validator = build_validator(catalogue, settings.base_currency)
        checks.extend(check_tables(settings, layers, catalogue, book, validator))
        checks.extend(check_star(settings, layers, catalogue))
        log.info("tables compared", seconds=round(time.monotonic() - started, 2))
        if truth is not None:
            checks.extend(check_truth(settings, layers, truth))
    return VerifyReport(tuple(checks), time.monotonic() - started)


def _conservation(report: ConservationReport) -> Check:
    missing = sum(ledger.missing + ledger.overlaps for ledger in report.partitions)
    return Check("conservation", report.ok, missing, 0, report.summary)


def _at_rest(settings: Settings, conservation: ConservationReport) -> Check:
    """Say whether everything sent has come to its end, without which tables differ for no bad reason."""
    logs = read_logs(settings, SOURCE_TOPICS)
    committed = committed_offsets(settings, INGESTION)
    waiting = {
        topic: sum(max(0, end - committed.get((topic, partition), 0)) for partition, end in log.ends.items())
        for topic, log in logs.items()
    }
    behind = {topic: count for topic, count in waiting.items() if count}
    if behind:
        topic, count = max(behind.items(), key=lambda item: item[1])
        sentence = f"Ingestion has {sum(behind.values())} records to go, {count} of them in {topic}."
        return Check("at_rest", False, sum(behind.values()), 0, sentence)
    from psycopg.sql import Literal

    with reading(settings, "silver_db") as silver:
        rows = silver.execute(statement(settings, "handled_to", transform=Literal(TRANSFORM))).fetchall()
    marks = {(row[0], row[1], row[2]): row[3] for row in rows}
    left = 0
    for ledger in conservation.partitions:
        if ledger.topic == FRAUD_RULES or not ledger.bronze:
            continue
        table = bronze_table_for(ledger.topic).partition(".")[2]
        left += max(0, (ledger.committed or 0) - marks.get((table, ledger.log_id, ledger.partition), 0))
    return Check(
        "at_rest",
        left == 0,
        left,
        0,
        f"{TRANSFORM} has {left} records to go: run 'streamflow warehouse transform all'."
        if left
        else "Ingestion and bronze_to_silver have come to the end of every log.",
    )
