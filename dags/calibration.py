"""Calibration, weekly: profile, calibrate, judge a generated run, review; ends with a proposal, never with a release.

Runs the notebooks of those names; a parameter that is left empty is the notebook's own default, the shipped sample.
Copies and pages lie in `runs/calibration/<run id>` of the state directory; `review` returns what a proposal changes.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, task
from airflow.sdk.exceptions import AirflowFailException

from streamflow.calibration.parameters import PARAMETERS, STEPS

RETRIES = {"retries": 2, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0}


@dag(
    schedule=CronDataIntervalTimetable("0 5 * * 1", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES | {"execution_timeout": timedelta(hours=1)},
    params={name: Param(None, **schema) for name, schema in PARAMETERS.items()},
    doc_md=__doc__,
    tags=["calibration"],
)
def calibration() -> None:
    """Declare one task a step; each gets what the one before it returned."""

    @task
    def run(step: str, before: object, params: object = None, run_id: object = None) -> object:
        from streamflow.calibration.steps import StepFailed, run_step
        from streamflow.settings import settings

        try:
            return run_step(settings(), step, str(run_id), params, before)
        except StepFailed as error:
            raise AirflowFailException(str(error)) from None

    before: object = None
    for step in STEPS:
        before = run.override(task_id=step)(step, before)


calibration()
