"""`streamflow verify`: run every proof, print a line each, exit 1 if any fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def verify(
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    truth: Annotated[
        Path | None, typer.Option(help="Truth file of 'streamflow generate --truth', to hold labels against.")
    ] = None,
) -> None:
    """Prove that no record was lost and no decision differs from a replay."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from streamflow.log import configure
    from streamflow.quality.verify import verify as run
    from streamflow.settings import settings

    values = settings()
    configure(values.log_level)
    report = run(values, truth)
    if json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(report.as_dict()), indent=2).decode())
        raise typer.Exit(0 if report.ok else 1)
    table = Table(box=None, pad_edge=False)
    for heading in ("", "check", "what it says"):
        table.add_column(heading, overflow="fold")
    for check in report.checks:
        mark = "[green]ok[/]" if check.ok else "[bold red]FAILED[/]"
        table.add_row(mark, check.name, escape(check.sentence))
    console = Console()
    console.print(table)
    verdict = "all hold" if report.ok else f"{len(report.failed)} failed"
    console.print(f"{len(report.checks)} checks in {report.seconds:.1f} s: {verdict}.")
    raise typer.Exit(0 if report.ok else 1)
