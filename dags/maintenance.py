"""Maintenance, daily: partitions ahead of the log, retention, statistics, a short audit.

Asks the profile's clock, not the interval of its run, so a run by hand needs no logical date. Under the log's clock
retention removes nothing unless asked, which this DAG never does.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task

RETRIES = {"retries": 3, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0}


@dag(
    schedule=CronDataIntervalTimetable("30 3 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES | {"execution_timeout": timedelta(hours=2)},
    doc_md=__doc__,
    tags=["warehouse"],
)
def maintenance() -> None:
    """Declare the one task."""

    @task
    def care() -> dict[str, int]:
        from streamflow.settings import settings
        from streamflow.warehouse import maintenance

        report = maintenance.run(settings())
        return {"partitions_made": report.partitions_made, "rows_removed": sum(report.removed.values())}

    care()


maintenance()
