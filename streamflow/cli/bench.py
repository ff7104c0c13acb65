"""`streamflow bench`: measure the platform beside baselines."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def bench(
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A part: throughput, latency, transforms, footprint, contracts, calibration; may be repeated."
        ),
    ] = None,
    purchases: Annotated[int, typer.Option(help="Length of the log that the jobs read.")] = 300_000,
    runs: Annotated[int, typer.Option(help="Rounds that count; their median is told.")] = 3,
    write: Annotated[Path | None, typer.Option(help="Write the report as Markdown to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure throughput, latency, transforms, start-up and memory, each beside a baseline where there is one.

    Runs on a platform of its own, beside yours, and removes it afterwards. Let the machine be idle.

    Example: streamflow bench --only throughput --runs 5
    """
    from rich.console import Console
    from rich.markdown import Markdown

    from streamflow.bench.render import as_dict, markdown
    from streamflow.bench.session import PARTS, BenchPlan, run
    from streamflow.cli.jobs import client
    from streamflow.errors import InputError
    from streamflow.log import configure
    from streamflow.settings import settings

    if write is not None and not write.parent.is_dir():
        raise InputError(f"--write: there is no folder {write.parent} to write {write.name} to.")
    configure("WARNING")
    progress = Console(stderr=True)
    plan = BenchPlan(purchases, runs, tuple(only or PARTS))
    command = "streamflow bench" + "".join(f" --only {part}" for part in only or ())
    command += f" --purchases {purchases} --runs {runs}"
    report = run(settings(), plan, client, lambda text: progress.print(text, style="dim"), command)
    if write is not None:
        write.write_text(markdown(report), encoding="utf-8")
    if json:
        typer.echo(json_module.dumps(as_dict(report), indent=2))
    elif write is None:
        Console().print(Markdown(markdown(report)))
    else:
        typer.echo(f"Wrote {write}.")
