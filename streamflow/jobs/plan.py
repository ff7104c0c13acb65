"""What a job is given at submit: a file of plain values, so that the same entry point serves every cluster.

A plan holds no secret; the job's client reads passwords from the settings of its own process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from streamflow.errors import EnvironmentNotReady, InputError, nearest

TRANSACTION_PROCESSOR = "transaction_processor"
FRAUD_DETECTOR = "fraud_detector"
REALTIME_AGGREGATOR = "realtime_aggregator"
JOBS = (TRANSACTION_PROCESSOR, FRAUD_DETECTOR, REALTIME_AGGREGATOR)

RULES_POSITION = "fraud_rules_position"
"""Metric of the detector, by subtask: the offset after the newest record of fraud-rules that it judged."""
RULES_REFUSED = "fraud_rules_refused"
"""Metric alike: the offset after the newest record that it refused; 0 when it refused none."""
HELD_BACK = "alerts_held_back_by_"
"""Begin of a metric alike, followed by the name of a rule: its alerts that were held back from delivery."""
VALVE_SHUT = "valve_shut_rules"
"""Metric alike: the rules whose alerts are held back now, as bits in the order of the rules."""


class TopicPlan(msgspec.Struct, frozen=True):
    """One source topic.

    Attributes:
        name: The topic.
        log_id: Kafka's id of this incarnation of it; part of every key that the job writes.
        bronze_table: Where its accepted records go, in the schema bronze; None when no table keeps them.
    """

    name: str
    log_id: str
    bronze_table: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that one submission of one job fixes.

    Attributes:
        job: One of `JOBS`.
        topics: The source topics.
        dead_letters: The topic of rejected records (written by the processor).
        decisions: The topic of decisions (written by the detector).
        alerts: The topic of alerts (written by the detector).
        late: The topic of purchases behind their customer's watermark (written by the detector).
        rules: The topic of rule sets and blacklist entries (read by the detector beside its purchases).
        contracts_dir: Where the task managers load the contracts from.
        base_currency: The one currency of the deployment.
        contract_build: sha256 over the contracts; a task manager with others refuses to run.
        parallelism: Of every operator.
        rule_records: The fraud-rules topic, read to its end at submit (detector only).
        valve_share: Alerts a purchase over which a rule's alerts are held back (detector only).
        valve_purchases: Of how many of a subtask's newest purchases (detector only).
    """

    job: str
    topics: tuple[TopicPlan, ...]
    dead_letters: str
    decisions: str
    alerts: str
    late: str
    rules: str
    contracts_dir: str
    base_currency: str
    contract_build: str
    parallelism: int = 1
    rule_records: tuple[dict[str, Any], ...] = ()
    valve_share: float = 1.0
    valve_purchases: int = 1000

    @property
    def group(self) -> str:
        """The Kafka consumer group whose committed offsets tell how far the job's checkpoints are."""
        return group_of(self.job)


def group_of(job: str) -> str:
    """Return the consumer group of a job."""
    return f"streamflow-{job.replace('_', '-')}"


def job_named(name: str) -> str:
    """Return the job of that name; hyphens and underscores are the same.

    Raises:
        InputError: There is none.
    """
    known = name.replace("-", "_")
    if known not in JOBS:
        raise InputError(f"There is no job '{name}'; {nearest(known, JOBS)}")
    return known


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan where the client of the submission reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(plan)))


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        EnvironmentNotReady: The file is missing or is no plan.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.DecodeError) as error:
        raise EnvironmentNotReady(f"The plan {path} cannot be read: {error}; submit the job again.") from error
