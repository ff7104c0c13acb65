"""What the commands on contracts share: the option for JSON, the catalogue of the settings, a printed table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streamflow.contracts import Catalogue

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def load_catalogue() -> Catalogue:
    """Return the contracts of the settings."""
    from streamflow.contracts import Catalogue
    from streamflow.settings import settings

    return Catalogue.load(settings().contracts_dir)


def print_table(table: Any) -> None:
    """Print a table of rich."""
    from rich.console import Console

    Console().print(table)
