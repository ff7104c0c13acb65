"""`streamflow mapping`: what the columns of a file of your own mean, proposed and checked."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streamflow.generator.mapping_check import MappingCheck
    from streamflow.generator.suggestion.proposal import Proposal

app = typer.Typer(no_args_is_help=True)
TRIED_ROWS = 200_000

AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")]


@app.command()
def suggest(
    file: Annotated[Path, typer.Argument(help="CSV with any usual separator and encoding, also .gz, or Parquet.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The mapping to write; FILE.mapping.yaml here.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Write over a mapping that is there.")] = False,
    rows: Annotated[int, typer.Option(min=1, help="Rows to try it on.")] = TRIED_ROWS,
    json: AsJson = False,
) -> None:
    """Propose a mapping for a file that nobody has described, with a reason for each line, and try it.

    Example: streamflow mapping suggest orders.csv -o orders.yaml

    What columns hold decides, names only help. Exits 1 when no row is a purchase under the proposal.
    """
    from streamflow.errors import InputError
    from streamflow.generator.suggestion.page import mapping_text
    from streamflow.generator.suggestion.proposal import propose
    from streamflow.generator.suggestion.sample import take_sample
    from streamflow.generator.suggestion.trial import with_measured_delay
    from streamflow.settings import settings

    target = out or Path(f"{file.name.partition('.')[0]}.mapping.yaml")
    if target.exists() and not force:
        raise InputError(f"{target} is there already; name another one with -o, or write over it with --force.")
    proposal = propose(take_sample(file), settings().base_currency)
    _write(target, mapping_text(proposal))
    check = _checked(file, target, proposal.base_currency, rows, visible=not json)
    if with_measured_delay(proposal, check):
        _write(target, mapping_text(proposal))
    following = _next(file, target, proposal.base_currency, labelled=proposal.label is not None)
    if json:
        _print_json(_as_dict(proposal, target, check, following))
    else:
        _show_proposal(proposal)
        _show_check(check)
        typer.echo(f"Written to {target}: read it, then check all rows and backtest:")
        for command in following:
            typer.echo(f"  {command}")
    raise typer.Exit(0 if check.purchases else 1)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="CSV, also .gz, or Parquet.")],
    mapping: Annotated[Path, typer.Option(help="What its columns mean; data/mappings has examples.")],
    *,
    currency: Annotated[str | None, typer.Option(help="Base currency; the deployment's if not given.")] = None,
    rows: Annotated[int | None, typer.Option(min=1, help="Stop after these rows; all if not given.")] = None,
    json: AsJson = False,
) -> None:
    """Read a whole file through its mapping and the contract: what counts, what is set aside and where, what is odd.

    Example: streamflow mapping check data/sample/seven_orders.csv --mapping data/mappings/seven_orders.yaml

    Exits 1 when no row is a purchase. No server is needed.
    """
    from streamflow.errors import InputError
    from streamflow.generator.mapping_words import sentences

    if currency is not None and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise InputError(f"'{currency}' is no currency; write its three letters as EUR.")
    found = _checked(file, mapping, currency, rows, visible=not json)
    if json:
        _print_json({**_builtins(found), "sentences": sentences(found)})
    else:
        _show_check(found)
    raise typer.Exit(0 if found.purchases else 1)


def _checked(file: Path, mapping: Path, currency: str | None, rows: int | None, *, visible: bool) -> MappingCheck:
    from streamflow.contracts import Catalogue, build_validator
    from streamflow.contracts.names import TRANSACTIONS_RAW
    from streamflow.generator.mapping import load_mapping
    from streamflow.generator.mapping_check import check_mapping
    from streamflow.settings import settings

    catalogue = Catalogue.load(settings().contracts_dir)
    known = load_mapping(mapping, catalogue.topic(TRANSACTIONS_RAW))
    validator = build_validator(catalogue, currency or settings().base_currency)
    with _rows_read(visible) as progress:
        return check_mapping(file, known, validator, most_rows=rows, progress=progress)


@contextmanager
def _rows_read(visible: bool) -> Iterator[Callable[[int], None]]:
    """Show how many rows have been read, on a terminal only."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("Reading rows") as status:
        if not visible:
            status.stop()
        yield lambda count: status.update(f"Reading rows: {count:,}")


def _write(target: Path, text: str) -> None:
    from streamflow.errors import InputError

    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror or error}.") from None


def _next(file: Path, target: Path, currency: str | None, *, labelled: bool) -> list[str]:
    import shlex

    prefix = f"STREAMFLOW_BASE_CURRENCY={currency} " if currency else ""
    tail = f"{shlex.quote(str(file))} --mapping {shlex.quote(str(target))}"
    last = "backtest" if labelled else "produce"
    return [f"{prefix}streamflow mapping check {tail}", f"{prefix}streamflow {last} {tail}"]


def _show_proposal(proposal: Proposal) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table(title=f"{proposal.file.name}: a proposal from {proposal.says}", title_justify="left")
    for column in ("field", "comes from", "how sure", "why"):
        table.add_column(column, overflow="fold")
    for line in proposal.lines:
        table.add_row(line.field, escape(_source(line.spec)), line.confidence, escape(line.why))
    if proposal.label is not None:
        positive = ", ".join(proposal.label["positive"])
        source = f"{proposal.label['column']} = {positive}"
        table.add_row("label", escape(source), proposal.label_confidence, escape(proposal.label_why))
    console.print(table)
    for sentence in proposal.warnings:
        console.print(f"Look: {sentence}.", markup=False, highlight=False)
    for what, cost in proposal.missing:
        console.print(f"Missing: no {what}: {cost}.", markup=False, highlight=False)
    for column, why in proposal.leaks.items():
        console.print(f"Never a field: '{column}': {why}.", markup=False, highlight=False)


def _source(spec: dict[str, Any]) -> str:
    if "row_number" in spec:
        return "the row's number"
    if "constant" in spec:
        return f"always {spec['constant']}"
    return str(spec.get("column") or spec.get("template"))


def _show_check(found: MappingCheck) -> None:
    from rich.console import Console
    from rich.table import Table

    from streamflow.generator.mapping_words import sentences

    console = Console()
    table = Table(title=f"{found.file} under the mapping", title_justify="left", show_header=False)
    rows = f"{found.rows:,}" + ("" if found.complete else ", the first ones")
    table.add_row("rows read", rows)
    table.add_row("purchases", f"{found.purchases:,}")
    table.add_row("set aside", f"{found.rows - found.purchases:,}")
    if found.times.first is not None:
        table.add_row("from", f"{found.times.first} to {found.times.last}, {found.times.days:,.1f} days")
        table.add_row("zone", found.times.zone or "each time's own")
    table.add_row("customers", f"{found.customers.distinct:,}; the busiest has {found.customers.most:,} purchases")
    if found.labels is not None and found.purchases:
        share = found.labels.fraud / found.purchases
        table.add_row("fraud", f"{found.labels.fraud:,} of the purchases, {share:.3%}")
    console.print(table)
    for sentence in sentences(found):
        console.print(sentence, markup=False, highlight=False)


def _builtins(found: MappingCheck) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(found)
    return told


def _as_dict(proposal: Proposal, target: Path, check: MappingCheck, following: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    from streamflow.generator.mapping_words import sentences

    plain = asdict(proposal)
    plain["file"] = str(proposal.file)
    plain["missing"] = [{"what": what, "cost": cost} for what, cost in proposal.missing]
    trial = {**_builtins(check), "sentences": sentences(check)}
    return {"mapping": str(target), **plain, "trial": trial, "next": following}


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json_module.dumps(value, indent=2, sort_keys=True, ensure_ascii=False))
