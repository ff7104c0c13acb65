"""`streamflow warehouse`: migrate and transform bronze, silver and gold."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streamflow.warehouse.report import TransformReport

app = typer.Typer(no_args_is_help=True, help="Migrate and transform bronze, silver and gold.")

AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]


class Which(StrEnum):
    """What `transform` runs."""

    BRONZE_TO_SILVER = "bronze-to-silver"
    SILVER_TO_GOLD = "silver-to-gold"
    ALL = "all"


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, indent=2, default=str))


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Apply the migrations that are new, and link each layer to the one before it.

    Example: streamflow warehouse migrate
    """
    from streamflow.settings import settings
    from streamflow.warehouse import migrations

    applied = migrations.migrate(settings())
    if as_json:
        _print_json([f"{one.database}/{one.version:04d}_{one.name}" for one in applied])
        return
    for one in applied:
        typer.echo(f"{one.database}  {one.version:04d}_{one.name}")
    typer.echo(f"{len(applied)} migrations applied; all three databases are up to date.")


@app.command()
def transform(
    which: Annotated[Which, typer.Argument(help="Which transform.")] = Which.ALL,
    run_id: Annotated[str, typer.Option(help="Name of the run in the audit; by default the time.")] = "",
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Empty silver and gold first, and build them from all of bronze.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring silver, gold or both up to what is in the layer before.

    Example: streamflow warehouse transform all
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from streamflow.errors import InputError
    from streamflow.settings import settings
    from streamflow.warehouse import transforms

    run = run_id or f"manual-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if from_scratch:
        if which is not Which.ALL:
            raise InputError("--from-scratch builds both layers: write 'streamflow warehouse transform all'.")
        transforms.forget(settings())
    steps = {Which.BRONZE_TO_SILVER: transforms.bronze_to_silver, Which.SILVER_TO_GOLD: transforms.silver_to_gold}
    reports = [step(settings(), run) for name, step in steps.items() if which in (name, Which.ALL)]
    if as_json:
        _print_json([asdict(report) for report in reports])
        return
    for report in reports:
        _print_report(report)


def _print_report(report: TransformReport) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title=report.transform, title_justify="left")
    table.add_column("table")
    for heading in ("in", "out", "rejected"):
        table.add_column(heading, justify="right")
    for load in report.tables:
        table.add_row(load.table, f"{load.rows_in:,}", f"{load.rows_out:,}", f"{load.rows_rejected:,}")
    console = Console()
    if report.tables:
        console.print(table)
    console.print(f"{report.summary()}")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how many rows each table has, and the newest run of each transform.

    Example: streamflow warehouse status --json
    """
    from dataclasses import asdict

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from streamflow.settings import settings
    from streamflow.warehouse.tables import counts, last_runs

    rows, runs = counts(settings()), last_runs(settings())
    if as_json:
        _print_json({"rows": rows, "runs": [asdict(run) for run in runs]})
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    console = Console()
    console.print(table)
    for run in runs:
        console.print(
            escape(f"{run.transform}: {run.status} {run.finished_at:%Y-%m-%d %H:%M:%S} UTC, run {run.run_id}"),
            escape(run.detail or ""),
            soft_wrap=True,
        )


@app.command()
def maintain(
    retain_days: Annotated[
        int | None, typer.Option(help="Remove bronze partitions whose newest record is older than this many days.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make partitions ahead, apply retention, refresh statistics, prune the audit.

    Example: streamflow warehouse maintain --retain-days 365
    """
    from dataclasses import asdict

    from streamflow.settings import settings
    from streamflow.warehouse import maintenance

    report = maintenance.run(settings(), retain_days=retain_days)
    if as_json:
        _print_json(asdict(report))
        return
    for partition, rows in report.removed.items():
        typer.echo(f"removed {partition}: {rows:,} rows, recorded in ops.retention_ledger")
    for partition, reason in report.kept.items():
        typer.echo(f"kept {partition}: {reason}")
    typer.echo(
        f"{report.partitions_made} partitions made, {len(report.removed)} removed, "
        f"{report.audit_rows_pruned} audit rows forgotten, statistics refreshed."
    )
