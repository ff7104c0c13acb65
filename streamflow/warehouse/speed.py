"""How fast the transforms are, beside a plain INSERT ... SELECT of the same rows over the same foreign tables.

Builds silver and gold anew in every run, so it is for a platform whose layers may be rebuilt.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from streamflow.settings import Database, Settings
from streamflow.warehouse.connections import Session, connect
from streamflow.warehouse.transforms import bronze_to_silver, forget, silver_to_gold


@dataclass(frozen=True)
class Speed:
    """A median of several runs.

    Attributes:
        name: What was measured.
        rows: Source rows it read.
        seconds: Median of the runs.
        taken: Rows and seconds of each run.
    """

    name: str
    rows: int
    seconds: float
    taken: tuple[tuple[int, float], ...]

    @property
    def rows_per_second(self) -> float:
        """Source rows a second."""
        return self.rows / self.seconds if self.seconds else 0.0


def measure(settings: Settings, runs: int = 3) -> list[Speed]:
    """Measure both transforms from scratch, each beside its baseline, taking turns so that load hits all alike.

    Args:
        settings: Where the databases are; bronze holds the rows to measure with.
        runs: How often; the median counts.

    Returns:
        bronze_to_silver, its baseline, silver_to_gold, its baseline.
    """
    taken: dict[str, list[tuple[int, float]]] = {}
    for number in range(runs):
        forget(settings)
        silver = bronze_to_silver(settings, f"speed-{number}")
        read = sum(load.rows_in for load in silver.tables)
        taken.setdefault("bronze_to_silver", []).append((read, silver.seconds))
        taken.setdefault("plain copy of bronze", []).append(_plain(settings, "silver_db", "silver/plain_copy"))
        gold = silver_to_gold(settings, f"speed-{number}")
        facts = next((load.rows_in for load in gold.tables if load.table == "gold.fact_transactions"), 0)
        taken.setdefault("silver_to_gold", []).append((facts, gold.seconds))
        taken.setdefault("plain copy of silver", []).append(_plain(settings, "gold_db", "gold/plain_copy"))
    return [
        Speed(name, max(rows for rows, _ in found), statistics.median(seconds for _, seconds in found), tuple(found))
        for name, found in taken.items()
    ]


def _plain(settings: Settings, database: Database, name: str) -> tuple[int, float]:
    """Copy source rows into temporary tables with the target's key; return rows and seconds."""
    rows = 0
    with connect(settings, database, "transform") as connection, connection.transaction():
        session = Session(connection, settings.sql_dir)
        session.execute(f"{name}_tables")
        started = time.monotonic()
        rows = session.execute(name).rowcount
        return rows, time.monotonic() - started
