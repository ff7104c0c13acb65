"""`streamflow rules promote`, `rollback` and `retire`: change what is in force, without a deploy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from streamflow.cli.rules.topic import AsJson, Wait

if TYPE_CHECKING:
    from streamflow.cli.rules.topic import Topic
    from streamflow.contracts.rule_sets import RuleSet
    from streamflow.rules.promotion import Ahead, Grounds

From = Annotated[
    str | None,
    typer.Option(help="Event time from which it counts, as 2026-03-01T00:00:00Z; else ahead of the newest purchase."),
]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]


def promote(
    version: Annotated[str, typer.Argument(help="The candidate, usually a shadow, as 1.1.0.")],
    effective_from: From = None,
    force: Annotated[
        str | None, typer.Option(metavar="REASON", help="Pass over the gate; the reason is recorded.")
    ] = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Make a rule set live, on the evidence of a backtest against the one in force.

    It counts a margin ahead of the newest purchase. Evidence comes from
    `streamflow backtest table --rules V --against W`. The first rule set ever has nothing to be compared with and
    counts from the beginning.

    Example: streamflow rules promote 1.1.0
    """
    from streamflow.cli.rules.delivery import deliver
    from streamflow.cli.rules.topic import event_time, open_topic
    from streamflow.contracts.rule_sets import load_rule_set
    from streamflow.rules.promotion import live_before, promotion_record
    from streamflow.settings import settings

    rule_set = load_rule_set(version, settings().contracts_dir)
    asked_us = event_time(effective_from, "--effective-from")
    grounds = _grounds(force, forced=force is not None)
    topic = open_topic()
    live = live_before(topic.book)
    if live is not None and live.version == version:
        typer.echo(f"Rule set {version} is live already.")
        return
    if force is None:
        grounds = _with_evidence(grounds, rule_set, live)
    record = promotion_record(topic.book, rule_set, topic.horizons, _ahead(topic, asked_us), grounds)
    if record is None:
        typer.echo(f"Rule set {version} is live already.")
        return
    before = "" if live is None else f" in place of {live.version}"
    sentence = f"Rule set {version} is live from {record['effective_from']}{before}"
    deliver(topic, record, sentence, wait=wait, as_json=as_json)


def rollback(
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="A version that was live before; the last one if not given.")] = None,
    effective_from: From = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Put the rule set before the present one back in force; no gate is asked.

    A promotion that still lies ahead is withdrawn, as if it had never been said.

    Example: streamflow rules rollback --reason "three times the alerts"
    """
    from streamflow.cli.rules.delivery import deliver
    from streamflow.cli.rules.topic import event_time, open_topic
    from streamflow.rules.promotion import rollback_record

    asked_us = event_time(effective_from, "--effective-from")
    grounds = _grounds(reason)
    topic = open_topic()
    record = rollback_record(topic.book, to, _ahead(topic, asked_us), grounds)
    if record["promotion"]["action"] == "withdraw":
        sentence = (
            f"Rule set {record['version']} does not become live at {record['effective_from']}; "
            f"{record['promotion']['replaces']} goes on"
        )
    else:
        sentence = f"Rule set {record['version']} is live again from {record['effective_from']}"
    deliver(topic, record, sentence, wait=wait, as_json=as_json)


def retire(
    version: Annotated[str, typer.Argument(help="A shadow, as 1.1.0.")],
    reason: Reason,
    effective_from: From = None,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """End a shadow.

    Example: streamflow rules retire 1.1.0 --reason "no better than 1.0.0"
    """
    from streamflow.cli.rules.delivery import deliver
    from streamflow.cli.rules.topic import event_time, open_topic
    from streamflow.rules.promotion import retirement_record

    asked_us = event_time(effective_from, "--effective-from")
    grounds = _grounds(reason)
    topic = open_topic()
    record = retirement_record(topic.book, version, _ahead(topic, asked_us), grounds)
    sentence = f"Rule set {version} is a shadow no more from {record['until']}"
    deliver(topic, record, sentence, wait=wait, as_json=as_json)


def _grounds(reason: str | None, *, forced: bool = False) -> Grounds:
    """Return who asks, now, and why."""
    import getpass

    from streamflow.errors import InputError
    from streamflow.rules.promotion import Grounds

    if reason is not None and not reason.strip():
        raise InputError("The reason is empty; say in a few words why, since it is recorded.")
    return Grounds(getpass.getuser(), time.time_ns() // 1000, reason, forced)


def _with_evidence(grounds: Grounds, candidate: RuleSet, live: RuleSet | None) -> Grounds:
    """Return the grounds with the evidence of the gate.

    Raises:
        InputError: There is none for exactly these rule sets, or it did not pass.
    """
    from dataclasses import replace

    import msgspec

    from streamflow.backtest.evidence import require_evidence
    from streamflow.settings import settings

    return replace(grounds, evidence=msgspec.to_builtins(require_evidence(settings(), candidate, live)))


def _ahead(topic: Topic, asked_us: int | None) -> Ahead:
    from streamflow.rules.promotion import Ahead
    from streamflow.settings import settings

    return Ahead(topic.reached_us(), settings().change.margin_s * 1_000_000, asked_us)
