"""Silver to gold, after each bronze_to_silver.

Goes by marks, not by an interval: a run handles what silver wrote since the last one, so several loads of silver may
share a run, a missed one needs no backfill, and a run by hand needs no logical date. A second run changes nothing.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, dag, task

RETRIES = {"retries": 3, "retry_delay": timedelta(seconds=20), "retry_exponential_backoff": 2.0}


@dag(
    schedule=[Asset("silver")],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES | {"execution_timeout": timedelta(minutes=45)},
    doc_md=__doc__,
    tags=["warehouse"],
)
def silver_to_gold() -> None:
    """Declare the one task."""

    @task
    def load(run_id: str | None = None) -> str:
        from streamflow.settings import settings
        from streamflow.warehouse.transforms import silver_to_gold

        return silver_to_gold(settings(), str(run_id)).summary()

    load()


silver_to_gold()
