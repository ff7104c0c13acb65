"""Findings in words and tables: what the terminal shows, and how the report writes numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamflow.backtest.estimates import Estimate
from streamflow.backtest.findings import Findings
from streamflow.backtest.worth import TOGETHER, Alerts, Caught
from streamflow.pages.terminal import stacked, tight_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NONE = "none"


def share(one: Estimate, *, interval: bool = True) -> str:
    """Write a share in percent: `41.2 % (38.0 to 44.1)`."""
    if one.value is None:
        return NONE
    return f"{one.value * 100:.1f} %" + (ends(one, 100, 1) if interval else "")


def points(one: Estimate) -> str:
    """Write a difference of shares in points: `+3.1 (1.0 to 5.2)`."""
    return NONE if one.value is None else f"{one.value * 100:+.1f}" + ends(one, 100, 1, sign="+")


def score(one: Estimate, *, sign: str = "", interval: bool = True) -> str:
    """Write a figure between 0 and 1 with three digits: `0.412 (0.380 to 0.441)`."""
    if one.value is None:
        return NONE
    return f"{one.value:{sign}.3f}" + (ends(one, 1, 3, sign=sign) if interval else "")


def number(one: Estimate, digits: int = 0) -> str:
    """Write a number without its interval: `1,204`."""
    return NONE if one.value is None else f"{one.value:,.{digits}f}"


def count(one: Estimate, digits: int = 0) -> str:
    """Write a number: `1,204 (1,150 to 1,260)`."""
    return NONE if one.value is None else f"{one.value:,.{digits}f}" + ends(one, 1, digits)


def ends(one: Estimate, scale: float, digits: int, sign: str = "") -> str:
    """Write an interval: ` (38.0 to 44.1)`; nothing where there is none."""
    if one.low is None or one.high is None:
        return ""
    return f" ({one.low * scale:{sign},.{digits}f} to {one.high * scale:{sign},.{digits}f})"


def money(minor: float | None, currency: str = "") -> str:
    """Write minor units as an amount without its cents: `12,345 USD`."""
    return NONE if minor is None else f"{minor / 100:,.0f}" + (f" {currency}" if currency else "")


def money_of(one: Estimate, currency: str = "") -> str:
    """Write money with its interval: `12,345 USD (11,000 to 13,100)`."""
    return money(one.value, currency) + ("" if one.value is None else ends(one, 0.01, 0))


def show(findings: Findings, console: Console, currency: str = "") -> None:
    """Print what a backtest found.

    Args:
        findings: What it found.
        console: Where to.
        currency: Of the amounts; nothing when unknown.
    """
    from rich.markup import escape

    console.print(f"[bold]{escape(findings.headline)}[/bold]", highlight=False)
    for beat in findings.beats:
        colour = "green" if beat.beats else "yellow"
        console.print(f"[{colour}]{escape(beat.sentence)}[/{colour}]", highlight=False)
    tables = [table_of_rules(findings, currency), table_of_ranking(findings)]
    if findings.changes is not None:
        tables.append(table_of_changes(findings, currency))
    for table in (*tables, table_of_rows(findings)):
        console.print()
        console.print(table)
    console.print()
    for note in (*_not_applicable(findings), *(one.sentence for one in findings.reliability[:1]), *findings.notes):
        console.print(f"[dim]{escape(note)}[/dim]", highlight=False)


def _not_applicable(findings: Findings) -> list[str]:
    """Say of each rule that had nothing to work on, once, why."""
    return [f"{one.name} is not applicable: {one.not_applicable}." for one in findings.main.rules if one.not_applicable]


def table_of_rules(findings: Findings, currency: str = "") -> Table:
    """What each rule catches and all together, beside the other ways of alerting."""
    from rich.markup import escape

    table = tight_table(
        "What the alerts are worth (95 % intervals)",
        "alerts of",
        "a day",
        "precision",
        "recall",
        f"{currency or 'money'} caught",
        "share of it",
    )
    main = findings.main
    for one in (*main.rules, main.together):
        if one.not_applicable:
            table.add_row(f"  {escape(one.name)}\n  not applicable", style="dim")
            continue
        _row(table, one, main.name if one.name == TOGETHER else f"  {one.name}", "bold" * (one is main.together))
    for other in findings.judged[1:]:
        _row(table, other.together, other.name, "")
    return table


def _row(table: Table, one: Caught, name: str, style: str) -> None:
    table.add_row(
        name,
        stacked(count(one.alerts_a_day, 1)),
        stacked(share(one.precision)),
        stacked(share(one.recall)),
        money(one.caught_minor.value),
        stacked(share(one.value_recall)),
        style=style,
    )


def table_of_ranking(findings: Findings) -> Table:
    """How well each score ranks, and the differences with their paired intervals."""
    table = tight_table(
        "How well it ranks (95 % intervals, differences paired)",
        "score",
        "average precision",
        "difference",
        "precision at 100 a day",
    )
    less = {one.minus: one.average_precision for one in findings.differences}
    for one in findings.judged:
        gain = less.get(one.name)
        table.add_row(
            one.name,
            stacked(score(one.average_precision)),
            "" if gain is None else stacked(score(gain, sign="+")),
            stacked(share(one.precision_at_100_a_day)),
        )
    return table


def table_of_changes(findings: Findings, currency: str = "") -> Table:
    """Alerts that only one of two rule sets raises."""
    changes = findings.changes
    if changes is None:
        raise ValueError("there is no rule set to compare with")
    table = tight_table(
        f"{changes.name} against {changes.against}",
        "",
        "alerts",
        "fraud",
        "precision",
        "money of fraud",
        "labels to come",
    )
    for name, group in alert_groups(findings):
        table.add_row(
            name,
            f"{group.alerts:,}",
            f"{group.frauds:,}",
            stacked(share(group.precision)),
            money(group.fraud_minor, currency),
            f"{group.waiting:,}",
        )
    return table


def alert_groups(findings: Findings) -> tuple[tuple[str, Alerts], ...]:
    """Return gained, lost and common alerts with their names."""
    changes = findings.changes
    if changes is None:
        return ()
    return (("gained", changes.gained), ("lost", changes.lost), ("both raise", changes.both))


def table_of_rows(findings: Findings) -> Table:
    """What was read, and what of it judged."""
    from rich.markup import escape

    table = tight_table("Rows", "", "rows")
    for name, rows in rows_of(findings):
        table.add_row(escape(name), f"{rows:,}")
    return table


def rows_of(findings: Findings) -> tuple[tuple[str, int], ...]:
    """Return what became of the rows, from reading to judging."""
    coverage = findings.coverage
    return (
        (f"read from {findings.source.name}", findings.source.rows),
        *((f"set aside: {reason}", rows) for reason, rows in sorted(findings.set_aside.items())),
        ("before the period, history only", coverage.history),
        ("in the period", coverage.purchases),
        ("judged, labels mature", coverage.judged),
        ("of them fraud", coverage.frauds),
        ("labels still to come", coverage.waiting),
    )
