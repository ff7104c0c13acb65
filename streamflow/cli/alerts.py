"""`streamflow alerts`: what the rules alerted on, what an analyst says of it, and how good the rules have been."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from streamflow.statistics.intervals import Share
    from streamflow.warehouse.rule_quality import Quality
    from streamflow.warehouse.verdicts import Aside, Prepared, Wish

app = typer.Typer(no_args_is_help=True, help="List and label alerts, and see how good the rules have been.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Since = Annotated[str | None, typer.Option(help="From when on: 28d, 12h or 2026-03-01T00:00:00Z.")]
RuleName = Annotated[str | None, typer.Option("--rule", help="Only alerts in which this rule weighed.")]
SHOWN_ASIDE = 20


class Step(StrEnum):
    """How long a period of `quality` is."""

    ALL = "all"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, indent=2))


def _rule(name: str | None, *more: str) -> str | None:
    from streamflow.contracts.rule_sets import RULES
    from streamflow.errors import InputError, nearest

    if name is not None and name not in (valid := [*RULES, *more]):
        raise InputError(f"There is no rule '{name}'; {nearest(name, valid)}")
    return name


@app.command("list")
def list_alerts(
    *,
    since: Since = None,
    rule: RuleName = None,
    unlabelled: Annotated[bool, typer.Option("--unlabelled", help="Only those of which nobody said anything.")] = False,
    held_back: Annotated[
        bool, typer.Option("--held-back", help="Those that the safety valve holds back from delivery instead.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most alerts to show.")] = 50,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show purchases and customers, who are masked else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the standing alerts, the newest first.

    Example: streamflow alerts list --since 7d --unlabelled
    """
    from rich.console import Console
    from rich.table import Table

    from streamflow.contracts.site.masking import MASK
    from streamflow.settings import settings
    from streamflow.warehouse import alerts

    begin = None if since is None else alerts.since(since, alerts.now_of(settings()))
    found = alerts.list_alerts(
        settings(), begin=begin, rule=_rule(rule), unlabelled=unlabelled, held_back=held_back, limit=limit
    )
    if as_json:
        _print_json([one.as_dict() | ({} if reveal else {"customer_id": MASK}) for one in found])
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("alert", "when (UTC)", *(("purchase", "customer") if reveal else ())):
        table.add_column(heading, no_wrap=True)
    for heading in ("amount", "score"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("rules", "came", "label"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(
            one.alert_id,
            f"{one.event_timestamp:%Y-%m-%d %H:%M}",
            *((one.transaction_id, one.customer_id) if reveal else ()),
            "" if one.amount is None else f"{one.amount:,.2f}",
            f"{one.score:.3f}",
            ", ".join(one.rules),
            "late" if one.late else "",
            "" if one.label is None else f"{one.label} ({one.source})",
        )
    console = Console()
    console.print(table)
    console.print(f"{len(found)} alerts{'; more may be older, see --limit' if len(found) == limit else ''}.")
    if not held_back and alerts.list_alerts(settings(), begin=begin, held_back=True, limit=1):
        console.print("The safety valve holds back others, which --held-back lists; 'streamflow rules list' says why.")


@app.command()
def show(alert_id: Annotated[str, typer.Argument(help="As 'alerts list' shows it.")], as_json: AsJson = False) -> None:
    """Show one alert: the lines that add up to its score, and all that was said of its purchase.

    Example: streamflow alerts show 6ba7b810-9dad-51d1-80b4-00c04fd430c8
    """
    from rich.console import Console
    from rich.markup import escape

    from streamflow.settings import settings
    from streamflow.warehouse import alerts

    alert = alerts.show_alert(settings(), alert_id)
    if as_json:
        _print_json(alert)
        return
    amount = "unknown amount" if alert["amount"] is None else f"{alert['amount']:,.2f} {alert['currency']}"
    how = "late, judged by the batch" if alert["late"] else f"revision {alert['revision']}, {alert['status']}"
    console = Console(highlight=False)
    console.print(
        f"[bold]{escape(alert['transaction_id'])}[/bold] of customer {escape(alert['customer_id'])}: {amount}, "
        f"{alert['event_timestamp']}, score {alert['score']:g} by rule set {alert['rule_set']} "
        f"({escape(alert['calibration_id'] or 'no calibration')}), {how}"
    )
    for line in alert["lines"]:
        console.print(f"  {line['weight_ulo'] / 1_000_000:+7.3f}  {line['rule']:<12}  {escape(line['sentence'])}")
    for one in alert["statements"]:
        by = f" by {escape(one['analyst'])}" if one["analyst"] else ""
        note = f": {escape(one['note'])}" if one["note"] else ""
        console.print(f"  {one['known_at']}  {one['label']} ({one['source']}{by}){note}")
    console.print(f"Label: {alert['label'] or 'none yet'}.")


@app.command()
def label(
    alert_id: Annotated[str, typer.Argument(help="The alert; left out with --csv.")] = "",
    verdict: Annotated[str, typer.Argument(help="fraud or legitimate.")] = "",
    *,
    note: Annotated[str | None, typer.Option(help="Why, in a few words.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--csv", help="Many at once: alert_id, or customer_id and transaction_id; verdict; note."),
    ] = None,
    analyst: Annotated[str, typer.Option(help="Who says so; the operating system's user if not given.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Send what is right though lines of the file are not.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Repeat a verdict that you gave before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether an alert, or any purchase, is fraud; the verdict travels as an event like a chargeback.

    Running it twice sends nothing twice. Example: streamflow alerts label --csv reviewed.csv --analyst ada
    """
    import getpass

    from streamflow.settings import settings
    from streamflow.warehouse.alerts import now_of
    from streamflow.warehouse.verdicts import prepare

    wishes, aside = _wishes(alert_id, verdict, note, file)
    who = analyst or getpass.getuser()
    prepared = prepare(settings(), wishes, who, now_of(settings()), again=again)
    prepared.aside = sorted([*aside, *prepared.aside], key=lambda one: one.line)
    _ask(prepared, file, yes=yes, quiet=as_json)
    sent = _send(prepared)
    outcome = {"sent": sent, "said_before": len(prepared.repeats), "set_aside": [vars(one) for one in prepared.aside]}
    if as_json:
        _print_json(outcome)
        return
    typer.echo(
        f"{sent:,} verdicts sent, {len(prepared.repeats):,} said before, {len(prepared.aside):,} lines set aside. "
        "They count from the next load of silver and gold on ('streamflow warehouse transform all')."
    )


def _wishes(alert_id: str, verdict: str, note: str | None, file: Path | None) -> tuple[list[Wish], list[Aside]]:
    from streamflow.errors import InputError, nearest
    from streamflow.warehouse.verdict_files import read_verdicts
    from streamflow.warehouse.verdicts import LABELS, Wish

    if file is not None:
        if alert_id or verdict or note:
            raise InputError("With --csv the file says alert, verdict and note; leave them out of the command.")
        return read_verdicts(file)
    if not alert_id:
        raise InputError("Say which alert and what it is, as 'streamflow alerts label ID fraud', or give --csv FILE.")
    if verdict not in LABELS:
        raise InputError(f"'{verdict}' is no verdict; {nearest(verdict, LABELS)}")
    return [Wish(0, verdict, note, alert_id=alert_id)], []


def _ask(prepared: Prepared, file: Path | None, *, yes: bool, quiet: bool) -> None:
    """Have a person decide where lines are set aside; nothing is sent before.

    Raises:
        InputError: A single verdict cannot be sent, or nobody can be asked.
    """
    import sys

    from streamflow.errors import InputError

    if file is None:
        for one in prepared.aside:
            raise InputError(f"The verdict was not sent: {one.reason}; 'streamflow alerts list' shows what is there.")
        for one in prepared.repeats:
            raise InputError(f"The verdict was not sent: {one.reason}; say --again if it shall stand anew.")
        return
    if not prepared.aside:
        return
    for one in prepared.aside[:SHOWN_ASIDE]:
        typer.echo(f"{file.name}, line {one.line}: {one.reason}", err=True)
    if len(prepared.aside) > SHOWN_ASIDE:
        typer.echo(f"and {len(prepared.aside) - SHOWN_ASIDE} more", err=True)
    if yes:
        return
    question = f"{len(prepared.aside)} lines are set aside. Send the other {len(prepared.records)} verdicts?"
    if quiet or not sys.stdin.isatty() or not typer.confirm(question):
        raise InputError(
            f"Nothing was sent, since {len(prepared.aside)} lines of {file.name} are set aside; mend them, or say "
            f"--yes to send the other {len(prepared.records)}."
        )


def _send(prepared: Prepared) -> int:
    from streamflow.contracts import Catalogue
    from streamflow.contracts.names import EVENTS_RAW
    from streamflow.generator.producer import ensure_topics, produce
    from streamflow.settings import settings
    from streamflow.warehouse.verdicts import emissions

    if not prepared.records:
        return 0
    ensure_topics(settings(), Catalogue.load(settings().contracts_dir))
    return produce(settings(), emissions(prepared.records)).counts.get(EVENTS_RAW, 0)


@app.command()
def quality(
    *,
    since: Since = None,
    rule: Annotated[str | None, typer.Option(help="Only this rule, or 'any' for all together.")] = None,
    rule_set: Annotated[str | None, typer.Option(help="Only this rule set, as 1.1.0.")] = None,
    delay: Annotated[int, typer.Option(help="Labels known within so many days of the purchase: 1, 3, 7, 14, 30.")] = 14,
    by: Annotated[Step, typer.Option(help="Length of a period.")] = Step.ALL,
    as_json: AsJson = False,
) -> None:
    """Show precision and recall of the rules, with 95 % intervals, by the labels known after some days.

    Only days count whose labels of that delay are all known. Example: streamflow alerts quality --by week --rule any
    """
    from rich.console import Console

    from streamflow.contracts.label_delays import LABEL_DELAYS_DAYS
    from streamflow.errors import InputError, nearest
    from streamflow.settings import settings
    from streamflow.warehouse import alerts, rule_quality

    if delay not in LABEL_DELAYS_DAYS:
        raise InputError(f"There is no delay of {delay} days; {nearest('', map(str, LABEL_DELAYS_DAYS))}")
    now = alerts.now_of(settings())
    begin = None if since is None else alerts.since(since, now)
    chosen = {"rule": _rule(rule, "any"), "rule_set": rule_set, "delay_days": delay, "by": _period(by)}
    found = rule_quality.quality(settings(), now, begin=begin, **chosen)
    if as_json:
        _print_json([one.as_dict() for one in found])
        return
    console = Console()
    console.print(_quality_table(found))
    if found:
        first, last = min(one.first_day for one in found), max(one.last_day for one in found)
        console.print(f"Purchases from {first} to {last}, labels known within {delay} days; intervals are 95 %.")
    if not found:
        console.print(f"No day has all its labels of {delay} days yet; a shorter --delay may.")


def _period(step: Step) -> Any:
    """Return what maps a day, as 20260301, to the first day of its period; None for one period."""
    from datetime import datetime, timedelta

    def first(day: int) -> int:
        date = datetime.strptime(str(day), "%Y%m%d").date()  # noqa: DTZ007 - a day of UTC, no moment
        if step is Step.WEEK:
            date -= timedelta(days=date.weekday())
        return int(f"{date.replace(day=1) if step is Step.MONTH else date:%Y%m%d}")

    return None if step is Step.ALL else first


def _quality_table(found: Iterable[Quality]) -> Table:
    """Return two lines a rule, so that figures and what they are of fit a terminal of 80 columns."""
    from streamflow.pages.terminal import tight_table

    heads = ("rule set\nfrom", "rule", "alerts\nlabelled", "caught\nof known", "money caught\nof known")
    table = tight_table("", *heads, "precision %", "recall %", left=2)
    for one in found:
        table.add_row(*_row(one))
    return table


def _row(one: Quality) -> list[str]:
    return [
        f"{one.rule_set}\n[dim]{one.first_day}[/dim]",
        one.rule,
        f"{one.alerts:,}\n[dim]{one.alerts_labelled:,}[/dim]",
        f"{one.frauds_caught:,}\n[dim]{one.frauds_known:,}[/dim]",
        f"{one.amount_caught:,.0f}\n[dim]{one.amount_known:,.0f}[/dim]",
        _told(one.precision),
        _told(one.recall),
    ]


def _told(share: Share) -> str:
    """Write a share and, below it, its interval, both in percent."""
    if share.value is None:
        return "-"
    return f"{share.value * 100:.1f}\n[dim]{share.low * 100:.1f} to {share.high * 100:.1f}[/dim]"
