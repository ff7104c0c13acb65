"""`streamflow contracts list` and `show`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamflow.cli.contracts.shell import AsJson, load_catalogue, print_table

if TYPE_CHECKING:
    from streamflow.contracts.checks import Check
    from streamflow.contracts.dataset import Dataset


def list_contracts(
    layer: Annotated[
        str | None, typer.Argument(help="events, reference, bronze, silver or gold; all of them if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the datasets with version, columns and checks.

    Example: streamflow contracts list silver
    """
    from rich.table import Table

    from streamflow.contracts.catalogue import LAYERS
    from streamflow.errors import InputError, nearest

    if layer is not None and layer not in LAYERS:
        raise InputError(f"There is no layer '{layer}'; {nearest(layer, LAYERS)}")
    datasets = list(load_catalogue().datasets(layer))
    if as_json:
        typer.echo(json.dumps([_summary(dataset) for dataset in datasets], indent=2))
        return
    table = Table()
    for name in ("dataset", "version", "columns", "personal", "checks"):
        table.add_column(name, no_wrap=True)
    table.add_column("what")
    for one in datasets:
        purpose = one.contract.description.purpose
        table.add_row(
            f"{one.layer}/{one.name}",
            one.version,
            str(len(one.columns)),
            str(len(one.personal)),
            str(len(one.checks)),
            purpose,
        )
    print_table(table)


def show(
    dataset: Annotated[str, typer.Argument(help="A name, or layer/name, or layer/name/version.")],
    as_json: AsJson = False,
) -> None:
    """Show columns, units, classification and checks of a dataset.

    Example: streamflow contracts show transactions.raw
    """
    from rich.table import Table

    one = load_catalogue().find(dataset)
    if as_json:
        typer.echo(json.dumps(_detail(one), indent=2))
        return
    schema = one.contract.schema[0]
    table = Table("column", "type", "needed", "class", "checks", "what", title=f"{one.id}: {schema.physical_name}")
    for top in one.columns:
        for column in top.walk():
            checks = "; ".join(filter(None, (_told(check) for check in column.checks)))
            needed = "yes" if column.required else ""
            about = column.description + (f" [{column.unit}]" if column.unit else "")
            table.add_row(column.path, column.physical_type, needed, column.classification, checks, _plain(about))
    print_table(table)


def _summary(one: Dataset) -> dict[str, Any]:
    return {
        "id": one.id,
        "physical_name": one.contract.schema[0].physical_name,
        "columns": len(one.columns),
        "checks": len(one.checks),
        "consumers": list(one.consumers),
        "sha256": one.sha256,
    }


def _detail(one: Dataset) -> dict[str, Any]:
    columns = [
        {
            "path": column.path,
            "logical_type": column.logical_type,
            "physical_type": column.physical_type,
            "required": column.required,
            "classification": column.classification,
            "unit": column.unit,
            "description": column.description,
        }
        for top in one.columns
        for column in top.walk()
    ]
    checks = [{"id": c.id, "kind": c.kind, "severity": c.severity, "args": dict(c.args)} for c in one.checks]
    return {**_summary(one), "path": _relative(one.path), "columns": columns, "checks": checks}


def _relative(path: Path) -> str:
    from streamflow.settings import settings

    root = settings().root
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _told(one: Check) -> str:
    """Say a check in a few words; type and presence have columns of their own."""
    args = one.args
    if one.kind in ("range", "length", "items"):
        ends = "..".join("" if end is None else str(end) for end in (args["minimum"], args["maximum"]))
        return ends if one.kind == "range" else f"{one.kind} {ends}"
    words: dict[str, Callable[[], str]] = {
        "enum": lambda: "one of " + ", ".join(map(str, args["values"])),
        "pattern": lambda: str(args["pattern"]),
        "required_when": lambda: f"needed where {args['field']} is {args['equals']}",
        "equals_setting": lambda: f"equals the setting {args['setting']}",
        "contract": lambda: f"by the contract of its {args['field']}",
        "unique": lambda: "unique",
    }
    return _plain(words[one.kind]()) if one.kind in words else ""


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
