"""`streamflow jobs`: submit, list, stop and resume the Flink jobs."""

from __future__ import annotations

import json as json_module
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from streamflow.jobs.submission import FlinkClient, JobStatus, Submission
    from streamflow.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Submit, list, stop and resume the Flink jobs.")

ALL = "all"
Name = Annotated[str, typer.Argument(help="A job, or 'all'.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def client(settings: Settings) -> FlinkClient:
    """Return the `flink` command of the local platform; demo and tests submit through it too."""
    from streamflow.jobs.submission import FlinkClient
    from streamflow.stack.toolchain import flink_bin, flink_env

    return FlinkClient(flink_bin(settings), flink_env(settings))


def register_recovery(settings: Settings) -> None:
    """Let the local platform bring lost jobs back whenever its job manager has started again."""
    from streamflow.stack.platform import Platform

    if settings.profile == "dev" and settings.state.is_dir():
        Platform(settings).on_recovery(
            [sys.executable, "-c", "from streamflow.cli import main; main()", "jobs", "recover"]
        )


def _named(name: str) -> list[str]:
    from streamflow.jobs.plan import JOBS, job_named

    return list(JOBS) if name == ALL else [job_named(name)]


@app.command()
def submit(
    name: Name = ALL,
    fresh: Annotated[bool, typer.Option(help="Ignore savepoints; read the log from its beginning.")] = False,
    json: Json = False,
) -> None:
    """Start jobs; each goes on from its newest savepoint or checkpoint, if it has one. Twice is safe."""
    from streamflow.jobs.submission import submit as submit_jobs
    from streamflow.settings import settings

    named = _named(name)
    register_recovery(settings())
    _print_submissions(submit_jobs(settings(), client(settings()), named, fresh=fresh), json)


@app.command()
def resume(name: Name = ALL, json: Json = False) -> None:
    """Start stopped or lost jobs from their newest savepoint or checkpoint; fails when there is none."""
    from streamflow.jobs.submission import submit as submit_jobs
    from streamflow.settings import settings

    _print_submissions(submit_jobs(settings(), client(settings()), _named(name), resume=True), json)


@app.command()
def recover(json: Json = False) -> None:
    """Submit jobs again that the cluster lost, from their newest checkpoints; the platform calls this by itself."""
    from streamflow.jobs.submission import recover as recover_jobs
    from streamflow.settings import settings

    _print_submissions(recover_jobs(settings(), client(settings())), json)


@app.command("list")
def list_jobs(json: Json = False) -> None:
    """Show each job with its state, restarts, checkpoints and what it would resume from."""
    from streamflow.jobs.submission import status
    from streamflow.settings import settings

    found = status(settings())
    if json:
        typer.echo(json_module.dumps([asdict(job) for job in found], indent=2))
    else:
        _print_table(found)


@app.command()
def stop(name: Name) -> None:
    """Stop a job with a savepoint, from which 'submit' and 'resume' go on."""
    from streamflow.errors import InputError
    from streamflow.jobs.cluster import Cluster
    from streamflow.jobs.submission import stop as stop_jobs
    from streamflow.settings import settings

    named = _named(name)
    if name == ALL:
        active = Cluster(settings()).active()
        named = [job for job in named if job in active]
        if not named:
            raise InputError("No job runs, so there is nothing to stop.")
    for job, savepoint in stop_jobs(settings(), named).items():
        typer.echo(f"{job}: stopped, savepoint {savepoint}")


@app.command()
def cancel(name: Name) -> None:
    """End a job without a savepoint; its last checkpoint stays."""
    from streamflow.jobs.submission import cancel as cancel_jobs
    from streamflow.settings import settings

    ended = cancel_jobs(settings(), _named(name))
    for job in _named(name):
        typer.echo(f"{job}: {'cancelled' if job in ended else 'does not run'}")


@app.command()
def wait(
    deadline: Annotated[float, typer.Option(help="Seconds until this gives up.")] = 600.0,
) -> None:
    """Wait until the jobs have taken in everything that the topics hold now."""
    from streamflow.jobs.progress import wait_drained
    from streamflow.settings import settings

    ends = wait_drained(settings(), deadline)
    typer.echo(f"drained: {sum(ends.values())} records in {len(ends)} partitions")


def _print_submissions(done: list[Submission], as_json: bool) -> None:
    if as_json:
        typer.echo(json_module.dumps([asdict(one) for one in done], indent=2, default=str))
        return
    for one in done:
        if one.already_running:
            typer.echo(f"{one.job}: already running ({one.job_id})")
        else:
            source = "the beginning of the log" if one.restored_from is None else str(one.restored_from)
            typer.echo(f"{one.job}: running ({one.job_id}) from {source}")


def _print_table(found: list[JobStatus]) -> None:
    from datetime import UTC, datetime

    from rich.console import Console
    from rich.table import Table

    def moment(seconds: float | None) -> str:
        return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")

    table = Table("job", "state", "since (UTC)", "restarts", "checkpoints", "last checkpoint", "resumes from")
    for job in found:
        table.add_row(
            job.job,
            job.state,
            moment(job.since),
            str(job.restarts),
            str(job.checkpoints),
            moment(job.last_checkpoint),
            "-" if job.restore_point is None else "/".join(job.restore_point.split("/")[-2:]),
        )
    console = Console()
    console.print(table)
    for job in found:
        if job.failure is not None:
            console.print(f"{job.job}: {job.failure}", soft_wrap=True, highlight=False, markup=False)
