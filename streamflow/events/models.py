"""Typed event models.

Generated from contracts/ by `streamflow contracts build`; edit the contracts instead.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from streamflow.events.base import Date, Event, RequiredWhen, Timestamp

Country = Annotated[str, StringConstraints(min_length=2, max_length=2, pattern="^[A-Z]{2}$")]
SchemaVersion = Annotated[str, StringConstraints(max_length=32, pattern="^[0-9]+\\.[0-9]+\\.[0-9]+$")]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern="^[A-Za-z0-9_.:-]+$")]
Uuid = Annotated[str, StringConstraints(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Currency = Annotated[str, StringConstraints(min_length=3, max_length=3, pattern="^[A-Z]{3}$")]


class CustomersAttributes(Event):
    """Attributes of a customer."""

    segment: Literal["standard", "plus", "business"]
    """Segment."""
    country: Country
    """ISO 3166-1 alpha-2 code."""
    city: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    """City of the home. Personal."""
    home_latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Degrees north of the home. Unit: degree. Personal."""
    home_longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Degrees east of the home. Unit: degree. Personal."""
    utc_offset_min: Annotated[int, Field(ge=-720, le=840)] | None = None
    """Minutes that local time at home is ahead of UTC. Unit: min."""
    signup_date: Date | None = None
    """Day of signing up."""


class ProductsAttributes(Event):
    """Attributes of a product."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """Name."""
    category: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """Category within the class."""
    product_class: Literal["grocery", "fashion", "home", "electronics", "luxury", "digital", "travel"]
    """Class; amounts are modelled a class."""
    list_price_minor: Annotated[int, Field(ge=0, le=10000000000)] | None = None
    """List price in minor units of the base currency. Unit: minor."""


class StoresAttributes(Event):
    """Attributes of a store."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """Name."""
    city: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """City."""
    country: Country
    """ISO 3166-1 alpha-2 code."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Degrees north. Unit: degree."""
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Degrees east. Unit: degree."""
    opened_on: Date | None = None
    """Day of opening."""
    format: Literal["online", "flagship", "outlet", "popup"] | None = None
    """Kind of store."""


class EventsRawV1(Event):
    """What customers do besides buying, and the chargebacks that come back as labels."""

    required_when: ClassVar[RequiredWhen] = {
        ("event_type", "chargeback"): ("transaction_id", "chargeback_reason"),
    }

    schema_version: SchemaVersion
    """Version of this contract that the record was written by."""
    event_id: Identifier
    """Event; unique within its customer."""
    customer_id: Identifier
    """Customer; the Kafka key, so that one customer's records lie in one partition. Personal."""
    event_type: Literal["login", "page_view", "cart", "chargeback"]
    """What happened."""
    event_timestamp: Timestamp
    """When it happened; a chargeback's is when it became known."""
    utc_offset_min: Annotated[int, Field(ge=-720, le=840)] | None = None
    """Minutes that the customer's local time was ahead of UTC. Unit: min."""
    session_id: Identifier | None = None
    """Session of the customer. Personal."""
    device_id: Identifier | None = None
    """Token of the device. Personal."""
    page: Annotated[str, StringConstraints(max_length=256)] | None = None
    """Page that was viewed."""
    product_id: Identifier | None = None
    """Product concerned."""
    quantity: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Pieces put into the cart. Unit: pieces."""
    transaction_id: Identifier | None = None
    """Purchase that a chargeback takes back."""
    chargeback_reason: Literal["fraud", "dispute"] | None = None
    """Why the money was taken back; fraud is the label."""


class EventsRawVerdict(Event):
    """What an analyst says of a purchase."""

    transaction_id: Identifier
    """Purchase that it is about."""
    label: Literal["fraud", "legitimate"]
    """What the purchase is."""
    analyst: Identifier
    """Who says so. Personal."""
    note: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    """Why, in the analyst's words. Personal."""


