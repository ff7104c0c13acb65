"""How good alerts were: precision and recall a rule set, rule and delay of labels, over time, with intervals.

Only days count whose labels of that delay are all known by the profile's clock. An alert that nobody labelled within
the delay counts against precision, as it would have in the analyst's queue; how many were labelled stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from streamflow.settings import Settings
from streamflow.statistics.intervals import Share, wilson
from streamflow.warehouse.alerts import plain
from streamflow.warehouse.connections import Session, connect

Key = tuple[str, str, int]
"""Rule set, rule, delay in days."""


@dataclass(frozen=True)
class Quality:
    """Counts of one rule of one rule set over some days, by the labels known within a delay.

    Attributes:
        rule_set: The rule set.
        rule: The rule, or any.
        delay_days: The delay.
        first_day: First day of purchases, as 20260301, UTC.
        last_day: The last one.
        purchases: Purchases judged.
        alerts: Alerts in which the rule weighed.
        alerts_labelled: Of them, those that anybody labelled in time.
        frauds_caught: Of them, those labelled fraud.
        frauds_known: All purchases labelled fraud in time.
        amount_alerted: Sum of the alerts' amounts, major units.
        amount_caught: Sum of the amounts of frauds caught.
        amount_known: Sum of the amounts of frauds known.
    """

    rule_set: str
    rule: str
    delay_days: int
    first_day: int
    last_day: int
    purchases: int
    alerts: int
    alerts_labelled: int
    frauds_caught: int
    frauds_known: int
    amount_alerted: Decimal
    amount_caught: Decimal
    amount_known: Decimal

    @property
    def precision(self) -> Share:
        """Share of alerts that are known frauds, with its Wilson interval."""
        return wilson(self.frauds_caught, self.alerts)

    @property
    def recall(self) -> Share:
        """Share of known frauds that are alerts, with its Wilson interval."""
        return wilson(self.frauds_caught, self.frauds_known)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        counts = plain({name: getattr(self, name) for name in self.__dataclass_fields__})
        return counts | {"precision": _share(self.precision), "recall": _share(self.recall)}


def _share(share: Share) -> dict[str, Any]:
    return {"value": share.value, "low": share.low, "high": share.high}


def quality(
    settings: Settings,
    now: datetime,
    *,
    begin: datetime | None = None,
    rule_set: str | None = None,
    rule: str | None = None,
    delay_days: int | None = None,
    by: Callable[[int], int] | None = None,
) -> list[Quality]:
    """Return the quality of rules on days whose labels are all known.

    Args:
        settings: Where gold is.
        now: The present; decides which days are whole.
        begin: First day.
        rule_set: Only this one.
        rule: Only this one, or any.
        delay_days: Only this delay.
        by: From a day, as 20260301, to the first day of its period; one period when not given.

    Returns:
        One entry a period, rule set, rule and delay, in order of time.
    """
    values = {"now": now, "since": begin, "rule_set": rule_set, "rule": rule, "delay": delay_days}
    with connect(settings, "gold_db", "reader") as connection:
        rows = Session(connection, settings.sql_dir).execute("alerts/quality", **values).fetchall()
    sums: dict[tuple[int, Key], Quality] = {}
    for rule_set_of, rule_of, delay, day, *counts in rows:
        key = (rule_set_of, rule_of, delay)
        place = (0 if by is None else by(day), key)
        known = sums.get(place)
        sums[place] = _added(known, day, counts) if known else Quality(*key, day, day, *counts)
    return list(sums.values())


def _added(known: Quality, day: int, counts: Sequence[Any]) -> Quality:
    """Return the sums with one more day; rows come in order of time."""
    names = list(known.__dataclass_fields__)[-len(counts) :]
    more = {name: getattr(known, name) + count for name, count in zip(names, counts, strict=True)}
    return replace(known, last_day=day, **more)
