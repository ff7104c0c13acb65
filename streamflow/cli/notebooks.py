"""`streamflow notebooks`: run a notebook with checked parameters, and say what it can be given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Run notebooks with checked parameters.")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The notebook, as calibrate.")],
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="A parameter as name=value; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the executed copy and its page; .streamflow/runs/cli/... if not given."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the run as JSON.")] = False,
) -> None:
    """Run a notebook by papermill; the notebook itself stays as it is.

    Exits 2 for an unknown notebook or parameter, before anything runs, and 1 when a cell fails.
    """
    from datetime import UTC, datetime

    from streamflow.calibration import runs
    from streamflow.settings import settings

    values = settings()
    source = runs.find_notebook(name, values.notebooks_dir)
    given = runs.read_parameters(source.stem, runs.notebook_parameters(source), parameter or [])
    folder = out or runs.run_folder(values, "cli", f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{source.stem}")
    done = runs.run_notebook(source.stem, given, folder, notebooks=values.notebooks_dir)
    if out is None:
        runs.prune_runs(folder.parent)
    if json:
        import msgspec

        plain = msgspec.json.encode(done, enc_hook=str)
        typer.echo(msgspec.json.format(plain, indent=2).decode())
        return
    typer.echo(f"{done.notebook} ran in {done.seconds:.1f} s")
    typer.echo(f"copy: {done.copy}")
    typer.echo(f"page: {done.page}")
    for told, value in done.results.items():
        typer.echo(f"{told}: {value}")


@app.command("list")
def list_notebooks() -> None:
    """List the notebooks with their parameters and defaults."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from streamflow.calibration import runs
    from streamflow.settings import settings

    folder = settings().notebooks_dir
    table = Table(box=None, pad_edge=False)
    for heading in ("notebook", "parameter", "default", "meaning"):
        table.add_column(heading, overflow="fold")
    for notebook in runs.notebook_names(folder):
        for number, one in enumerate(runs.notebook_parameters(folder / f"{notebook}.ipynb").values()):
            table.add_row("" if number else notebook, one.name, escape(one.shown), escape(one.help))
    Console().print(table)


@app.command()
def render(
    names: Annotated[list[str] | None, typer.Argument(help="Which notebooks; all when none is named.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to; docs/notebooks of the checkout.")] = None,
) -> None:
    """Run notebooks on their defaults and write the pages of docs/notebooks: Markdown with SVG figures.

    Example: streamflow notebooks render profile_ulb
    """
    from streamflow.calibration import pages, runs
    from streamflow.settings import settings

    notebooks = settings().notebooks_dir
    chosen = [runs.find_notebook(name, notebooks).stem for name in names or runs.notebook_names(notebooks)]
    for name in chosen:
        for page in pages.render_pages([name], notebooks, folder or notebooks.parent / "docs" / "notebooks"):
            typer.echo(f"page: {page}")
