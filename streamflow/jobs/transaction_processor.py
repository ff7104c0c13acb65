"""transaction_processor: every topic into bronze, through one validator; what breaks its contract to dead-letters.

Every record of every source topic ends in exactly one of a bronze table and the dead letters, under the key (log_id,
partition, offset). Sinks upsert, so work that is repeated after a crash changes no row.
"""

from __future__ import annotations

from streamflow.jobs.checking import check_record
from streamflow.jobs.pipeline import Pipeline

DEAD_LETTERS_TABLE = "dead_letters"


def build(pipeline: Pipeline) -> None:
    """Plan and submit the job.

    Args:
        pipeline: Its environments; the plan's topics name their bronze tables.
    """
    plan, tables = pipeline.plan, pipeline.tables
    pipeline.read_topics()
    tables.create_temporary_function("check_record", check_record(plan))
    pipeline.materialise("checked", pipeline.query("checked", topics=plan.topics))
    jdbc = pipeline.jdbc("bronze_db", "bronze")
    sinks = tables.create_statement_set()
    for topic in plan.topics:
        if topic.bronze_table is not None:
            pipeline.execute_sql("bronze_sink", table=topic.bronze_table, jdbc=jdbc)
            sinks.add_insert_sql(pipeline.statement("bronze_insert", table=topic.bronze_table, topic=topic.name))
    pipeline.execute_sql("dead_letters_sink", table=DEAD_LETTERS_TABLE, jdbc=jdbc)
    pipeline.execute_sql(
        "dead_letters_topic", topics=[plan.dead_letters], bootstrap_servers=pipeline.settings.kafka.require()
    )
    sinks.add_insert_sql(pipeline.statement("dead_letters_insert", table=DEAD_LETTERS_TABLE))
    sinks.add_insert_sql(pipeline.statement("dead_letters_publish"))
    sinks.execute()
