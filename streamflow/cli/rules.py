"""`streamflow rules`: show rule sets, publish them, and edit the blacklist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streamflow.contracts.rule_sets import RuleSet
    from streamflow.rules.book import RuleBook
    from streamflow.rules.model import Role

app = typer.Typer(no_args_is_help=True, help="Show and publish rule sets, and edit the blacklist.")
blacklist = typer.Typer(no_args_is_help=True, help="List merchants, and see who is listed.")
app.add_typer(blacklist, name="blacklist")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def _book() -> tuple[str, RuleBook]:
    """Return the broker and the book that its fraud-rules topic holds; topics that are missing are created."""
    from streamflow.contracts import Catalogue
    from streamflow.generator.producer import ensure_topics
    from streamflow.replay.rule_topic import read_rule_records
    from streamflow.rules.book import RuleBook
    from streamflow.settings import settings

    servers = settings().kafka.require()
    ensure_topics(settings(), Catalogue.load(settings().contracts_dir))
    return servers, RuleBook.from_records(read_rule_records(servers))


def _reached(servers: str) -> int | None:
    """Return an event time that no purchase in the log has reached."""
    from streamflow.contracts import Catalogue
    from streamflow.contracts.names import TRANSACTIONS_RAW
    from streamflow.replay.rule_topic import newest_event_bound_us
    from streamflow.settings import settings

    topic = Catalogue.load(settings().contracts_dir).topic(TRANSACTIONS_RAW).topic
    window = None if topic is None else topic.event_time_window
    return newest_event_bound_us(servers, 0 if window is None else window.after_s)


def _time(text: str | None, option: str) -> int | None:
    from streamflow.rules.book import parse_time

    return None if text is None else parse_time(text, option)


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, indent=2, sort_keys=True))


def _table(title: str, *columns: str) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    return table


@app.command("list")
def list_rule_sets(as_json: AsJson = False) -> None:
    """List the rule sets on file, and which of them have been published from when on."""
    from rich.console import Console

    from streamflow.contracts.rule_sets import load_rule_set, rule_set_versions
    from streamflow.contracts.timestamps import format_us
    from streamflow.settings import settings

    online = bool(settings().kafka.bootstrap_servers)
    activations = _book()[1].activations if online else ()
    rows: list[dict[str, Any]] = []
    for version in sorted({*rule_set_versions(settings().contracts_dir), *(item.version for item in activations)}):
        roles = [
            f"{item.role} from {format_us(item.effective_from_us)}" for item in activations if item.version == version
        ]
        on_file = version in rule_set_versions(settings().contracts_dir)
        rule_set = load_rule_set(version, settings().contracts_dir) if on_file else None
        rows.append(
            {
                "version": version,
                "on_file": on_file,
                "calibration": None if rule_set is None else rule_set.calibration,
                "sha256": None if rule_set is None else rule_set.sha256,
                "published": roles if online else None,
            }
        )
    if as_json:
        _print_json(rows)
        return
    table = _table("Rule sets", "version", "on file", "calibration", "published")
    for row in rows:
        said = ", ".join(row["published"] or ["not published"]) if online else "unknown: no Kafka to ask"
        table.add_row(row["version"], "yes" if row["on_file"] else "no", row["calibration"] or "assumed", said)
    Console().print(table)


@app.command("show")
def show_rule_set(version: Annotated[str, typer.Argument(help="As 1.0.0.")], as_json: AsJson = False) -> None:
    """Show one rule set: every band with its weight and where its figures come from."""
    from rich.console import Console

    from streamflow.contracts.rule_sets import load_rule_set
    from streamflow.rules.scorecard import logistic
    from streamflow.settings import settings

    rule_set: RuleSet = load_rule_set(version, settings().contracts_dir)
    if as_json:
        _print_json(rule_set.payload())
        return
    score = logistic(rule_set.alert_threshold_ulo, rule_set.score_digits)
    base = logistic(rule_set.prior_ulo, rule_set.score_digits)
    table = _table(f"Rule set {version}", "rule", "measure", "from", "unit", "weight (log-odds)", "n", "status")
    for rule, measure, stated in rule_set.measures():
        for band in stated.bands:
            weight = f"{band.weight_ulo / 1_000_000:.3f}"
            n = "" if band.n is None else str(band.n)
            table.add_row(rule, measure, f"{band.at_least:g}", stated.unit, weight, n, band.status)
    console = Console()
    console.print(table)
    kind = "calibrated" if rule_set.score_calibrated else "not calibrated"
    console.print(f"Base score {base:g}, alert from score {score:g} ({kind}); sha256 {rule_set.sha256[:12]}.")


@app.command("publish")
def publish(
    version: Annotated[str, typer.Argument(help="A version on file, as 1.0.0.")],
    effective_from: Annotated[
        str | None,
        typer.Option(help="Event time from which it counts, as 2026-03-01T00:00:00Z; the first one starts at 1970."),
    ] = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Let it decide beside the live one, without alerts.")
    ] = False,
) -> None:
    """Put a rule set on the fraud-rules topic; running jobs take it over at its event time.

    Saying the same again changes nothing.
    """
    from streamflow.contracts.rule_sets import load_horizons, load_rule_set
    from streamflow.replay.rule_topic import publish_records
    from streamflow.rules.publication import rule_set_record
    from streamflow.settings import settings

    rule_set = load_rule_set(version, settings().contracts_dir)
    horizons = load_horizons(settings().contracts_dir)
    from_us = _time(effective_from, "--effective-from")
    servers, book = _book()
    role: Role = "shadow" if shadow else "live"
    record = rule_set_record(
        book, rule_set, horizons, role=role, effective_from_us=from_us, reached_us=_reached(servers)
    )
    if record is None:
        typer.echo(f"Rule set {version} is {role} already.")
        return
    ((partition, offset),) = publish_records(servers, [record])
    typer.echo(
        f"Rule set {version} is {role} from {record['effective_from']} (partition {partition}, offset {offset})."
    )


@blacklist.command("list")
def list_entries(as_json: AsJson = False) -> None:
    """Show every blacklist entry that was published."""
    from rich.console import Console

    from streamflow.contracts.timestamps import format_us

    _, book = _book()
    rows = [
        {
            "entry_id": entry.entry_id,
            "merchant_id": entry.merchant_id,
            "valid_from": format_us(max(entry.valid_from_us, entry.effective_from_us)),
            "valid_to": None if entry.valid_to_us is None else format_us(entry.valid_to_us),
            "risk": entry.risk,
            "origin": entry.origin,
            "reason": entry.reason,
        }
        for entry in sorted(book.entries.values(), key=lambda entry: entry.entry_id)
    ]
    if as_json:
        _print_json(rows)
        return
    table = _table("Blacklist", "entry", "merchant", "from", "until", "risk", "origin", "reason")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


@blacklist.command("add")
def add_entry(
    merchant_id: Annotated[str, typer.Argument(help="Whom to list.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; alerts say it.")],
    valid_from: Annotated[
        str | None, typer.Option(help="Event time from which it is listed; the next one possible when not given.")
    ] = None,
    valid_to: Annotated[str | None, typer.Option(help="Event time from which it is listed no more.")] = None,
    risk: Annotated[float | None, typer.Option(help="Smoothed share of fraud, 0 to 1, if measured.")] = None,
    entry_id: Annotated[
        str | None, typer.Option("--id", help="Id of the entry; made of merchant and time else.")
    ] = None,
) -> None:
    """List a merchant from an event time on that no purchase has reached yet."""
    from streamflow.contracts.timestamps import format_us
    from streamflow.errors import InputError
    from streamflow.replay.rule_topic import publish_records
    from streamflow.rules.blacklist import Entry
    from streamflow.rules.publication import BEGINNING_US, entry_record

    servers, book = _book()
    reached_us = _reached(servers)
    given = _time(valid_from, "--valid-from")
    from_us = given if given is not None else (reached_us or BEGINNING_US)
    name = entry_id or f"{merchant_id[:40]}:{from_us // 1_000_000}"
    if name in book.entries:
        raise InputError(f"There is a blacklist entry {name} already; give another with --id.")
    entry = Entry(name, merchant_id, from_us, _time(valid_to, "--valid-to"), from_us, reason, "manual", risk)
    publish_records(servers, [entry_record(book, entry, reached_us)])
    typer.echo(f"Merchant {merchant_id} is listed from {format_us(from_us)} (entry {name}).")


@blacklist.command("close")
def close_entry(
    entry_id: Annotated[str, typer.Argument(help="The entry, as `blacklist list` shows it.")],
    valid_to: Annotated[
        str | None, typer.Option(help="Event time from which it is listed no more; the next one possible else.")
    ] = None,
) -> None:
    """End an entry; the past stays as it was decided."""
    from dataclasses import replace

    from streamflow.contracts.timestamps import format_us
    from streamflow.errors import InputError, nearest
    from streamflow.replay.rule_topic import publish_records
    from streamflow.rules.publication import entry_record

    servers, book = _book()
    entry = book.entries.get(entry_id)
    if entry is None:
        raise InputError(f"There is no blacklist entry {entry_id}; {nearest(entry_id, book.entries)}")
    reached_us = _reached(servers)
    given = _time(valid_to, "--valid-to")
    to_us = given if given is not None else max(reached_us or 0, entry.valid_from_us)
    publish_records(servers, [entry_record(book, replace(entry, valid_to_us=to_us), reached_us)])
    typer.echo(f"Merchant {entry.merchant_id} is listed until {format_us(to_us)} (entry {entry_id}).")
