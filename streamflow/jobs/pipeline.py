"""What the three jobs share on Flink's side: the environment, the source, the sinks' options, the checked stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from streamflow.jobs.plan import Plan
from streamflow.jobs.statements import render
from streamflow.settings import MAX_PARALLELISM, Database, Settings

if TYPE_CHECKING:
    from pyflink.datastream import StreamExecutionEnvironment
    from pyflink.table import StreamTableEnvironment, Table

OPTIONS = {
    "pipeline.max-parallelism": str(MAX_PARALLELISM),
    # Each client numbers operators from the start, so the same plan has the same ids in every submission.
    "table.exec.uid.generation": "ALWAYS",
    "table.exec.uid.format": "<id>_<transformation>",
    # Without it every record is copied whole from one chained operator to the next. Safe here: no operator changes or
    # keeps what it is given, and the JDBC sink and the mini-batches copy by themselves.
    "pipeline.object-reuse": "true",
    "table.exec.sink.upsert-materialize": "NONE",
    "table.exec.sink.not-null-enforcer": "DROP",
    "table.local-time-zone": "UTC",
    "python.execution-mode": "thread",
    "state.backend.type": "hashmap",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
    # A PostgreSQL that is away for minutes must not end a job: it never gives up, it only waits longer.
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.max-backoff": "15 s",
}


@dataclass(frozen=True)
class Pipeline:
    """One job in the making.

    Attributes:
        plan: What was fixed at submit.
        settings: Addresses and passwords.
        env: Flink's stream environment.
        tables: Flink's table environment on top of it.
    """

    plan: Plan
    settings: Settings
    env: StreamExecutionEnvironment
    tables: StreamTableEnvironment

    def execute_sql(self, name: str, **values: Any) -> None:
        """Run one DDL statement of `sql/jobs`."""
        self.tables.execute_sql(render(self.settings.sql_dir, name, **values))

    def query(self, name: str, **values: Any) -> Table:
        """Plan one query of `sql/jobs`."""
        return self.tables.sql_query(render(self.settings.sql_dir, name, **values))

    def statement(self, name: str, **values: Any) -> str:
        """Return the text of one INSERT of `sql/jobs`, for a statement set."""
        return render(self.settings.sql_dir, name, **values)

    def read_topics(self, *topics: str, table: str = "source") -> None:
        """Create a table over topics, those of the plan unless others are named."""
        self.execute_sql(
            "source",
            table=table,
            topics=list(topics) or [topic.name for topic in self.plan.topics],
            bootstrap_servers=self.settings.kafka.require(),
            group=self.plan.group,
        )

    def materialise(self, view: str, table: Table) -> None:
        """Make `table` a view that is computed once, however many sinks read it.

        The planner would otherwise push each sink's columns and filter into a calculation of its own, and the Python
        function in it would run once a sink. The way through a stream is a border that it cannot push across.
        """
        self.tables.create_temporary_view(view, self.tables.from_data_stream(self.tables.to_data_stream(table)))

    def jdbc(self, database: Database, schema: str) -> dict[str, str]:
        """Return the connection of a JDBC sink, as the template `jdbc_options` names it."""
        postgres = self.settings.postgres
        return {
            "url": postgres.jdbc_url(database),
            "user": postgres.user("ingest"),
            "password": postgres.password("ingest"),
            "schema": schema,
        }


def open_pipeline(plan: Plan, settings: Settings) -> Pipeline:
    """Make the environments of a job, with the options that its correctness depends on."""
    from pyflink.common import Configuration
    from pyflink.datastream import StreamExecutionEnvironment
    from pyflink.table import StreamTableEnvironment

    options = Configuration()
    for name, value in OPTIONS.items():
        options.set_string(name, value)
    options.set_string("pipeline.name", plan.job)
    options.set_string("execution.checkpointing.interval", f"{settings.flink.checkpoint_interval_ms} ms")
    env = StreamExecutionEnvironment.get_execution_environment(options)
    env.set_parallelism(plan.parallelism)
    return Pipeline(plan, settings, env, StreamTableEnvironment.create(env))
