"""The validator inside Flink: one thread-mode scalar function, bytes in, verdict out.

SQL is not strict enough for a contract (it accepts trailing garbage and rounds numbers), so every record is judged
here, and nothing that PostgreSQL could refuse leaves with `reason` NULL.
"""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyflink.common import Row
from pyflink.table import DataTypes
from pyflink.table.udf import FunctionContext, ScalarFunction, udf

from streamflow.errors import EnvironmentNotReady
from streamflow.jobs.plan import Plan

if TYPE_CHECKING:
    from pyflink.table.udf import UserDefinedScalarFunctionWrapper

    from streamflow.contracts import Validator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMED = "produced_at_us"
_COLUMNS = (
    "reason",
    "detail",
    "status",
    "event_time",
    "schema_version",
    "contract_version",
    "headers",
    "produced_at_us",
)


def verdict_type() -> Any:
    """Return the type of a verdict: strings only, since times and JSON are cast by PostgreSQL."""
    return DataTypes.ROW([DataTypes.FIELD(name, DataTypes.STRING()) for name in _COLUMNS])


@cache
def validator_of(contracts_dir: str, base_currency: str, build: str) -> Validator:
    """Compile the validator, once a process.

    Raises:
        EnvironmentNotReady: The contracts here are not those that the job was submitted with.
    """
    from streamflow.contracts import Catalogue, build_validator

    validator = build_validator(Catalogue.load(Path(contracts_dir)), base_currency)
    if validator.build_id != build:
        raise EnvironmentNotReady(
            f"The contracts in {contracts_dir} are build {validator.build_id[:12]}, but the job was submitted with "
            f"{build[:12]}: stop it and submit it again."
        )
    return validator


def time_text(event_time_us: int) -> str:
    """Return microseconds since 1970 as text that PostgreSQL reads without loss."""
    return (EPOCH + timedelta(microseconds=event_time_us)).isoformat()


def clean(text: str) -> str:
    """Return text that PostgreSQL can hold: no NUL, no lone surrogate."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def header_value(value: bytes | None) -> Any:
    """Return a header as JSON can hold it: text, or its base64 in an object when it is no clean UTF-8."""
    if value is None:
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}
    return text if "\x00" not in text else {"base64": base64.b64encode(value).decode("ascii")}


def headers_json(headers: dict[str, bytes] | None) -> str | None:
    """Return Kafka headers as JSON text, None when there are none."""
    if not headers:
        return None
    if len(headers) == 1:
        only = headers.get(_TIMED)
        if only is not None and only.isdigit():
            return '{"produced_at_us": "' + only.decode("ascii") + '"}'
    return json.dumps({clean(name): header_value(value) for name, value in headers.items()}, ensure_ascii=False)


class CheckRecord(ScalarFunction):
    """`check_record(topic, key, body, kafka_ms, headers) -> verdict`; never raises, whatever the bytes."""

    def __init__(self, contracts_dir: str, base_currency: str, build: str) -> None:
        self._given = (contracts_dir, base_currency, build)

    def open(self, function_context: FunctionContext) -> None:
        """Compile the contracts in the task manager."""
        self._validate = validator_of(*self._given)

    def eval(
        self, topic: str, key: bytes | None, body: bytes | None, kafka_ms: int, headers: dict[str, bytes] | None
    ) -> Row:
        """Judge one record; see `verdict_type`."""
        verdict = self._validate(topic, key, body, kafka_ms)
        if verdict.reason is None:
            return Row(
                None,
                None,
                verdict.status,
                time_text(verdict.event_time_us or 0),
                verdict.schema_version,
                verdict.contract_version,
                headers_json(headers),
                None,
            )
        return Row(
            verdict.reason,
            clean(verdict.detail),
            verdict.status,
            None,
            None,
            verdict.contract_version or "",
            headers_json(headers),
            str(time.time_ns() // 1000),
        )


def check_record(plan: Plan) -> UserDefinedScalarFunctionWrapper:
    """Return the function, ready to be registered as `check_record`."""
    function = CheckRecord(plan.contracts_dir, plan.base_currency, plan.contract_build)
    return udf(function, result_type=verdict_type())
