"""What analysts ask of silver: alerts, one alert and what is said of its purchase, the time of the platform."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from streamflow.contracts.timestamps import parse_us
from streamflow.errors import InputError
from streamflow.settings import Settings
from streamflow.warehouse.connections import Session, connect

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dh])")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Alert:
    """One standing alert.

    Attributes:
        alert_id: Its identity.
        customer_id: Customer; personal.
        transaction_id: Purchase.
        event_timestamp: When the purchase was made.
        score: Of the rule set that alerted.
        rule_set: That rule set.
        rules: The rules that weighed in it.
        amount: In major units; None while the purchase is not in silver.
        currency: Its currency.
        label: fraud or legitimate; None while nobody said anything.
        source: chargeback, dispute or verdict.
        known_at: When the label became known.
        late: Whether the purchase came late, so that the batch alerts on it and not the stream.
    """

    alert_id: str
    customer_id: str
    transaction_id: str
    event_timestamp: datetime
    score: float
    rule_set: str
    rules: tuple[str, ...]
    amount: Decimal | None
    currency: str | None
    label: str | None
    source: str | None
    known_at: datetime | None
    late: bool

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return plain(asdict(self))


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return a row with times as RFC 3339 text and decimals as numbers."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return float(value) if isinstance(value, Decimal) else value


def now_of(settings: Settings) -> datetime:
    """Return the present by the profile's clock: the wall's, or the newest Kafka timestamp that silver has read.

    Raises:
        InputError: The clock is the log's, and silver holds no purchase.
        EnvironmentNotReady: PostgreSQL does not answer.
    """
    if settings.clock == "wall":
        return datetime.now(UTC)
    with connect(settings, "silver_db", "reader") as connection:
        found = Session(connection, settings.sql_dir).value("alerts/silver_now")
    if not isinstance(found, datetime):
        raise InputError("Silver holds no purchase yet: run 'streamflow warehouse transform all' after the first ones.")
    return found


def since(text: str, now: datetime, option: str = "--since") -> datetime:
    """Return the begin of a span that a person typed.

    Args:
        text: As `28d`, `12h` or `2026-03-01T00:00:00Z`.
        now: The end of a span that is a length.
        option: Named in the sentence.

    Raises:
        InputError: It is neither.
    """
    if (span := _SPAN.fullmatch(text)) is not None:
        return now - timedelta(**{{"d": "days", "h": "hours"}[span[2]]: int(span[1])})
    time_us = parse_us(text)
    if time_us is None:
        raise InputError(f"{option} is '{text}'; write a length as 28d or 12h, or a time as 2026-03-01T00:00:00Z.")
    return _EPOCH + timedelta(microseconds=time_us)


def list_alerts(
    settings: Settings,
    *,
    begin: datetime | None = None,
    rule: str | None = None,
    unlabelled: bool = False,
    held_back: bool = False,
    limit: int = 50,
) -> list[Alert]:
    """Return the standing alerts that are to be delivered, the newest first.

    Args:
        settings: Where silver is.
        begin: First event time.
        rule: Only those in which this rule weighed.
        unlabelled: Only those of which nobody has said anything.
        held_back: Those that the safety valve held back instead.
        limit: Most alerts.
    """
    with connect(settings, "silver_db", "reader") as connection:
        rows = Session(connection, settings.sql_dir).execute(
            "alerts/alerts", since=begin, rule=rule, unlabelled=unlabelled, held_back=held_back, limit=limit
        )
        return [
            Alert(str(alert_id), customer, purchase, at, float(score), rule_set, tuple(fired), *rest)
            for alert_id, customer, purchase, at, score, rule_set, fired, *rest in rows
        ]


def show_alert(settings: Settings, alert_id: str) -> dict[str, Any]:
    """Return one alert with its lines, and everything that was said of its purchase, oldest first.

    Raises:
        InputError: Silver has no such alert.
    """
    with connect(settings, "silver_db", "reader") as connection:
        session = Session(connection, settings.sql_dir)
        found = _named(session, "alerts/alert", alert_id=alert_id)
        if not found:
            raise InputError(f"There is no alert {alert_id} in silver; 'streamflow alerts list' shows the newest.")
        alert = found[0] | {"alert_id": alert_id}
        place = {name: alert[name] for name in ("customer_id", "transaction_id")}
        statements = _named(session, "alerts/statements", **place)
    return plain(alert) | {"statements": [plain(one) for one in statements]}


def _named(session: Session, name: str, **values: Any) -> list[dict[str, Any]]:
    cursor = session.execute(name, **values)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]