class EventsRaw(Event):
    """What customers do besides buying, and the chargebacks and verdicts that come back as labels."""

    required_when: ClassVar[RequiredWhen] = {
        ("event_type", "chargeback"): ("transaction_id", "chargeback_reason"),
        ("event_type", "verdict"): ("verdict",),
    }

    schema_version: SchemaVersion
    """Version of this contract that the record was written by."""
    event_id: Identifier
    """Event; unique within its customer."""
    customer_id: Identifier
    """Customer; the Kafka key, so that one customer's records lie in one partition. Personal."""
    event_type: Literal["login", "page_view", "cart", "chargeback", "verdict"]
    """What happened."""
    event_timestamp: Timestamp
    """When it happened; a chargeback's is when it became known, a verdict's when it was given."""
    utc_offset_min: Annotated[int, Field(ge=-720, le=840)] | None = None
    """Minutes that the customer's local time was ahead of UTC. Unit: min."""
    session_id: Identifier | None = None
    """Session of the customer. Personal."""
    device_id: Identifier | None = None
    """Token of the device. Personal."""
    page: Annotated[str, StringConstraints(max_length=256)] | None = None
    """Page that was viewed."""
    product_id: Identifier | None = None
    """Product concerned."""
    quantity: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Pieces put into the cart. Unit: pieces."""
    transaction_id: Identifier | None = None
    """Purchase that a chargeback takes back."""
    chargeback_reason: Literal["fraud", "dispute"] | None = None
    """Why the money was taken back; fraud is the label."""
    verdict: EventsRawVerdict | None = None
    """What an analyst says of a purchase."""


class FraudAlertsLine(Event):
    """What one rule says about the purchase."""

    rule: Literal["high_value", "velocity", "geographic", "time_anomaly", "blacklist"]
    """Rule."""
    applicable: bool
    """False when the purchase lacks a field that the rule needs."""
    measure: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Measure that gave the line its weight; null when not applicable."""
    strength: float | None = None
    """The measure's rounded value; null when not applicable."""
    band: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Band of strength; null when no band is reached."""
    observed: float | None = None
    """What was observed, in the unit of the measure."""
    limit: float | None = None
    """Lower bound of the band, or of the lowest band when none is reached."""
    unit: Annotated[str, StringConstraints(max_length=32)] | None = None
    """Unit of observed and limit."""
    weight_ulo: Annotated[int, Field(ge=-100000000, le=100000000)]
    """What the line adds to the score, in micro log-odds. Unit: ulo."""
    sentence: Annotated[str, StringConstraints(max_length=512)]
    """The line in words. Personal."""


class FraudAlerts(Event):
    """Live decisions at or over the alert threshold, their revisions and withdrawals."""

    schema_version: SchemaVersion
    """Version of this contract that the record was written by."""
    alert_id: Uuid
    """uuid5 of customer, purchase and rule set version."""
    transaction_id: Identifier
    """Purchase that was judged."""
    customer_id: Identifier
    """Customer; the Kafka key, so that one customer's records lie in one partition. Personal."""
    event_timestamp: Timestamp
    """When the purchase was made."""
    rule_set: SchemaVersion
    """Version of the rule set."""
    role: Literal["live", "shadow"]
    """live decides; shadow is only written down."""
    score: Annotated[float, Field(ge=0, le=1)]
    """Logistic of prior plus weights, rounded to six digits. Unit: probability."""
    calibrated: bool
    """Whether the score is a measured probability."""
    is_alert: bool
    """Whether the score reaches the alert threshold."""
    log_odds_ulo: Annotated[int, Field(ge=-1000000000, le=1000000000)]
    """Prior plus weights in micro log-odds. Unit: ulo."""
    lines: Annotated[list[FraudAlertsLine], Field(min_length=5, max_length=5)]
    """Five lines, one a rule, that add up to the score."""
    evidence: Annotated[list[Identifier], Field(max_length=256)]
    """Purchases that the lines rest on."""
    calibration_id: Identifier | None = None
    """Calibration that measured the rule set; null until one did."""
    revision: Annotated[int, Field(ge=0, le=1000000)]
    """0 at first; +1 each time an event out of order changed the decision."""
    status: Literal["new", "revised", "withdrawn"]
    """new, revised, or withdrawn when it is an alert no more."""


