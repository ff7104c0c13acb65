"""`streamflow produce`: a file of the user's own, through a mapping, to Kafka or to a file of records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streamflow.generator.records import Emission
    from streamflow.settings import Settings

app = typer.Typer()


@app.command()
def produce(
    file: Path = typer.Argument(help="CSV (also .gz), Parquet, or a file that 'streamflow generate' wrote."),
    *,
    mapping: Path | None = typer.Option(None, help="What its columns mean; data/mappings has examples."),
    kafka: bool = typer.Option(True, "--kafka", help="Send to Kafka; this is what happens without --out."),
    out: Path | None = typer.Option(None, help="Write a file of records instead."),
    rate: float | None = typer.Option(None, help="Purchases a second of the wall clock."),
    speed: float | None = typer.Option(None, help="Seconds of event time a second."),
    json: bool = typer.Option(False, "--json", help="Print the outcome as JSON."),
) -> None:
    """Send a file of your own: rows become purchases, a label becomes chargebacks, nothing is dropped.

    Example: streamflow produce user0.csv --mapping data/mappings/tabformer.yaml
    """
    from streamflow.cli.sending import deliver
    from streamflow.errors import InputError, Interrupted
    from streamflow.settings import settings

    del kafka
    if out is not None and (rate is not None or speed is not None):
        raise InputError("--rate and --speed only mean something without --out.")
    emissions, details = _records(settings(), file, mapping)
    outcome = deliver(settings(), emissions, out=out, rate=rate, speed=speed, total=None, details=details, as_json=json)
    if outcome["interrupted"]:
        raise typer.Exit(Interrupted.exit_code)


def _records(
    settings: Settings, file: Path, mapping: Path | None
) -> tuple[Iterator[Emission], Callable[[], dict[str, Any]]]:
    """Return the records of a file, and what there is to say about them once they are sent."""
    import time

    from streamflow.contracts import Catalogue, build_validator
    from streamflow.contracts.names import TRANSACTIONS_RAW
    from streamflow.errors import InputError
    from streamflow.generator import emission_files
    from streamflow.generator.cells import open_table
    from streamflow.generator.mapping import load_mapping
    from streamflow.generator.own_files import OwnFile

    if mapping is None:
        if not file.name.endswith(emission_files.SUFFIXES):
            raise InputError(f"{file.name} needs a --mapping that says what its columns mean; see data/mappings.")
        return emission_files.read(file), dict
    catalogue = Catalogue.load(settings.contracts_dir)
    read = load_mapping(mapping, catalogue.topic(TRANSACTIONS_RAW))
    validator = build_validator(catalogue, settings.base_currency)
    table = open_table(file, read.file.delimiter, read.file.encoding)
    own = OwnFile(table, read, time.time_ns() // 1000, validator)
    return own.emissions(settings.state / "scratch"), lambda: {
        "file rows": {name: n for name, n in sorted(own.counts.items()) if n}
    }
