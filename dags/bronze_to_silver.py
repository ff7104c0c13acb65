"""Bronze to silver, hourly. Goes by marks, not by the interval of its run.

A missed hour needs no backfill, a run by hand no logical date. A decision that contradicts itself fails without retry.
Purchases that the stream found late are judged here, by the state of their own time, so that none stays unscored.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, CronDataIntervalTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

RETRIES = {"retries": 3, "retry_delay": timedelta(seconds=20), "retry_exponential_backoff": 2.0}


@dag(
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES | {"execution_timeout": timedelta(minutes=45)},
    doc_md=__doc__,
    tags=["warehouse"],
)
def bronze_to_silver() -> None:
    """Declare the one task."""

    @task(outlets=[Asset("silver")])
    def load(run_id: str | None = None) -> str:
        from streamflow.settings import settings
        from streamflow.warehouse.report import IntegrityViolation
        from streamflow.warehouse.transforms import bronze_to_silver

        try:
            return bronze_to_silver(settings(), str(run_id)).summary()
        except IntegrityViolation as error:
            raise AirflowFailException(str(error)) from None

    load()


bronze_to_silver()
