"""`streamflow rules compare`: what a candidate would have alerted on beside the rule set in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from streamflow.quality.shadow import Comparison, Side, Tallies, Tally

DAYS_SHOWN = 14


def compare(
    candidate: Annotated[str, typer.Argument(help="The rule set that ran as a shadow, as 1.1.0.")],
    *,
    against: Annotated[
        str | None, typer.Option("--with", help="The other one; by default the one that was live beside it last.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Event time from which purchases count, as 2026-03-01T00:00:00Z.")
    ] = None,
    label_delay: Annotated[
        float | None, typer.Option(help="Days after which a purchase without report counts as no fraud; 7 else.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page for a browser.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Show what a candidate would have alerted on: gained, lost and both, with money and the labels known so far.

    Only purchases count that both rule sets ran on, late ones once the batch has judged them. It decides nothing:
    `streamflow rules promote` asks for a backtest.

    Example: streamflow rules compare 1.1.0 --since 2026-03-01T00:00:00Z --report page.html
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
    if report is not None:
        from streamflow.quality.shadow_page import write_comparison

        write_comparison(found, report, currency=settings().base_currency)
    if as_json:
        import json

        typer.echo(json.dumps(found.as_dict(), indent=2))
        return
    _show(found)
    if report is not None:
        typer.echo(f"The page is in {report}.")


def _show(found: Comparison) -> None:
    from rich.console import Console
    from rich.markup import escape

    from streamflow.quality.shadow_page import late_sentence, spans

    console = Console()
    console.print(
        f"Rule set {found.candidate} beside {found.against} on {found.purchases:,} purchases that both ran on "
        f"({spans(found)}); {found.frauds:,} of them are known to be fraud.",
        highlight=False,
    )
    if said := late_sentence(found):
        console.print(said, highlight=False)
    tables = [_wholes(found), _sides(found)]
    tables.append(_grouped("By rule; an alert counts for each rule that adds weight", "rule", found.rules))
    days = dict(list(found.days.items())[-DAYS_SHOWN:])
    if days:
        some = "" if len(days) == len(found.days) else f", the newest {DAYS_SHOWN} of {len(found.days)}"
        tables.append(_grouped(f"By day with alerts{some}", "day", days))
    tables += [_examples(found, side) for side in ("gained", "lost") if found.examples.get(side)]
    for table in tables:
        console.print()
        console.print(table)
    console.print()
    console.print(
        escape(
            f"Precision counts purchases before {found.mature_until:%Y-%m-%d %H:%M} UTC, whose labels have had "
            f"{found.label_delay_days:g} days to come; everything else counts labels known so far. Intervals are 95 %, "
            f"Wilson's."
        ),
        highlight=False,
    )


def _wholes(found: Comparison) -> Table:
    """One column a rule set, since a terminal has more lines than columns."""
    from streamflow.pages.terminal import tight_table
    from streamflow.quality.shadow_page import money, share

    table = tight_table("Both rule sets", "", found.candidate, found.against, gap=3)
    (mine, theirs), (caught, beside) = found.whole(), found.recall()
    for name, one, other in (
        ("alerts", f"{mine.alerts:,}", f"{theirs.alerts:,}"),
        ("in 1,000 purchases", _rate(found, mine), _rate(found, theirs)),
        ("money", money(mine.money_minor), money(theirs.money_minor)),
        ("frauds among them", f"{mine.frauds:,}", f"{theirs.frauds:,}"),
        ("their money", money(mine.frauds_minor), money(theirs.frauds_minor)),
        ("precision", share(mine.precision), share(theirs.precision)),
        ("recall", share(caught), share(beside)),
    ):
        table.add_row(name, one, other)
    return table


def _rate(found: Comparison, tally: Tally) -> str:
    return f"{tally.alerts / found.purchases * 1000:.2f}" if found.purchases else ""


def _sides(found: Comparison) -> Table:
    from streamflow.pages.terminal import stacked, tight_table
    from streamflow.quality.shadow_page import money, share, side_names

    names = side_names(found)
    table = tight_table("Alerts by who raised them", "", *(names[side] for side in found.sides), gap=3)
    tallies = list(found.sides.values())
    table.add_row("alerts", *(f"{one.alerts:,}" for one in tallies))
    table.add_row("of them late", *(f"{one.late:,}" for one in tallies))
    table.add_row("money", *(money(one.money_minor) for one in tallies))
    table.add_row("frauds", *(f"{one.frauds:,}" for one in tallies))
    table.add_row("their money", *(money(one.frauds_minor) for one in tallies))
    table.add_row("cleared", *(f"{one.cleared:,}" for one in tallies))
    table.add_row("precision", *(stacked(share(one.precision)) for one in tallies))
    return table


def _grouped(title: str, name: str, groups: Mapping[Any, Tallies]) -> Table:
    from streamflow.pages.terminal import tight_table

    table = tight_table(title, name, "both", "gained", "money", "frauds", "lost", "money", "frauds", gap=2)
    for group, tallies in groups.items():
        gained, lost = tallies["gained"], tallies["lost"]
        table.add_row(str(group), f"{tallies['both'].alerts:,}", *_three(gained), *_three(lost))
    return table


def _three(tally: Tally) -> tuple[str, str, str]:
    return f"{tally.alerts:,}", f"{tally.money_minor / 100:,.0f}", f"{tally.frauds:,}"


def _examples(found: Comparison, side: Side) -> Table:
    from rich.markup import escape

    from streamflow.pages.terminal import tight_table
    from streamflow.quality.shadow_page import label_word, money

    table = tight_table(f"Dearest {side} alerts", "time (UTC)", "amount", "label", "rules, alert, purchase", gap=2)
    for column in table.columns[2:]:
        column.justify = "left"
    table.columns[3].no_wrap, table.columns[3].overflow = False, "fold"
    for one in found.examples[side]:
        table.add_row(
            f"{one.event_timestamp:%Y-%m-%d %H:%M}",
            money(one.amount_minor),
            label_word(one.is_fraud),
            f"{', '.join(one.fired)}\n[dim]{one.alert_id}\n{escape(one.transaction_id)}[/dim]",
        )
    return table