class FraudDecisionsLine(Event):
    """What one rule says about the purchase."""

    rule: Literal["high_value", "velocity", "geographic", "time_anomaly", "blacklist"]
    """Rule."""
    applicable: bool
    """False when the purchase lacks a field that the rule needs."""
    measure: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Measure that gave the line its weight; null when not applicable."""
    strength: float | None = None
    """The measure's rounded value; null when not applicable."""
    band: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Band of strength; null when no band is reached."""
    observed: float | None = None
    """What was observed, in the unit of the measure."""
    limit: float | None = None
    """Lower bound of the band, or of the lowest band when none is reached."""
    unit: Annotated[str, StringConstraints(max_length=32)] | None = None
    """Unit of observed and limit."""
    weight_ulo: Annotated[int, Field(ge=-100000000, le=100000000)]
    """What the line adds to the score, in micro log-odds. Unit: ulo."""
    sentence: Annotated[str, StringConstraints(max_length=512)]
    """The line in words. Personal."""


class FraudDecisions(Event):
    """What the rules said about a purchase, when at least one had something to say."""

    schema_version: SchemaVersion
    """Version of this contract that the record was written by."""
    alert_id: Uuid
    """uuid5 of customer, purchase and rule set version."""
    transaction_id: Identifier
    """Purchase that was judged."""
    customer_id: Identifier
    """Customer; the Kafka key, so that one customer's records lie in one partition. Personal."""
    event_timestamp: Timestamp
    """When the purchase was made."""
    rule_set: SchemaVersion
    """Version of the rule set."""
    role: Literal["live", "shadow"]
    """live decides; shadow is only written down."""
    score: Annotated[float, Field(ge=0, le=1)]
    """Logistic of prior plus weights, rounded to six digits. Unit: probability."""
    calibrated: bool
    """Whether the score is a measured probability."""
    is_alert: bool
    """Whether the score reaches the alert threshold."""
    log_odds_ulo: Annotated[int, Field(ge=-1000000000, le=1000000000)]
    """Prior plus weights in micro log-odds. Unit: ulo."""
    lines: Annotated[list[FraudDecisionsLine], Field(min_length=5, max_length=5)]
    """Five lines, one a rule, that add up to the score."""
    evidence: Annotated[list[Identifier], Field(max_length=256)]
    """Purchases that the lines rest on."""
    calibration_id: Identifier | None = None
    """Calibration that measured the rule set; null until one did."""
    revision: Annotated[int, Field(ge=0, le=1000000)]
    """0 at first; +1 each time an event out of order changed the decision."""
    status: Literal["new", "revised", "withdrawn"]
    """new, revised, or withdrawn when it is an alert no more."""


class FraudRulesPreviou(Event):
    """One activation."""

    role: Literal["live", "shadow"]
    """live decides; shadow is only written down."""
    effective_from: Timestamp
    """Event time from which it counted."""
    until: Timestamp | None = None
    """Event time from which it counted no more; null means until the next activation."""


class FraudRulesPromotion(Event):
    """Who changed what is in force, when, and on what grounds."""

    action: Literal["promote", "rollback", "withdraw", "retire"]
    """What was asked for; withdraw ends a promotion before its event time."""
    by: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    """Name of the operating system's user."""
    at: Timestamp
    """Wall clock of the moment."""
    replaces: SchemaVersion | None = None
    """Version that was live before; null for the first one."""
    reason: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    """Why, in the words of that user; a promotion without evidence needs it."""
    forced: bool
    """Whether the gate was passed over."""
    evidence: dict[str, Any] | None = None
    """What the gate judged, whole; null where no comparison was asked for."""


class FraudRules(Event):
    """Rule sets and blacklist entries, each in force from an event time on."""

    required_when: ClassVar[RequiredWhen] = {
        ("kind", "rule_set"): ("version", "role", "rule_set"),
        ("kind", "blacklist"): ("entry_id", "merchant_id", "valid_from", "reason", "origin"),
    }

    schema_version: SchemaVersion | None = None
    """Version of this contract that the record was written by."""
    kind: Literal["rule_set", "blacklist"]
    """Which of the two the record is."""
    effective_from: Timestamp
    """Event time from which the record counts."""
    version: SchemaVersion | None = None
    """Version of the rule set."""
    role: Literal["live", "shadow"] | None = None
    """live decides; shadow is only written down."""
    until: Timestamp | None = None
    """Event time from which the rule set has this role no more; null means until it takes another."""
    rule_set: dict[str, Any] | None = None
    """The whole rule set, as in contracts/fraud_rules."""
    previous: Annotated[list[FraudRulesPreviou], Field(max_length=64)] | None = None
    """Earlier activations of the version, which compaction would lose."""
    promotion: FraudRulesPromotion | None = None
    """Who changed what is in force, when, and on what grounds."""
    entry_id: Identifier | None = None
    """Blacklist entry."""
    merchant_id: Identifier | None = None
    """Merchant that is listed."""
    valid_from: Timestamp | None = None
    """Event time from which the merchant is listed."""
    valid_to: Timestamp | None = None
    """Event time from which it is listed no more; null means until further notice."""
    reason: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None
    """Why it is listed."""
    origin: Literal["manual", "calibration"] | None = None
    """Who listed it."""
    risk: Annotated[float, Field(ge=0, le=1)] | None = None
    """Smoothed share of fraud; null when nobody measured it. Unit: probability."""


