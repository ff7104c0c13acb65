"""`streamflow rules publish`: the first live rule set, and shadows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from streamflow.cli.rules.topic import AsJson, Wait

if TYPE_CHECKING:
    from streamflow.rules.model import Role


def publish(
    version: Annotated[str, typer.Argument(help="A version on file, as 1.0.0.")],
    effective_from: Annotated[
        str | None,
        typer.Option(
            help="Event time from which it counts, as 2026-03-01T00:00:00Z; else the first live one starts at 1970, "
            "a shadow ahead of the newest purchase."
        ),
    ] = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Let it decide beside the live one, without alerts.")
    ] = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Put the first live rule set, or a shadow, on the fraud-rules topic; running jobs take it over.

    Saying the same again changes nothing. Another live one needs `streamflow rules promote`.

    Example: streamflow rules publish 1.1.0 --shadow
    """
    from streamflow.cli.rules.delivery import deliver
    from streamflow.cli.rules.topic import event_time, open_topic
    from streamflow.contracts.rule_sets import load_horizons, load_rule_set
    from streamflow.errors import InputError
    from streamflow.rules.promotion import Ahead
    from streamflow.rules.publication import live_roles, newest_role, rule_set_record
    from streamflow.settings import settings

    rule_set = load_rule_set(version, settings().contracts_dir)
    horizons = load_horizons(settings().contracts_dir)
    from_us = event_time(effective_from, "--effective-from")
    topic = open_topic()
    role: Role = "shadow" if shadow else "live"
    known = newest_role(topic.book, version)
    lives = live_roles(topic.book)
    if not shadow and lives and (known is None or known.role != "live"):
        raise InputError(
            f"Rule set {lives[-1].version} is live: 'streamflow rules promote {version}' puts {version} in its place, "
            f"'streamflow rules publish {version} --shadow' lets it run beside."
        )
    reached_us = topic.reached_us()
    if from_us is None and shadow and (known is None or known.role != "shadow"):
        from_us = Ahead(reached_us, settings().change.margin_s * 1_000_000).moment(f"Rule set {version}", None)
    record = rule_set_record(
        topic.book, rule_set, horizons, role=role, effective_from_us=from_us, reached_us=reached_us
    )
    if record is None:
        typer.echo(f"Rule set {version} is {role} already.")
        return
    sentence = f"Rule set {version} is {role} from {record['effective_from']}"
    deliver(topic, record, sentence, wait=wait, as_json=as_json)
