"""What goes into the engine and what comes out of it: purchases, lines, decisions, outcomes.

Money is in integer minor units, times are epoch microseconds, weights are micro log-odds. The canonical bytes of a
decision are what stream, restart, replay and backtest must agree on; revision, status and timings stand outside.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

import msgspec

from streamflow.contracts.timestamps import format_us

RULES = ("high_value", "velocity", "geographic", "time_anomaly", "blacklist")
"""The five rules, in the order in which their lines stand in every decision."""

RECORD_VERSION = "1.0.0"
"""Version of the fraud-decisions and fraud-alerts contracts that `payload` and `alert_payload` write."""

ALERT_NAMESPACE = uuid.UUID("8b5f2f4e-6d0c-5d0a-9a57-3f1f0e6c2b11")
"""Fixed for ever: with it an alert's id is a function of the purchase and the rule set version alone (ADR 0004)."""

Role = Literal["live", "shadow"]
Status = Literal["new", "revised", "withdrawn"]

_JSON = msgspec.json.Encoder(order="sorted")


class Position(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a record stands in its log: the only order that decisions depend on."""

    partition: int
    offset: int


class Purchase(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One purchase as the rules see it.

    Attributes:
        customer_id: Whose it is; with `transaction_id` its identity.
        transaction_id: Unique within the customer.
        event_time_us: When it happened, epoch microseconds.
        amount_minor: Integer minor units of the base currency.
        utc_offset_min: Minutes to add to UTC for the customer's local time; None means UTC.
        merchant_id: Whom it paid, if known.
        latitude: Degrees north, if known.
        longitude: Degrees east, if known.
        digest: Signed 64-bit digest of the canonical content; equal content has an equal digest.
    """

    customer_id: str
    transaction_id: str
    event_time_us: int
    amount_minor: int
    utc_offset_min: int | None
    merchant_id: str | None
    latitude: float | None
    longitude: float | None
    digest: int


def _canonical(value: Any) -> Any:
    """Write a number one way (10.0 as 10, a Decimal as a number), at any depth."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Decimal):
        return _canonical(float(value))
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return value


def content_digest(record: Mapping[str, Any]) -> int:
    """Digest a record's content, whatever the order of its keys and the spelling of its numbers.

    Args:
        record: The validated record, unknown fields included.

    Returns:
        The first 8 bytes of BLAKE2b over canonical JSON, as a signed integer.
    """
    for value in record.values():
        kind = type(value)
        if kind is not str and kind is not int and (kind is not float or value.is_integer()):
            record = _canonical(record)
            break
    return int.from_bytes(hashlib.blake2b(_JSON.encode(record), digest_size=8).digest(), "little", signed=True)


def purchase_from_record(record: Mapping[str, Any], event_time_us: int) -> Purchase:
    """Take from a validated transactions.raw record what the rules need.

    Args:
        record: A record that the validator accepted.
        event_time_us: Its event time as the validator parsed it, epoch microseconds.

    Returns:
        The purchase.
    """
    get = record.get
    return Purchase(
        record["customer_id"],
        record["transaction_id"],
        event_time_us,
        record["amount_minor"],
        get("utc_offset_min"),
        get("merchant_id"),
        get("latitude"),
        get("longitude"),
        content_digest(record),
    )


class Line(msgspec.Struct, frozen=True, gc=False):
    """One rule's part of a decision; five of them add up to it.

    Attributes:
        rule: One of `RULES`.
        applicable: False when the data lack what the rule needs; then everything below but the sentence is empty.
        measure: The measure whose band counts, as `ratio_to_mean`.
        strength: The measure's rounded value; None when there was nothing to observe.
        band: Id of the strongest band reached, or None.
        observed: What was compared with the bands, in `unit`.
        limit: The bound of the band reached, else that of the weakest band.
        unit: Unit of `observed` and `limit`.
        weight_ulo: Micro log-odds that the line adds.
        sentence: The same, for a person.
    """

    rule: str
    applicable: bool
    measure: str | None
    strength: int | float | None
    band: str | None
    observed: int | float | None
    limit: int | float | None
    unit: str | None
    weight_ulo: int
    sentence: str


def canonical_decision_bytes(payload: Mapping[str, Any]) -> bytes:
    """Return the part of a decision record that every engine must agree on, as sorted compact JSON.

    Args:
        payload: A fraud-decisions record, fresh or read back (a JSONB column may have changed 10.0 to 10).

    Returns:
        UTF-8 JSON of identity, rule set, score, lines and evidence.
    """
    names = ("transaction_id", "customer_id", "rule_set", "score", "lines", "evidence")
    return _JSON.encode({name: _canonical(payload[name]) for name in names})


def alert_id(customer_id: str, transaction_id: str, rule_set: str) -> str:
    """Return the id that this purchase's alert has under this rule set, on every run and every machine."""
    return str(uuid.uuid5(ALERT_NAMESPACE, f"{customer_id}/{transaction_id}/{rule_set}"))


class Decision(msgspec.Struct, frozen=True):
    """What a rule set says about one purchase.

    `revision` and `status` count the records of this decision on fraud-decisions, where `withdrawn` means that no rule
    has anything to say any more, or that it is an alert no more; `alert_revision` and `alert_status` count those on
    fraud-alerts, where a purchase that only now becomes an alert starts at revision 0.
    """

    customer_id: str
    transaction_id: str
    event_time_us: int
    rule_set: str
    role: Role
    score: float
    calibrated: bool
    is_alert: bool
    log_odds_ulo: int
    lines: tuple[Line, ...]
    evidence: tuple[str, ...]
    calibration_id: str | None
    revision: int
    status: Status
    alert_revision: int
    alert_status: Status

    @property
    def alert_id(self) -> str:
        """The id under which fraud-alerts, silver and gold know it."""
        return alert_id(self.customer_id, self.transaction_id, self.rule_set)

    @property
    def fired(self) -> tuple[str, ...]:
        """Names of the rules whose line weighs something."""
        return tuple(line.rule for line in self.lines if line.weight_ulo)

    def canonical_bytes(self) -> bytes:
        """Return the bytes that stream, replay and backtest must agree on; see `canonical_decision_bytes`."""
        return _JSON.encode(
            {
                "transaction_id": self.transaction_id,
                "customer_id": self.customer_id,
                "rule_set": self.rule_set,
                # Lines hold whole numbers as integers already.
                "score": _canonical(self.score),
                "lines": self.lines,
                "evidence": self.evidence,
            }
        )

    def payload(self) -> dict[str, Any]:
        """Return the fraud-decisions record."""
        return {
            "schema_version": RECORD_VERSION,
            "alert_id": self.alert_id,
            "transaction_id": self.transaction_id,
            "customer_id": self.customer_id,
            "event_timestamp": format_us(self.event_time_us),
            "rule_set": self.rule_set,
            "role": self.role,
            "score": self.score,
            "calibrated": self.calibrated,
            "is_alert": self.is_alert,
            "log_odds_ulo": self.log_odds_ulo,
            "lines": msgspec.to_builtins(self.lines),
            "evidence": list(self.evidence),
            "calibration_id": self.calibration_id,
            "revision": self.revision,
            "status": self.status,
        }

    def alert_payload(self) -> dict[str, Any]:
        """Return the fraud-alerts record: the decision's, with the alert's own revision and status."""
        return self.payload() | {"revision": self.alert_revision, "status": self.alert_status}


class Scored(msgspec.Struct, frozen=True, gc=False):
    """The purchase entered evaluation."""

    kind: ClassVar[str] = "scored"


class Unscored(msgspec.Struct, frozen=True, gc=False):
    """No live rule set was in force at its event time; it counts as history, and `verify` fails on it by name."""

    purchase: Purchase
    position: Position
    kind: ClassVar[str] = "unscored"


class LatePurchase(msgspec.Struct, frozen=True, gc=False):
    """It lies at or behind its customer's watermark: for transactions.late, scored by the batch."""

    purchase: Purchase
    watermark_us: int
    position: Position
    kind: ClassVar[str] = "late"


class Duplicate(msgspec.Struct, frozen=True, gc=False):
    """Its identity was seen at a lower offset, with equal content."""

    purchase: Purchase
    position: Position
    kind: ClassVar[str] = "duplicate"


class Conflict(msgspec.Struct, frozen=True, gc=False):
    """Its identity was seen at a lower offset, with other content: kept in bronze, never scored."""

    purchase: Purchase
    position: Position
    kind: ClassVar[str] = "conflict"


class Decided(msgspec.Struct, frozen=True):
    """A decision to send.

    Attributes:
        decision: What to send.
        to_decisions: Send `decision.payload()` to fraud-decisions.
        to_alerts: Send `decision.alert_payload()` to fraud-alerts.
    """

    decision: Decision
    to_decisions: bool
    to_alerts: bool
    kind: ClassVar[str] = "decided"


Outcome = Scored | Unscored | LatePurchase | Duplicate | Conflict | Decided
"""One disposition comes first for every record (all but `Decided`), then the decisions it caused."""
SCORED = Scored()