class ReferenceRaw(Event):
    """Changes of customers, stores and products."""

    schema_version: SchemaVersion
    """Version of this contract that the record was written by."""
    entity: Literal["customer", "store", "product"]
    """Which reference table the member belongs to."""
    member_id: Identifier
    """Customer, store or product; the Kafka key. Personal."""
    valid_from: Timestamp
    """Event time from which these attributes hold."""
    attributes: dict[str, Any]
    """Every attribute of the member, by the reference contract of its entity. Personal."""


class TransactionsLate(Event):
    """Purchases behind their customer's watermark, so that lateness is a recorded fact."""

    schema_version: SchemaVersion
    """Version of this contract that the record was written by."""
    transaction_id: Identifier
    """Purchase."""
    customer_id: Identifier
    """Customer; the Kafka key, so that one customer's records lie in one partition. Personal."""
    event_timestamp: Timestamp
    """When the purchase was made."""
    watermark: Timestamp
    """The customer's watermark when the purchase came."""
    source_log_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """Kafka topic id of transactions.raw."""
    source_partition: Annotated[int, Field(ge=0, le=1000000)]
    """Partition that the purchase came from."""
    source_offset: Annotated[int, Field(ge=0, le=9223372036854775807)]
    """Offset that the purchase came from."""
    purchase: dict[str, Any]
    """The purchase as it was written. Personal."""


class TransactionsRaw(Event):
    """Purchases as the shop reports them."""

    schema_version: SchemaVersion
    """Version of this contract that the record was written by."""
    transaction_id: Identifier
    """Purchase; unique within its customer."""
    customer_id: Identifier
    """Customer; the Kafka key, so that one customer's records lie in one partition. Personal."""
    event_timestamp: Timestamp
    """When the purchase was made, by the shop's clock."""
    amount_minor: Annotated[int, Field(ge=1, le=10000000000)]
    """Amount in minor units of the currency. Unit: minor."""
    currency: Currency
    """ISO 4217 code; must be the deployment's base currency."""
    utc_offset_min: Annotated[int, Field(ge=-720, le=840)] | None = None
    """Minutes that the customer's local time was ahead of UTC. Unit: min."""
    store_id: Identifier | None = None
    """Store that sold."""
    product_id: Identifier | None = None
    """Product that was bought."""
    merchant_id: Identifier | None = None
    """Merchant of record; what the blacklist lists."""
    card_id: Identifier | None = None
    """Token of the card; never a card number. Personal."""
    device_id: Identifier | None = None
    """Token of the device. Personal."""
    channel: Literal["web", "app", "in_store", "phone"] | None = None
    """How the purchase was made."""
    quantity: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Pieces of the product. Unit: pieces."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Degrees north of the equator, WGS 84. Unit: degree. Personal."""
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Degrees east of Greenwich, WGS 84. Unit: degree. Personal."""


MODELS: dict[str, type[Event]] = {
    "events.raw": EventsRaw,
    "fraud-alerts": FraudAlerts,
    "fraud-decisions": FraudDecisions,
    "fraud-rules": FraudRules,
    "reference.raw": ReferenceRaw,
    "transactions.late": TransactionsLate,
    "transactions.raw": TransactionsRaw,
}
"""The model of each topic."""

OLDER_MODELS: dict[tuple[str, int], type[Event]] = {
    ("events.raw", 1): EventsRawV1,
}
"""Models of older major versions, whose records travel beside those of the newest."""
