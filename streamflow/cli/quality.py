"""`streamflow quality`: run the contract checks, and say where Data Docs are."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Run contract checks and build the data docs.")


@app.command()
def run(
    run_id: Annotated[str, typer.Option(help="Name of the run; by default the time.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Prove conservation, check what is new in every layer against its contract, and rebuild Data Docs."""
    from datetime import UTC, datetime

    from streamflow.log import configure
    from streamflow.quality.run import run_quality
    from streamflow.settings import settings

    values = settings()
    configure(values.log_level)
    report = run_quality(values, run_id or f"manual-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    if json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report.as_dict()), indent=2).decode())
        raise typer.Exit(0 if report.ok else 1)
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading, justify in (("table", "left"), ("new rows", "right"), ("of", "right"), ("checks", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    table.add_column("outcome", overflow="fold")
    for results in report.tables.values():
        for result in results:
            outcome = "[green]ok[/]" if result.rows else "[dim]nothing new[/]"
            if result.failures:
                outcome = "\n".join(f"[red]{escape(failure.sentence)}[/]" for failure in result.failures)
            table.add_row(result.table, f"{result.rows:,}", f"{result.total:,}", str(result.evaluated), outcome)
    console = Console()
    console.print(table)
    console.print(escape(report.conservation.summary))
    console.print(report.late.sentence)
    console.print(f"Data Docs: {report.docs}", soft_wrap=True)
    verdict = "the gate is open" if report.ok else f"the gate is closed by {len(report.failures)} failures"
    console.print(f"{report.seconds:.1f} s: {verdict}.")
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def docs() -> None:
    """Print where Data Docs are."""
    from streamflow.errors import EnvironmentNotReady
    from streamflow.settings import settings

    page = settings().state / "quality" / "data_docs" / "index.html"
    if not page.exists():
        raise EnvironmentNotReady("There are no Data Docs yet: run 'streamflow quality run'.")
    typer.echo(str(page))
