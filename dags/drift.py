"""Drift, daily: the last whole day of silver, and matured alerts, against the calibration in force.

What moved is a warning, so the task succeeds all the same: its sentences are in the log, in what the task returns and
in `quality/drift` of the state directory; `streamflow drift` shows them and exits 1. Where the precision of alerts
lies below the calibration's interval, one proposes to trigger the DAG `calibration`; nothing is promoted. Asks the
profile's clock, not the interval of its run, so a run by hand needs no logical date.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task

RETRIES = {"retries": 3, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0}


@dag(
    schedule=CronDataIntervalTimetable("30 4 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES | {"execution_timeout": timedelta(minutes=30)},
    doc_md=__doc__,
    tags=["quality"],
)
def drift() -> None:
    """Declare the one task."""

    @task
    def compare(run_id: str | None = None) -> list[str]:
        from streamflow.quality.drift import drift as look_for_drift
        from streamflow.settings import settings

        report = look_for_drift(settings(), run_id=str(run_id))
        return [report.summary, *report.said]

    compare()


drift()
