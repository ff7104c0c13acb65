"""`streamflow bench`: measure the platform beside baselines."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from streamflow.bench.parts import PARTS, complete_part, parts_help

app = typer.Typer()


@app.command()
def bench(
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(help=parts_help(), autocompletion=complete_part),
    ] = None,
    purchases: Annotated[int, typer.Option(help="Length of the log that the jobs read.")] = 300_000,
    runs: Annotated[int, typer.Option(help="Rounds that count; their median is told.")] = 3,
    write: Annotated[Path | None, typer.Option(help="Write the report as Markdown to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure jobs, rules, backtests and more, each beside a baseline where there is one; without --only all of it.

    What needs servers runs on a platform of its own, beside yours, which is removed afterwards; engine, backtest,
    quality, gate and calibration start none. Let the machine be idle.

    Example: streamflow bench --only engine --only backtest --runs 1
    """
    from rich.console import Console
    from rich.markdown import Markdown

    from streamflow.bench.render import as_dict, markdown
    from streamflow.bench.session import BenchPlan, run
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
