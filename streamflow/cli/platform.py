"""`streamflow up`, `down`, `status` and `logs`: the local platform from the command line."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streamflow.errors import EnvironmentNotReady, InputError, nearest
from streamflow.settings import load_settings

if TYPE_CHECKING:
    from rich.table import Table

    from streamflow.quality.lateness import Lateness
    from streamflow.stack.platform import Platform
    from streamflow.stack.process import ProcessStatus

app = typer.Typer(no_args_is_help=True)

COLOURS = {
    "healthy": "green",
    "done": "green",
    "waiting": "dim",
    "starting": "yellow",
    "stopping": "yellow",
    "stopped": "dim",
    "backing off": "red",
    "unhealthy": "red",
    "orphaned": "red",
}
NOT_HEALTHY = 3
LATE_PATIENCE_S = 1.0
"""How long `status` may count purchases, of which there may be millions; Data Docs have the count in any case."""


def _platform() -> Platform:
    from streamflow.stack.platform import Platform

    return Platform(load_settings())


def _table(processes: list[ProcessStatus], *, brief: bool) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    heads = ("process", "state", "port", "") if brief else ("process", "state", "pid", "port", "restarts", "MiB", "log")
    for head in heads:
        table.add_column(
            head, justify="right" if head in ("pid", "port", "restarts", "MiB") else "left", no_wrap=not brief
        )
    for process in processes:
        state = f"[{COLOURS[process.state]}]{process.state}[/]"
        port = str(process.port or "")
        if brief:
            table.add_row(process.name, state, port, process.detail or process.last_exit)
            continue
        restarts = f"{process.restarts} ({process.last_exit})" if process.last_exit else str(process.restarts)
        log = _short(Path(process.log))
        table.add_row(process.name, state, str(process.pid or ""), port, restarts, str(process.memory_mb or ""), log)
    return table


def _short(path: Path) -> str:
    """Return a path as one would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@app.command()
def up(
    without: Annotated[
        list[str] | None, typer.Option(help="A part to leave out: kafka, postgres, flink or airflow; may be repeated.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Return only when every process is healthy.")] = True,
    timeout_s: Annotated[float, typer.Option("--timeout", help="Seconds to wait for that.")] = 300.0,
) -> None:
    """Start the local platform; safe to run twice, and after any crash.

    Examples: `streamflow up`, `streamflow up --without airflow`.
    """
    from rich.console import Console
    from rich.live import Live
    from rich.progress import Progress

    platform, console, began = _platform(), Console(stderr=True), time.monotonic()
    if not platform.settings.airflow.enabled:
        without = [*(without or []), "airflow"]
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("fetching jars", visible=False)
        live = Live(console=console, auto_refresh=False) if console.is_terminal else None

        def fetching(done: int, wanted: int) -> None:
            progress.update(bar, completed=done, total=wanted, visible=True)

        def report(processes: list[ProcessStatus]) -> None:
            if live is None:
                return
            if not live.is_started:
                progress.stop()
                live.start()
            live.update(_table(processes, brief=True), refresh=True)

        try:
            settings = platform.up(
                without=set(without or []), wait=wait, timeout_s=timeout_s, report=report, fetching=fetching
            )
        finally:
            if live is not None:
                live.stop()
    typer.echo(f"The platform is up after {time.monotonic() - began:.0f} s." if wait else "The platform is starting.")
    for name, place in (
        ("Kafka", settings.kafka.bootstrap_servers),
        ("Flink", settings.flink.rest_url),
        ("PostgreSQL", f"{settings.postgres.host}:{settings.postgres.port}" if settings.postgres.host else ""),
        ("Airflow", settings.airflow.url),
    ):
        if place:
            typer.echo(f"  {name:<11}{place}")


@app.command()
def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also remove topics, databases, checkpoints and logs.")
    ] = False,
) -> None:
    """Stop the local platform, in order; data stays unless --purge is given."""
    platform = _platform()
    running = platform.down(purge=purge)
    typer.echo("The platform is stopped." if running else "Nothing was running.")
    if purge:
        typer.echo(f"Removed the state in {_short(platform.layout.state)}.")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show each process, and how many purchases came late; the exit code is 0 when all are healthy, 3 otherwise."""
    platform = _platform()
    processes = platform.status()
    late, said = _late(platform, processes)
    if as_json:
        import msgspec

        whole = {
            "processes": [msgspec.to_builtins(process) for process in processes],
            "late_purchases": None if late is None else late.as_dict(),
        }
        typer.echo(json.dumps(whole, indent=1))
    elif not processes:
        typer.echo("The platform is down: run 'streamflow up'.")
    else:
        from rich.console import Console

        # Never cut a path or a number for a narrow pipe.
        width = None if sys.stdout.isatty() else 200
        Console(width=width).print(_table(processes, brief=False))
        for process in processes:
            if process.detail:
                typer.echo(f"{process.name}: {process.detail}")
        _print_valve(platform)
        if said:
            typer.echo(said)
    healthy = bool(processes) and all(process.state in ("healthy", "done") for process in processes)
    raise typer.Exit(0 if healthy else NOT_HEALTHY)


def _late(platform: Platform, processes: list[ProcessStatus]) -> tuple[Lateness | None, str]:
    """Count late purchases; return the count, and a sentence, which may say that nobody should wait for it.

    Neither where PostgreSQL does not run or has no tables yet.
    """
    if not any(process.name == "postgres" and process.state == "healthy" for process in processes):
        return None, ""
    from streamflow.quality.lateness import lateness_within

    try:
        late = lateness_within(platform.settings, LATE_PATIENCE_S)
    except EnvironmentNotReady as slow:
        return None, str(slow)
    return late, late.sentence if late else ""


def _print_valve(platform: Platform) -> None:
    """Say which rules' alerts the safety valve holds back; nothing where nobody can be asked."""
    from contextlib import suppress

    from streamflow.cli.rules.listing import valve_lines
    from streamflow.errors import StreamFlowError
    from streamflow.jobs.acknowledgement import ask

    with suppress(StreamFlowError):
        told = ask(platform.settings)
        for line in valve_lines(told.held_back, told.shut):
            typer.echo(line)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="A process, as `streamflow status` names it; or 'supervisor'.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines from the end.")] = 50,
) -> None:
    """Show the end of a process's log, and follow it with -f."""
    folder = _platform().layout.logs
    known = sorted(path.stem for path in folder.glob("*.log"))
    if not known:
        raise EnvironmentNotReady("There are no logs yet: run 'streamflow up'.")
    if name not in known:
        raise InputError(f"There is no log '{name}'; {nearest(name, known)}")
    for line in _tail(folder / f"{name}.log", lines, follow=follow):
        typer.echo(line, nl=False)


def _tail(path: Path, lines: int, *, follow: bool) -> Iterator[str]:
    """Yield the last lines of a file, then new ones as they come; a rotated file is followed by name."""
    stream = path.open(encoding="utf-8", errors="replace")
    try:
        yield from deque(stream, maxlen=lines)
        while follow:
            line = stream.readline()
            if line:
                yield line
                continue
            time.sleep(0.2)
            if path.exists() and os.fstat(stream.fileno()).st_ino != path.stat().st_ino:
                stream.close()
                stream = path.open(encoding="utf-8", errors="replace")
    finally:
        stream.close()
