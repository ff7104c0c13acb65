"""Entry point of every job, as `flink run -py entry.py PLAN` starts it (on K3s the operator does the same).

The plan is a file that `streamflow jobs submit` wrote; addresses and passwords come from the settings of this process.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from streamflow.jobs.plan import Plan, job_named, read_plan
from streamflow.settings import Settings, load_settings


def start(plan: Plan, settings: Settings) -> None:
    """Plan a job and hand it to the cluster; the module of that name builds it."""
    from streamflow.jobs.pipeline import open_pipeline

    job = importlib.import_module(f"streamflow.jobs.{job_named(plan.job)}")
    job.build(open_pipeline(plan, settings))


if __name__ == "__main__":
    start(read_plan(Path(sys.argv[1])), load_settings())
