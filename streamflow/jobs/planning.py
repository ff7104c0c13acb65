"""What has to be known before a job can be submitted: log ids, contracts, rule records, where ingestion begins."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from streamflow import broker
from streamflow.contracts import Catalogue, Validator, build_validator
from streamflow.contracts.names import (
    DEAD_LETTERS,
    FRAUD_ALERTS,
    FRAUD_DECISIONS,
    FRAUD_RULES,
    TRANSACTIONS_LATE,
    bronze_table_for,
)
from streamflow.errors import EnvironmentNotReady
from streamflow.jobs.plan import FRAUD_DETECTOR, TRANSACTION_PROCESSOR, Plan, TopicPlan
from streamflow.jobs.progress import POLL_S, source_topics, start_offsets
from streamflow.log import get_logger
from streamflow.settings import Settings

COORDINATOR_S = 60.0


def make_plans(settings: Settings, jobs: Sequence[str]) -> dict[str, Plan]:
    """Return what each job is to be submitted with; creates the topics that do not exist yet.

    Raises:
        EnvironmentNotReady: A server does not answer, or no rule set is published.
        InputError: A rule record is wrong, or a rule set looks further back than state reaches.
    """
    from streamflow.generator.producer import ensure_topics

    catalogue = Catalogue.load(settings.contracts_dir)
    log_ids = ensure_topics(settings, catalogue)
    validator = build_validator(catalogue, settings.base_currency)
    return {
        job: Plan(
            job=job,
            topics=tuple(
                TopicPlan(name, log_ids[name], bronze_table_for(name).rpartition(".")[2]) for name in source_topics(job)
            ),
            dead_letters=DEAD_LETTERS,
            decisions=FRAUD_DECISIONS,
            alerts=FRAUD_ALERTS,
            late=TRANSACTIONS_LATE,
            rules=FRAUD_RULES,
            contracts_dir=str(settings.contracts_dir.resolve()),
            base_currency=settings.base_currency,
            contract_build=validator.build_id,
            parallelism=settings.flink.parallelism,
            rule_records=_rule_records(settings, validator) if job == FRAUD_DETECTOR else (),
            valve_share=settings.valve.share,
            valve_purchases=settings.valve.purchases,
        )
        for job in jobs
    }


def _rule_records(settings: Settings, validator: Validator) -> tuple[dict[str, Any], ...]:
    """Read the fraud-rules topic to its end and return the records that count; some rule set must be live."""
    from streamflow.contracts.rule_sets import load_horizons
    from streamflow.replay.rule_topic import read_rule_log

    log = read_rule_log(settings.kafka.require(), validator, load_horizons(settings.contracts_dir))
    for refusal in log.refusals:
        get_logger(topic=FRAUD_RULES, offset=refusal.offset, key=refusal.key).warning("left out", why=refusal.why)
    if not any(activation.role == "live" for activation in log.book.activations):
        raise EnvironmentNotReady("No rule set is live on the fraud-rules topic: run 'streamflow rules publish 1.0.0'.")
    return log.records


def record_start(settings: Settings, plan: Plan) -> None:
    """Record where ingestion of each partition begins, once for each log; conservation is proven from there.

    Raises:
        EnvironmentNotReady: PostgreSQL does not answer, or its tables do not exist.
    """
    if plan.job != TRANSACTION_PROCESSOR:
        return
    import psycopg

    from streamflow.jobs.statements import render

    log_ids = {topic.name: topic.log_id for topic in plan.topics}
    starts = start_offsets(settings, log_ids)
    rows = [(log_ids[topic], partition, topic, first) for (topic, partition), first in sorted(starts.items())]
    try:
        with psycopg.connect(settings.postgres.dsn("bronze_db", "ingest")) as connection:
            connection.cursor().executemany(render(settings.sql_dir, "ingest_start").encode(), rows)
    except psycopg.errors.UndefinedTable:
        raise EnvironmentNotReady("The bronze tables do not exist: run 'streamflow warehouse migrate' first.") from None
    except psycopg.OperationalError as error:
        first = str(error).strip().splitlines()[0]
        raise EnvironmentNotReady(f"PostgreSQL does not answer ({first}): run 'streamflow up'.") from None


def forget_progress(settings: Settings, plan: Plan) -> None:
    """Delete the offsets that an earlier life of the job committed; it is to read everything again.

    Left in place, they would say "drained" before the job had read its first record.
    """
    from confluent_kafka import KafkaError, KafkaException

    # A young broker has no coordinator for its groups yet, and says so until it has.
    passing = (
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    )
    admin = broker.connect(settings)
    deadline = time.monotonic() + COORDINATOR_S
    while True:
        try:
            deleted = admin.delete_consumer_groups([plan.group], request_timeout=broker.TIMEOUT_S)
            deleted[plan.group].result(broker.TIMEOUT_S)
            return
        except TimeoutError:
            raise EnvironmentNotReady(f"Kafka does not say whether it forgot the offsets of {plan.group}.") from None
        except KafkaException as error:
            reason = error.args[0]
            if reason.code() == KafkaError.GROUP_ID_NOT_FOUND:
                return
            if reason.code() not in passing or time.monotonic() > deadline:
                raise EnvironmentNotReady(f"Kafka keeps the offsets of {plan.group}: {reason.str()}.") from None
        admin.poll(POLL_S)
