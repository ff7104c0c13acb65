"""What may be delivered to people: alerts that the safety valve did not hold back.

The valve's mark is a header of the alert's record (ADR 0016), so bronze is where it is kept. A row of
silver.fraud_alerts names the record that it comes from.
"""

from __future__ import annotations

from collections.abc import Collection

from streamflow.settings import Settings
from streamflow.warehouse.connections import Session, connect

Place = tuple[str, int, int]
"""log_id, kafka_partition, kafka_offset of a record of fraud-alerts."""


def held_back(settings: Settings, places: Collection[Place]) -> dict[Place, tuple[str, ...]]:
    """Return which of some alert records the safety valve held back.

    Args:
        settings: Say where bronze and the SQL are.
        places: Where the records stand, as `log_id`, `kafka_partition`, `kafka_offset` of silver.fraud_alerts.

    Returns:
        The rules for which each was held back, by its place; what is to be delivered is not in it.

    Raises:
        EnvironmentNotReady: PostgreSQL does not answer.
    """
    if not places:
        return {}
    log_ids, partitions, offsets = (list(column) for column in zip(*places, strict=True))
    with connect(settings, "bronze_db", "reader") as connection:
        rows = Session(connection, settings.sql_dir).execute(
            "bronze/held_back", log_ids=log_ids, partitions=partitions, offsets=offsets
        )
        return {(row[0], row[1], row[2]): tuple(row[3].split(",")) for row in rows}
