"""The `streamflow` command: a table of commands, each loaded from its module only when it is called.

A module of this package offers its commands as `app`, a `typer.Typer`. Where `REGISTRY` says "group", the commands of
`app` become `streamflow NAME SUB`; where it says "command", the one command of `app` becomes `streamflow NAME`.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from typing import Any, Literal

import typer
import typer.core
import typer.main

from streamflow.errors import EnvironmentNotReady, InputError, Interrupted, StreamFlowError, nearest

EPILOG = """Examples:

  streamflow up                     start Kafka, Flink, PostgreSQL and Airflow on this machine

  streamflow status                 what runs, where, and where it logs

  streamflow demo                   from generated purchases to a gold table, verified

  streamflow logs taskmanager-1 -f  follow one process
"""


@dataclass(frozen=True)
class Entry:
    """One name on the command line.

    Attributes:
        module: The module below `streamflow.cli` that holds it.
        kind: "command" or "group" (a sub-app); "member" is one command of an `app` that holds several top-level ones.
        help: The line in `streamflow --help`, written here so that listing commands imports none of them.
    """

    module: str
    kind: Literal["command", "group", "member"]
    help: str


REGISTRY: dict[str, Entry] = {
    "up": Entry("platform", "member", "Start the local platform and wait until every server is healthy."),
    "down": Entry("platform", "member", "Stop the local platform; with --purge also remove its state."),
    "status": Entry("platform", "member", "Show each process with its state, port, restarts, memory and log."),
    "logs": Entry("platform", "member", "Show or follow the log of one process."),
    "demo": Entry("demo", "command", "Run the whole platform on generated purchases and verify the outcome."),
    "verify": Entry("verify", "command", "Prove that no record was lost and no decision differs from a replay."),
    "generate": Entry("generate", "command", "Generate purchases, to a file or to Kafka."),
    "produce": Entry("produce", "command", "Send a file of your own to Kafka, through a mapping."),
    "backtest": Entry("backtest", "command", "Judge a rule set on a labelled file, or on the purchases in bronze."),
    "mapping": Entry("mapping", "group", "Propose and check what the columns of your own file mean."),
    "data": Entry("data", "group", "Fetch the public datasets, list what is there, write the samples."),
    "contracts": Entry("contracts", "group", "Check, compile and compare data contracts."),
    "rules": Entry("rules", "group", "Show and publish rule sets, change what is in force, edit the blacklist."),
    "alerts": Entry("alerts", "group", "List and label alerts, and see how good the rules have been."),
    "explain": Entry("explain", "group", "Say where a threshold comes from, and why an alert fired."),
    "jobs": Entry("jobs", "group", "Submit, list, stop and resume the Flink jobs."),
    "warehouse": Entry("warehouse", "group", "Migrate and transform bronze, silver and gold."),
    "quality": Entry("quality", "group", "Run contract checks and build the data docs."),
    "drift": Entry("drift", "command", "Compare live purchases with those that the rules were calibrated on."),
    "fidelity": Entry("fidelity", "command", "Hold a generated run against the purchases it was calibrated on."),
    "notebooks": Entry("notebooks", "group", "Run notebooks with checked parameters."),
    "bench": Entry("bench", "command", "Measure throughput, latency and footprint beside a baseline."),
}


def _load(name: str, entry: Entry) -> Any:
    """Import the module of a command and return the click command that typer makes of it."""
    module = importlib.import_module(f"{__name__}.{entry.module}")
    if entry.kind == "command":
        command: Any = typer.main.get_command(module.app)
    else:
        # get_group, not get_command: typer folds an app of one command into that command.
        command = typer.main.get_group(module.app)
        if entry.kind == "member":
            command = command.commands[name]
    command.name = name
    return command


class Lazy(typer.core.TyperCommand):
    """Stands in for a command in listings; becomes the real one as soon as it is called."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Import the real command and let it parse `args`."""
        name = str(self.name)
        return _load(name, REGISTRY[name]).make_context(info_name, args, parent=parent, **extra)


class Commands(typer.core.TyperGroup):
    """The top level, in the order of `REGISTRY`."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name every command whose module is installed; an image may leave parts out."""
        return [name for name, entry in REGISTRY.items() if importlib.util.find_spec(f"{__name__}.{entry.module}")]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a stand-in for a known command, None for an unknown one."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return Lazy(cmd_name, help=REGISTRY[cmd_name].help, callback=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command to run.

        Raises:
            InputError: There is none of that name.
        """
        valid = self.list_commands(ctx)
        if args and args[0] not in valid and not args[0].startswith("-"):
            raise InputError(f"There is no command '{args[0]}'; {nearest(args[0], valid)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            Interrupted: Ctrl-C, which would otherwise look like a failed check.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted("Interrupted.") from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"streamflow {version('streamflow')}")
        raise typer.Exit


@app.callback()
def _top(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and leave."
    ),
) -> None:
    """Real-time fraud detection in which no threshold is a guess."""


def _configure_logs() -> None:
    """Plain lines on a terminal, JSON elsewhere, at the level of the settings."""
    from streamflow.log import configure
    from streamflow.settings import settings

    configure(settings().log_level)


def main() -> None:
    """Run the command line; a mistake of the user's becomes one sentence, never a stack trace."""
    try:
        if not {"--help", "-h", "--version"} & set(sys.argv[1:]) and "_STREAMFLOW_COMPLETE" not in os.environ:
            _configure_logs()
        app(prog_name="streamflow")
    except StreamFlowError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("streamflow"):
            raise
        missing = EnvironmentNotReady(f"This command needs the package '{error.name}': run 'make setup'.")
        typer.echo(f"error: {missing}", err=True)
        sys.exit(missing.exit_code)
    except KeyboardInterrupt:
        sys.exit(Interrupted.exit_code)
