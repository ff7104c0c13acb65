"""The share of late purchases as operators see it: in `streamflow status`, in Data Docs, with each quality run.

A purchase is late that came behind its customer's watermark: the stream leaves it to the hourly batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from streamflow.errors import EnvironmentNotReady, StreamFlowError
from streamflow.quality.statements import statement
from streamflow.reader import reading

if TYPE_CHECKING:
    from psycopg import Connection

    from streamflow.settings import Settings

CONNECT_S = 2
"""The least that libpq waits; a server that is not there answers at once."""


@dataclass(frozen=True)
class Counted:
    """Purchases, and how many of them came late."""

    purchases: int
    late: int

    @property
    def share(self) -> float | None:
        """Share of late ones, 0 to 1; None without purchases."""
        return self.late / self.purchases if self.purchases else None

    def __str__(self) -> str:
        share = "" if self.share is None else f" ({100 * self.share:.2f} %)"
        return f"{self.late:,} of {self.purchases:,}{share}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"purchases": self.purchases, "late": self.late, "share": self.share}


@dataclass(frozen=True)
class Lateness:
    """Late purchases in silver.

    Attributes:
        days: By UTC day of the purchase, the newest first; none while silver is empty.
    """

    days: tuple[tuple[date, Counted], ...]

    @property
    def whole(self) -> Counted:
        """All days together."""
        return Counted(sum(one.purchases for _, one in self.days), sum(one.late for _, one in self.days))

    @property
    def sentence(self) -> str:
        """The share in the newest day and in all, in one line."""
        if not self.days:
            return "Late purchases: silver holds no purchase yet."
        day, newest = self.days[0]
        return f"Late purchases: {newest} on the newest day, {day:%Y-%m-%d}; {self.whole} in all."

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        newest = None if not self.days else {"day": self.days[0][0].isoformat(), **self.days[0][1].as_dict()}
        return {"newest_day": newest, "all": self.whole.as_dict()}


def lateness(settings: Settings, silver: Connection[tuple[Any, ...]]) -> Lateness:
    """Count late purchases.

    Args:
        settings: Says where the SQL is.
        silver: Connection to silver_db.
    """
    rows = silver.execute(statement(settings, "late_days")).fetchall()
    return Lateness(tuple((day, Counted(purchases, late)) for day, purchases, late in rows))


def lateness_within(settings: Settings, patience_s: float) -> Lateness | None:
    """Count late purchases for somebody who waits, and would rather have no answer than a slow one.

    Args:
        settings: Say where the databases are.
        patience_s: How long the count may take.

    Returns:
        The count; None where the warehouse is not there or has no tables yet.

    Raises:
        EnvironmentNotReady: The count takes longer.
    """
    import psycopg

    try:
        with reading(settings, "silver_db", connect_timeout=CONNECT_S) as silver:
            silver.execute("SELECT set_config('statement_timeout', %s, true)", [f"{round(patience_s * 1000)}ms"])
            return lateness(settings, silver)
    except psycopg.errors.QueryCanceled:
        raise EnvironmentNotReady(
            f"Late purchases: not counted within {patience_s:g} s; Data Docs have the count of the newest quality run."
        ) from None
    except (StreamFlowError, psycopg.Error):
        return None
