"""`streamflow demo`: the whole platform once through, on generated purchases."""

from __future__ import annotations

import json as json_module
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def demo(
    *,
    purchases: Annotated[int, typer.Option(help="Distinct valid purchases.")] = 100_000,
    days: Annotated[int, typer.Option(help="Simulated days of full traffic; a tail for late labels follows.")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    rate: Annotated[float, typer.Option(help="Purchases a second of the wall clock.")] = 2000.0,
    rule_set: Annotated[
        str | None, typer.Option(help="Version that decides; the newest released one if not given.")
    ] = None,
    airflow: Annotated[bool, typer.Option(help="Let Airflow run the DAGs; else their code runs here.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Start everything, send purchases, fill the star schema, prove that nothing was lost, and write a report.

    Running it again replaces what the last demonstration left; records of yours it refuses to touch.

    Example: streamflow demo --purchases 20000 --days 2
    """
    from rich.console import Console

    from streamflow.demo.report import write_report
    from streamflow.demo.run import DemoPlan, run
    from streamflow.demo.summary import as_dict, report_context, show
    from streamflow.log import configure
    from streamflow.settings import settings

    console = Console(stderr=json)
    configure("WARNING")
    plan = DemoPlan(purchases=purchases, days=days, seed=seed, rate=rate, rule_set=rule_set, airflow=airflow)
    result = run(settings(), plan, console)
    report = write_report(result.folder / "report.html", result.figures, report_context(result))
    if json:
        typer.echo(json_module.dumps(as_dict(result), indent=2, default=str))
    else:
        show(result, console)
    console.print(f"\nReport     {report}", soft_wrap=True)
    console.print(f"Data Docs  {result.settings.state / 'quality' / 'data_docs' / 'index.html'}", soft_wrap=True)
    if result.settings.airflow.url:
        console.print(f"Airflow    {result.settings.airflow.url}")
    console.print(f"Flink      {result.settings.flink.rest_url}")
    console.print("Look with 'streamflow status', 'streamflow jobs list', 'streamflow verify'; stop with 'make down'.")
    if not result.verified.ok:
        failed = ", ".join(check.name for check in result.verified.failed)
        console.print(f"[bold red]{len(result.verified.failed)} checks failed:[/bold red] {failed}")
        raise typer.Exit(1)
