"""`streamflow contracts`: list, show, check, build and release data contracts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streamflow.contracts import Catalogue
    from streamflow.contracts.checks import Check
    from streamflow.contracts.dataset import Dataset

app = typer.Typer(no_args_is_help=True, help="Check, compile and compare data contracts.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def _catalogue() -> Catalogue:
    from streamflow.contracts import Catalogue
    from streamflow.settings import settings

    return Catalogue.load(settings().contracts_dir)


def _print(table: Any) -> None:
    from rich.console import Console

    Console().print(table)


@app.command("list")
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
    datasets = list(_catalogue().datasets(layer))
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
    _print(table)


@app.command()
def show(
    dataset: Annotated[str, typer.Argument(help="A name, or layer/name, or layer/name/version.")],
    as_json: AsJson = False,
) -> None:
    """Show columns, units, classification and checks of a dataset.

    Example: streamflow contracts show transactions.raw
    """
    from rich.table import Table

    one = _catalogue().find(dataset)
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
    _print(table)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Read every contract strictly, try its examples, and hold released files against their hashes.

    Example: streamflow contracts check
    """
    from streamflow.contracts.examples import try_examples
    from streamflow.contracts.released import differences
    from streamflow.contracts.rule_sets import check_horizons, load_horizons, load_rule_set, rule_set_versions
    from streamflow.settings import settings

    root = settings().contracts_dir
    catalogue = _catalogue()
    datasets = list(catalogue.datasets())
    tried = try_examples(catalogue)
    horizons = load_horizons(root)
    versions = rule_set_versions(root)
    for version in versions:
        check_horizons(load_rule_set(version, root), horizons)
    faults = [*tried.faults, *differences(root)]
    counts = {
        "contracts": len(datasets),
        "checks": sum(len(dataset.checks) for dataset in datasets),
        "valid examples": tried.valid,
        "invalid examples": tried.invalid,
        "rule sets": len(versions),
    }
    if as_json:
        typer.echo(json.dumps({"counts": counts, "faults": faults}, indent=2))
    else:
        typer.echo(", ".join(f"{number} {name}" for name, number in counts.items()))
        for fault in faults:
            typer.echo(fault)
    if faults:
        raise typer.Exit(1)


@app.command()
def build(
    check_only: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a generated file is stale.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compile the contracts into event models and names, and say what each engine cannot express.

    Example: streamflow contracts build --check
    """
    from collections import Counter

    from streamflow.contracts.build import MEND, compile_all, stale, write
    from streamflow.errors import StreamFlowError
    from streamflow.settings import settings

    built = compile_all(_catalogue())
    changed = stale(built, settings().root) if check_only else write(built, settings().root)
    if check_only and changed:
        raise StreamFlowError(f"{', '.join(changed)} does not match the contracts; run '{MEND}'.")
    if as_json:
        left = {
            engine: [{"check": u.check.id, "reason": u.reason} for u in all_]
            for engine, all_ in built.untranslated.items()
        }
        typer.echo(json.dumps({"written": changed, "untranslated": left}, indent=2))
        return
    for path in changed:
        typer.echo(f"wrote {path}")
    for engine, all_ in built.untranslated.items():
        for (kind, reason), number in Counter((u.check.kind, u.reason) for u in all_).items():
            typer.echo(f"{engine} leaves {number} '{kind}' checks: {reason}")


@app.command()
def release(
    files: Annotated[
        list[str] | None, typer.Argument(help="Paths below contracts/; everything that is new if not given.")
    ] = None,
) -> None:
    """Record the hash of new contract versions and rule sets; from then on they never change.

    Example: streamflow contracts release fraud_rules/1.0.0.yaml
    """
    from streamflow.contracts.released import release as record
    from streamflow.settings import settings

    _catalogue()
    added = record(settings().contracts_dir, files or [])
    for name in added:
        typer.echo(f"released {name}")
    if not added:
        typer.echo("Nothing new to release.")


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
