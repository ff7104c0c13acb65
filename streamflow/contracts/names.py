"""Names of topics and tables, and the vocabulary of rejections.

Generated from contracts/ by `streamflow contracts build`; edit the contracts instead.
"""

from __future__ import annotations

from typing import Final, Literal

DEAD_LETTERS: Final = "dead-letters"
EVENTS_RAW: Final = "events.raw"
FRAUD_ALERTS: Final = "fraud-alerts"
FRAUD_DECISIONS: Final = "fraud-decisions"
FRAUD_RULES: Final = "fraud-rules"
REFERENCE_RAW: Final = "reference.raw"
TRANSACTIONS_LATE: Final = "transactions.late"
TRANSACTIONS_RAW: Final = "transactions.raw"

# Every topic, then those that the ingestion reads (dead letters are what it writes).
TOPICS: Final = (
    DEAD_LETTERS,
    EVENTS_RAW,
    FRAUD_ALERTS,
    FRAUD_DECISIONS,
    FRAUD_RULES,
    REFERENCE_RAW,
    TRANSACTIONS_LATE,
    TRANSACTIONS_RAW,
)
SOURCE_TOPICS: Final = (
    EVENTS_RAW,
    FRAUD_ALERTS,
    FRAUD_DECISIONS,
    FRAUD_RULES,
    REFERENCE_RAW,
    TRANSACTIONS_LATE,
    TRANSACTIONS_RAW,
)

BRONZE_TABLES: Final[dict[str, str]] = {
    DEAD_LETTERS: "bronze.dead_letters",
    EVENTS_RAW: "bronze.raw_events",
    FRAUD_ALERTS: "bronze.raw_fraud_alerts",
    FRAUD_DECISIONS: "bronze.raw_fraud_decisions",
    FRAUD_RULES: "bronze.raw_fraud_rules",
    REFERENCE_RAW: "bronze.raw_reference",
    TRANSACTIONS_LATE: "bronze.raw_late",
    TRANSACTIONS_RAW: "bronze.raw_transactions",
}

Reason = Literal[
    "null_value",
    "empty_value",
    "too_large",
    "not_utf8",
    "not_json",
    "not_object",
    "too_deep",
    "duplicate_key",
    "number_out_of_range",
    "bad_string",
    "unknown_schema_version",
    "missing_field",
    "wrong_type",
    "not_in_enum",
    "out_of_range",
    "bad_length",
    "bad_pattern",
    "bad_timestamp",
    "event_time_out_of_range",
    "unsupported_currency",
    "key_mismatch",
    "unknown_topic",
]
REASONS: Final[tuple[Reason, ...]] = (
    "null_value",
    "empty_value",
    "too_large",
    "not_utf8",
    "not_json",
    "not_object",
    "too_deep",
    "duplicate_key",
    "number_out_of_range",
    "bad_string",
    "unknown_schema_version",
    "missing_field",
    "wrong_type",
    "not_in_enum",
    "out_of_range",
    "bad_length",
    "bad_pattern",
    "bad_timestamp",
    "event_time_out_of_range",
    "unsupported_currency",
    "key_mismatch",
    "unknown_topic",
)


def bronze_table_for(topic: str) -> str:
    """Return the bronze table of a topic, as `bronze.raw_transactions`; KeyError for another name."""
    return BRONZE_TABLES[topic]
