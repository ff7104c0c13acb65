"""`streamflow explain alert`: why an alert fired, with the purchases around it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from streamflow.quality.explanation import Explanation
    from streamflow.replay.moment import Entry

ULO = 1_000_000
BEFORE, AFTER = 12, 4


def alert(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="An alert's id, or customer/transaction.")],
    rule_set: Annotated[
        str | None, typer.Option("--rule-set", help="Whose decision; that of the live rule set if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Show the five lines that add up to a score, rebuilt from the customer's own purchases in bronze.

    Ends with 1 if the replay decides otherwise than the stream did.

    Example: streamflow explain alert 5f0c1f0e-6a3e-5d7e-9a57-3f1f0e6c2b11
    """
    from rich.console import Console

    from streamflow.quality.explanation import explain_alert
    from streamflow.settings import settings

    found = explain_alert(settings(), alert_id, rule_set)
    rows = [_row(found, entry) for entry in found.moment.around(BEFORE, AFTER)]
    if as_json:
        typer.echo(json.dumps(_as_dict(found, rows), indent=2))
    else:
        _show(Console(highlight=False), found, rows)
    if not found.agrees:
        raise typer.Exit(1)


def _row(found: Explanation, entry: Entry) -> dict[str, Any]:
    """Return one purchase of the time line."""
    from streamflow.contracts.timestamps import format_us
    from streamflow.replay.moment import apart_km

    stored, purchase = found.stored, entry.purchase
    mine = next(one.purchase for one in found.moment.entries if one.purchase.transaction_id == stored["transaction_id"])
    kilometres = apart_km(mine, purchase)
    return {
        "transaction_id": purchase.transaction_id,
        "event_timestamp": format_us(purchase.event_time_us),
        "utc_offset_min": purchase.utc_offset_min,
        "amount_minor": purchase.amount_minor,
        "merchant_id": purchase.merchant_id,
        "distance_km": None if kilometres is None else round(kilometres, 1),
        "minutes_apart": round((purchase.event_time_us - mine.event_time_us) / 60_000_000, 1),
        "disposition": entry.disposition,
        "partition": entry.position.partition,
        "offset": entry.position.offset,
        "is_evidence": purchase.transaction_id in stored["evidence"],
        "is_this": purchase.transaction_id == mine.transaction_id,
    }


def _as_dict(found: Explanation, rows: list[dict[str, Any]]) -> dict[str, Any]:
    import msgspec

    rebuilt, habits = found.moment.decision, found.moment.habits
    return {
        "decision": found.stored,
        "prior_ulo": found.stored["log_odds_ulo"] - sum(line["weight_ulo"] for line in found.stored["lines"]),
        "rebuilt": None if rebuilt is None else {"score": rebuilt.score, "lines": msgspec.to_builtins(rebuilt.lines)},
        "late": found.late,
        "agrees": found.agrees,
        "habits": None if habits is None else msgspec.to_builtins(habits),
        "purchases": rows,
    }


def _show(console: Console, found: Explanation, rows: list[dict[str, Any]]) -> None:
    from rich.markup import escape

    stored = found.stored
    kind = "alert" if stored["is_alert"] else "no alert"
    calibration = stored["calibration_id"] or "no calibration"
    sure = "calibrated" if stored["calibrated"] else "not calibrated"
    how = "late, judged by the batch" if found.late else f"revision {stored['revision']} ({stored['status']})"
    console.print(
        f"[bold]{escape(stored['customer_id'])}/{escape(stored['transaction_id'])}[/bold] of "
        f"{stored['event_timestamp']}: score {stored['score']:g} ({sure}), {kind}, {stored['role']}, "
        f"{how}"
    )
    console.print(f"[dim]alert {stored['alert_id']}, rule set {stored['rule_set']}, {escape(calibration)}[/dim]\n")
    _lines(console, stored)
    _habits(console, found)
    _time_line(console, rows)
    if found.agrees:
        console.print("\nRebuilt from bronze, the customer's log gives the same lines, byte for byte.")
    elif found.moment.decision is None:
        console.print("\n[bold red]Rebuilt from bronze, the customer's log gives no decision about this purchase.")
    else:
        console.print("\n[bold red]Rebuilt from bronze, the customer's log gives other lines:")
        for line in found.moment.decision.lines:
            console.print(f"  {line.rule}: {line.weight_ulo / ULO:+.3f}  {escape(line.sentence)}")


def _lines(console: Console, stored: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("rule", "log-odds", "observed", "limit", "unit", "says", title_justify="left")
    weights = [line["weight_ulo"] for line in stored["lines"]]
    table.add_row("prior", f"{(stored['log_odds_ulo'] - sum(weights)) / ULO:+.3f}", "", "", "", "before any line")
    for line in stored["lines"]:
        numbers = ["" if line[name] is None else f"{line[name]:,}" for name in ("observed", "limit")]
        weight = f"{line['weight_ulo'] / ULO:+.3f}" if line["applicable"] else "n/a"
        table.add_row(line["rule"], weight, *numbers, line["unit"] or "", line["sentence"])
    table.add_section()
    table.add_row("sum", f"{stored['log_odds_ulo'] / ULO:+.3f}", "", "", "", f"score {stored['score']:g}")
    console.print(table)


def _habits(console: Console, found: Explanation) -> None:
    from streamflow.rules.high_value import money
    from streamflow.rules.time_anomaly import clock

    habits = found.moment.habits
    if habits is None:
        return
    said = [f"{habits.purchases} earlier purchases"]
    if habits.average_minor is not None:
        said.append(f"on average {money(habits.average_minor)} over the {habits.legitimate} that were not flagged")
    if habits.usual_minute is not None and habits.spread_min is not None:
        said.append(f"usually at {clock(habits.usual_minute)} give or take {habits.spread_min:,.0f} min")
    console.print("Known of the customer then: " + ", ".join(said) + ".\n")


def _time_line(console: Console, rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from streamflow.rules.high_value import money

    table = Table("local time", "purchase", "amount", "merchant", "km away", "", title="Purchases around it")
    for row in rows:
        marks = ["this one"] if row["is_this"] else [apart(row["minutes_apart"])]
        marks += ["evidence"] if row["is_evidence"] else []
        marks += [row["disposition"]] if row["disposition"] != "scored" else []
        distance = "" if row["distance_km"] is None or row["is_this"] else f"{row['distance_km']:,.1f}"
        merchant = row["merchant_id"] or ""
        cells = [_local(row), row["transaction_id"], money(row["amount_minor"]), merchant, distance, ", ".join(marks)]
        table.add_row(*cells, style="bold" if row["is_this"] else None)
    console.print(table)


def apart(minutes: float) -> str:
    """Write a signed distance in time in the unit that a person would choose."""
    for size, unit, least in ((1440, "days", 2880), (60, "h", 180)):
        if abs(minutes) >= least:
            return f"{minutes / size:+,.1f} {unit}"
    return f"{minutes:+,.1f} min"


def _local(row: dict[str, Any]) -> str:
    from datetime import datetime, timedelta

    moment = datetime.fromisoformat(row["event_timestamp"]) + timedelta(minutes=row["utc_offset_min"] or 0)
    return f"{moment:%Y-%m-%d %H:%M:%S}"
