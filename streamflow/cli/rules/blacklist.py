"""`streamflow rules blacklist`: list merchants, and see who is listed."""

from __future__ import annotations

from typing import Annotated

import typer

from streamflow.cli.rules.proposing import propose
from streamflow.cli.rules.topic import AsJson, Wait

app = typer.Typer(no_args_is_help=True, help="List merchants, and see who is listed.")


@app.command("list")
def list_entries(as_json: AsJson = False) -> None:
    """Show every blacklist entry that was published."""
    from rich.console import Console

    from streamflow.cli.rules.topic import open_topic, print_json, table
    from streamflow.contracts.timestamps import format_us

    book = open_topic().book
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
        print_json(rows)
        return
    shown = table("Blacklist", "entry", "merchant", "from", "until", "risk", "origin", "reason")
    for row in rows:
        shown.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(shown)


@app.command("add")
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
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """List a merchant from an event time on that no purchase has reached yet.

    Example: streamflow rules blacklist add m-00123 --reason "notice of a bank"
    """
    from streamflow.cli.rules.delivery import deliver
    from streamflow.cli.rules.topic import event_time, open_topic
    from streamflow.contracts.timestamps import format_us
    from streamflow.errors import InputError
    from streamflow.rules.blacklist import Entry
    from streamflow.rules.promotion import Ahead
    from streamflow.rules.publication import entry_record
    from streamflow.settings import settings

    given, until = event_time(valid_from, "--valid-from"), event_time(valid_to, "--valid-to")
    topic = open_topic()
    book, reached_us = topic.book, topic.reached_us()
    from_us = Ahead(reached_us, settings().change.margin_s * 1_000_000).soonest_us if given is None else given
    name = entry_id or f"{merchant_id[:40]}:{from_us // 1_000_000}"
    if name in book.entries:
        raise InputError(f"There is a blacklist entry {name} already; give another with --id.")
    entry = Entry(name, merchant_id, from_us, until, from_us, reason, "manual", risk)
    record = entry_record(book, entry, reached_us)
    sentence = f"Merchant {merchant_id} is listed from {format_us(from_us)} as entry {name}"
    deliver(topic, record, sentence, wait=wait, as_json=as_json)


@app.command("close")
def close_entry(
    entry_id: Annotated[str, typer.Argument(help="The entry, as `blacklist list` shows it.")],
    valid_to: Annotated[
        str | None, typer.Option(help="Event time from which it is listed no more; the next one possible else.")
    ] = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """End an entry; the past stays as it was decided.

    Example: streamflow rules blacklist close m-00123:1772323200
    """
    from dataclasses import replace

    from streamflow.cli.rules.delivery import deliver
    from streamflow.cli.rules.topic import event_time, open_topic
    from streamflow.contracts.timestamps import format_us
    from streamflow.errors import InputError, nearest
    from streamflow.rules.promotion import Ahead
    from streamflow.rules.publication import entry_record
    from streamflow.settings import settings

    given = event_time(valid_to, "--valid-to")
    topic = open_topic()
    entry = topic.book.entries.get(entry_id)
    if entry is None:
        raise InputError(f"There is no blacklist entry {entry_id}; {nearest(entry_id, topic.book.entries)}")
    reached_us = topic.reached_us()
    ahead = Ahead(reached_us, settings().change.margin_s * 1_000_000)
    to_us = given if given is not None else max(ahead.soonest_us, entry.valid_from_us)
    record = entry_record(topic.book, replace(entry, valid_to_us=to_us), reached_us)
    sentence = f"Merchant {entry.merchant_id} is listed until {format_us(to_us)} by entry {entry_id}"
    deliver(topic, record, sentence, wait=wait, as_json=as_json)


app.command("propose")(propose)
