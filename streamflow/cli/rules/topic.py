"""What the commands of `streamflow rules` share: the fraud-rules topic as it stands, and sending a change to it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamflow.contracts import Validator
    from streamflow.contracts.rule_sets import Horizons
    from streamflow.replay.rule_topic import RuleLog
    from streamflow.rules.book import RuleBook

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until every subtask of the detector has it.")]


@dataclass(frozen=True)
class Topic:
    """The fraud-rules topic as it stood when it was read.

    Attributes:
        servers: The broker.
        validator: What judges a record before it is sent, as every job judges it afterwards.
        horizons: How far the detector's state reaches.
        log: What it holds.
    """

    servers: str
    validator: Validator
    horizons: Horizons
    log: RuleLog

    @property
    def book(self) -> RuleBook:
        """What is in force when."""
        return self.log.book

    def reached_us(self) -> int | None:
        """Return an event time that no purchase in the log has reached; None while there are no purchases."""
        from streamflow.contracts import Catalogue
        from streamflow.contracts.names import TRANSACTIONS_RAW
        from streamflow.replay.rule_topic import newest_event_bound_us
        from streamflow.settings import settings

        topic = Catalogue.load(settings().contracts_dir).topic(TRANSACTIONS_RAW).topic
        window = None if topic is None else topic.event_time_window
        return newest_event_bound_us(self.servers, 0 if window is None else window.after_s)

    def check(self, record: Mapping[str, Any]) -> None:
        """Refuse a record that a job would refuse.

        Raises:
            InputError: It breaks its contract, or the book or the horizons refuse it.
        """
        import msgspec

        from streamflow.contracts.names import FRAUD_RULES
        from streamflow.errors import InputError
        from streamflow.replay.rule_topic import record_key
        from streamflow.rules.admission import admit

        body = msgspec.json.encode(record)
        verdict = self.validator(FRAUD_RULES, record_key(record).encode(), body, time.time_ns() // 1_000_000)
        if verdict.reason is not None or verdict.record is None:
            raise InputError(f"The record for {record_key(record)} breaks its contract: {verdict.detail}")
        admit(self.book, verdict.record, self.horizons)


def open_topic() -> Topic:
    """Read the fraud-rules topic; topics that are missing are created.

    Raises:
        EnvironmentNotReady: The broker does not answer.
    """
    from streamflow.contracts import Catalogue, build_validator
    from streamflow.contracts.rule_sets import load_horizons
    from streamflow.generator.producer import ensure_topics
    from streamflow.replay.rule_topic import read_rule_log
    from streamflow.settings import settings

    servers = settings().kafka.require()
    catalogue = Catalogue.load(settings().contracts_dir)
    ensure_topics(settings(), catalogue)
    validator = build_validator(catalogue, settings().base_currency)
    horizons = load_horizons(settings().contracts_dir)
    return Topic(servers, validator, horizons, read_rule_log(servers, validator, horizons))


def event_time(text: str | None, option: str) -> int | None:
    """Return the epoch microseconds of an option's RFC 3339 text."""
    from streamflow.rules.book import parse_time

    return None if text is None else parse_time(text, option)


def print_json(value: Any) -> None:
    """Print sorted JSON."""
    import json

    typer.echo(json.dumps(value, indent=2, sort_keys=True))


def table(title: str, *columns: str) -> Any:
    """Return an empty table."""
    from rich.table import Table

    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column)
    return made
