"""`streamflow rules blacklist propose`: merchants that the labels known by now would list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamflow.cli.rules.topic import AsJson, Wait

if TYPE_CHECKING:
    from streamflow.cli.rules.topic import Topic
    from streamflow.rules.blacklist import Entry
    from streamflow.warehouse.blacklist_proposals import Proposal


def propose(
    *,
    since: Annotated[
        str | None,
        typer.Option(help="Purchases from when on, as 28d or 2026-03-01T00:00:00Z; the calibrations' window else."),
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Put the entries on the fraud-rules topic.")] = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Propose merchants to list, from labels that are known by now; each entry ends by itself.

    Example: streamflow rules blacklist propose --since 28d --publish
    """
    from rich.console import Console

    from streamflow.cli.rules.topic import open_topic, print_json, table
    from streamflow.rules.promotion import Ahead
    from streamflow.settings import settings
    from streamflow.warehouse import alerts, blacklist_proposals

    now = alerts.now_of(settings())
    begin = alerts.since(since or blacklist_proposals.DEFAULT_SPAN, now)
    found = blacklist_proposals.propose(settings(), begin, now)
    topic = open_topic()
    from_us = Ahead(topic.reached_us(), settings().change.margin_s * 1_000_000).soonest_us
    rows = [(one, one.entry(from_us), _listed(topic, one.merchant_id, from_us)) for one in found]
    fresh = [entry for _, entry, known in rows if not known]
    if publish and as_json:
        _publish(topic, fresh, wait=False, quiet=True)
    if as_json:
        print_json([_plain(*row) | {"published": publish and not row[2]} for row in rows])
        return
    shown = table("Merchants to list", "merchant", "risk", "frauds", "purchases", "until", "listed already by")
    for one, entry, known in rows:
        values = _plain(one, entry, known)
        shown.add_row(
            one.merchant_id, f"{one.risk:.4f}", str(one.frauds), f"{one.purchases:,}", values["valid_to"], known
        )
    Console().print(shown)
    if not publish:
        typer.echo(f"{len(fresh)} merchants could be listed; --publish lists them.")
    elif fresh:
        _publish(topic, fresh, wait=wait, quiet=False)
    else:
        typer.echo("There is nothing to list.")


def _listed(topic: Topic, merchant_id: str, time_us: int) -> str:
    """Return the entry by which a merchant is listed at an event time, or nothing."""
    holding = [one for one in topic.book.entries.values() if one.merchant_id == merchant_id and one.holds(time_us)]
    return min((one.entry_id for one in holding), default="")


def _plain(one: Proposal, entry: Entry, known: str) -> dict[str, Any]:
    from streamflow.contracts.timestamps import format_us

    return {
        "entry_id": entry.entry_id,
        "merchant_id": one.merchant_id,
        "risk": one.risk,
        "frauds": one.frauds,
        "purchases": one.purchases,
        "valid_from": format_us(entry.valid_from_us),
        "valid_to": "" if entry.valid_to_us is None else format_us(entry.valid_to_us),
        "reason": entry.reason,
        "listed_by": known or None,
    }


def _publish(topic: Topic, entries: list[Entry], *, wait: bool, quiet: bool) -> None:
    """Publish entries; the subtasks of a running detector are waited for once, at the last one."""
    from streamflow.cli.rules.delivery import deliver
    from streamflow.contracts.timestamps import format_us
    from streamflow.replay.rule_topic import publish_records
    from streamflow.rules.publication import entry_record

    if not entries:
        return
    reached_us = topic.reached_us()
    records = [entry_record(topic.book, entry, reached_us) for entry in entries]
    for record in records:
        topic.check(record)
    if quiet:
        publish_records(topic.servers, list(records))
        return
    if records[:-1]:
        publish_records(topic.servers, list(records[:-1]))
    sentence = f"{len(records)} merchants are listed from {format_us(entries[0].valid_from_us)}"
    deliver(topic, records[-1], sentence, wait=wait, as_json=False)
