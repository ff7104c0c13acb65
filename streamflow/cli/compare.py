"""`streamflow rules compare`: what a candidate would have alerted on beside the rule set in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from streamflow.quality.shadow import Comparison, Tally
    from streamflow.statistics.intervals import Share

DAYS_SHOWN = 14


def compare(
    candidate: Annotated[str, typer.Argument(help="The rule set that ran as a shadow, as 1.1.0.")],
    against: Annotated[
        str | None, typer.Option("--with", help="The other one; by default the one that was live beside it last.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Event time from which purchases count, as 2026-03-01T00:00:00Z.")
    ] = None,
    label_delay: Annotated[
        float | None, typer.Option(help="Days after which a purchase without report counts as no fraud; 7 else.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Show what a candidate would have alerted on: gained, lost and both, with money and the labels known so far.

    Only purchases count that both rule sets ran on. It decides nothing: `streamflow rules promote` asks for a backtest.

    Example: streamflow rules compare 1.1.0 --since 2026-03-01T00:00:00Z
    """
    from streamflow.quality.shadow import LABEL_DELAY_DAYS
    from streamflow.quality.shadow import compare as look
    from streamflow.rules.book import parse_time
    from streamflow.settings import settings

    found = look(
        settings(),
        candidate,
        against,
        since_us=None if since is None else parse_time(since, "--since"),
        label_delay_days=LABEL_DELAY_DAYS if label_delay is None else label_delay,
    )
    if as_json:
        import json

        typer.echo(json.dumps(found.as_dict(), indent=2))
        return
    _show(found)


def _show(found: Comparison) -> None:
    from rich.console import Console
    from rich.markup import escape

    from streamflow.contracts.timestamps import format_us

    console = Console()
    spans = ", ".join(f"{format_us(begin)} to {'now' if end is None else format_us(end)}" for begin, end in found.spans)
    console.print(
        f"Rule set {found.candidate} beside {found.against} on {found.purchases:,} purchases that both ran on "
        f"({spans}); {found.frauds:,} of them are known to be fraud.",
        highlight=False,
    )
    console.print(_wholes(found))
    console.print(_sides(found))
    console.print(_grouped("By rule; an alert counts for each rule that adds weight", "rule", found.rules))
    days = dict(list(found.days.items())[-DAYS_SHOWN:])
    if days:
        title = (
            "By day with alerts"
            if len(days) == len(found.days)
            else f"By day with alerts, the newest {DAYS_SHOWN} of {len(found.days)}"
        )
        console.print(_grouped(title, "day", days))
    for side in ("gained", "lost"):
        if found.examples.get(side):
            console.print(_examples(found, side))
    console.print(
        escape(
            f"Precision counts purchases before {found.mature_until:%Y-%m-%d %H:%M} UTC, whose labels have had "
            f"{found.label_delay_days:g} days to come; everything else counts labels known so far. Intervals are 95 %, "
            f"Wilson's."
        ),
        highlight=False,
    )


def _table(title: str, *columns: str) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right")
    return table


def _wholes(found: Comparison) -> Any:
    table = _table(
        "Both rule sets", "rule set", "alerts", "in 1,000", "money", "frauds", "their money", "precision", "recall"
    )
    for version, tally, recall in zip((found.candidate, found.against), found.whole(), found.recall(), strict=True):
        rate = f"{tally.alerts / found.purchases * 1000:.2f}" if found.purchases else ""
        table.add_row(
            version,
            f"{tally.alerts:,}",
            rate,
            _money(tally.money_minor),
            f"{tally.frauds:,}",
            _money(tally.frauds_minor),
            _share(tally.precision),
            _share(recall),
        )
    return table


def _sides(found: Comparison) -> Any:
    table = _table("Alerts", "raised by", "alerts", "money", "frauds", "their money", "cleared", "precision")
    names = {"both": "both", "gained": f"{found.candidate} alone (gained)", "lost": f"{found.against} alone (lost)"}
    for side, tally in found.sides.items():
        table.add_row(
            names[side],
            f"{tally.alerts:,}",
            _money(tally.money_minor),
            f"{tally.frauds:,}",
            _money(tally.frauds_minor),
            f"{tally.cleared:,}",
            _share(tally.precision),
        )
    return table


def _grouped(title: str, name: str, groups: dict[Any, Any]) -> Any:
    table = _table(title, name, "both", "gained", "money", "frauds", "lost", "money", "frauds")
    for group, tallies in groups.items():
        gained, lost = tallies["gained"], tallies["lost"]
        table.add_row(str(group), f"{tallies['both'].alerts:,}", *_three(gained), *_three(lost))
    return table


def _three(tally: Tally) -> tuple[str, str, str]:
    return f"{tally.alerts:,}", _money(tally.money_minor), f"{tally.frauds:,}"


def _examples(found: Comparison, side: Any) -> Any:
    table = _table(f"Dearest {side} alerts", "alert", "purchase", "time", "amount", "rules", "label")
    for one in found.examples[side]:
        label = "" if one.is_fraud is None else "fraud" if one.is_fraud else "legitimate"
        table.add_row(
            one.alert_id,
            one.transaction_id,
            f"{one.event_timestamp:%Y-%m-%d %H:%M}",
            _money(one.amount_minor),
            ", ".join(one.fired),
            label,
        )
    return table


def _money(minor: int) -> str:
    return f"{minor / 100:,.2f}"


def _share(share: Share) -> str:
    if share.value is None:
        return "unknown"
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
