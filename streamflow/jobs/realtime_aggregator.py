"""realtime_aggregator: counts, sums and maxima by minute, five minutes and hour, upserted as purchases arrive.

Groups are floors of event time, not TUMBLE windows: no result depends on a watermark, and a late purchase corrects its
group. State outlives the seven days by which a purchase may come late; a group whose state expired would start again
and overwrite, which is why a job that was stopped for longer than that must start afresh.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyflink.common import Row
from pyflink.table import DataTypes
from pyflink.table.udf import FunctionContext, ScalarFunction, udf

from streamflow.jobs.checking import validator_of
from streamflow.jobs.pipeline import Pipeline
from streamflow.jobs.plan import Plan

if TYPE_CHECKING:
    from pyflink.table.udf import UserDefinedScalarFunctionWrapper

WINDOWS = {"agg_realtime_1m": 1, "agg_realtime_5m": 5, "agg_realtime_1h": 60}
"""Minutes of each table's window."""

NO_CHANNEL = "unknown"
"""The channel of a purchase that names none; a key cannot be NULL."""

STATE_TTL = {"table.exec.state.ttl": "15 d"}

MINI_BATCH = {
    "table.exec.mini-batch.enabled": "true",
    "table.exec.mini-batch.allow-latency": "2 s",
    "table.exec.mini-batch.size": "20000",
    "table.optimizer.agg-phase-strategy": "TWO_PHASE",
}
_MINUTE_US = 60_000_000


class AcceptedPurchase(ScalarFunction):
    """`accepted_purchase(topic, key, body, kafka_ms) -> fields`; all NULL for a record that breaks its contract."""

    def __init__(self, contracts_dir: str, base_currency: str, build: str) -> None:
        self._given = (contracts_dir, base_currency, build)

    def open(self, function_context: FunctionContext) -> None:
        """Compile the contracts in the task manager."""
        self._validate = validator_of(*self._given)

    def eval(self, topic: str, key: bytes, body: bytes, kafka_ms: int) -> Row:
        """Judge one record and take from it what the groups need."""
        verdict = self._validate(topic, key, body, kafka_ms)
        record: dict[str, Any] | None = verdict.record
        if verdict.reason is not None or record is None or verdict.event_time_us is None:
            return Row(None, None, None, None, None, None)
        return Row(
            record["customer_id"],
            record["transaction_id"],
            record["currency"],
            record.get("channel") or NO_CHANNEL,
            verdict.event_time_us // _MINUTE_US,
            record["amount_minor"],
        )


def accepted_purchase(plan: Plan) -> UserDefinedScalarFunctionWrapper:
    """Return the function, ready to be registered as `accepted_purchase`."""
    texts = [
        DataTypes.FIELD(name, DataTypes.STRING()) for name in ("customer_id", "transaction_id", "currency", "channel")
    ]
    numbers = [DataTypes.FIELD(name, DataTypes.BIGINT()) for name in ("event_minute", "amount_minor")]
    function = AcceptedPurchase(plan.contracts_dir, plan.base_currency, plan.contract_build)
    return udf(function, result_type=DataTypes.ROW([*texts, *numbers]))


def build(pipeline: Pipeline) -> None:
    """Plan and submit the job."""
    tables = pipeline.tables
    _configure(pipeline, STATE_TTL)
    pipeline.read_topics()
    tables.create_temporary_function("accepted_purchase", accepted_purchase(pipeline.plan))
    pipeline.materialise("purchases", pipeline.query("aggregator_purchases"))
    # Only now: with mini-batches on, the planner fears that the de-duplication retracts, and MAX would pay for it.
    _configure(pipeline, MINI_BATCH)
    jdbc = pipeline.jdbc("gold_db", "gold")
    sinks = tables.create_statement_set()
    for table, minutes in WINDOWS.items():
        pipeline.execute_sql("aggregate_sink", table=table, jdbc=jdbc)
        sinks.add_insert_sql(pipeline.statement("aggregate_insert", table=table, minutes=minutes))
    sinks.execute()


def _configure(pipeline: Pipeline, options: dict[str, str]) -> None:
    for name, value in options.items():
        pipeline.tables.get_config().set(name, value)
