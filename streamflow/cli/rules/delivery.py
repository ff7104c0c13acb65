"""Sending one change to the fraud-rules topic, and seeing it arrive in every subtask of the running detector."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamflow.cli.rules.topic import Topic
    from streamflow.jobs.acknowledgement import Subtasks

ALREADY_REACHED = (
    "Purchases may have come as far as its event time before every subtask had it: run 'streamflow verify', which "
    "names any that was decided otherwise, and raise STREAMFLOW_CHANGE__MARGIN_S."
)


def deliver(topic: Topic, record: Mapping[str, Any], sentence: str, *, wait: bool, as_json: bool) -> None:
    """Check a record, publish it, and wait for the subtasks.

    Args:
        topic: The topic as it stands.
        record: The payload.
        sentence: What it says, for a person.
        wait: Whether to wait.
        as_json: Print JSON instead.

    Raises:
        InputError: A job would refuse the record.
        StreamFlowError: Some subtask has not judged it in time, or refused it.
        EnvironmentNotReady: The broker or Flink do not answer.
    """
    from streamflow.cli.rules.topic import print_json
    from streamflow.replay.rule_topic import publish_records

    topic.check(record)
    started = time.monotonic()
    ((partition, offset),) = publish_records(topic.servers, [record])
    said = f"{sentence} (partition {partition}, offset {offset})."
    if not as_json:
        typer.echo(said)
    told = _await(offset, show=not as_json) if wait else None
    seconds = round(time.monotonic() - started, 3)
    heard = told is not None and told.job_id is not None
    in_time = _ahead(topic, record) if heard else None
    if as_json:
        plain = {name: value for name, value in record.items() if name not in ("rule_set", "previous")}
        print_json(
            {
                "record": plain,
                "sentence": said,
                "partition": partition,
                "offset": offset,
                "job_id": told.job_id if told else None,
                "acknowledged": told.have(offset) if heard and told else None,
                "subtasks": told.expected if heard and told else None,
                "seconds": seconds if heard else None,
                "in_time": in_time,
            }
        )
    elif told is not None:
        typer.echo(_told(told, offset, seconds))
    if in_time is False:
        typer.echo(ALREADY_REACHED, err=True)
    _refused(told, offset)


def _await(offset: int, *, show: bool) -> Subtasks:
    from rich.console import Console

    from streamflow.jobs.acknowledgement import ask, wait_for
    from streamflow.settings import settings

    if not show:
        return wait_for(settings(), offset, settings().change.wait_s)
    with Console(stderr=True).status("waiting for the subtasks") as status:
        first = ask(settings())
        if first.job_id is None:
            return first
        return wait_for(
            settings(), offset, settings().change.wait_s, lambda told: status.update(f"waiting: {told.said(offset)}")
        )


def _told(told: Subtasks, offset: int, seconds: float) -> str:
    if told.job_id is None:
        return "No detector is running; the next one starts with it."
    return f"{told.said(offset)}, after {seconds:.2f} s."


def _ahead(topic: Topic, record: Mapping[str, Any]) -> bool:
    """Tell whether no purchase had reached the change's event time when every subtask had it."""
    from streamflow.rules.book import parse_time
    from streamflow.rules.publication import BEGINNING_US

    counts_us = parse_time(record.get("until") or record.get("valid_to") or record["effective_from"], "its event time")
    reached_us = topic.reached_us()
    return reached_us is None or counts_us == BEGINNING_US or reached_us <= counts_us


def _refused(told: Subtasks | None, offset: int) -> None:
    from streamflow.errors import StreamFlowError

    numbers = [number for number, end in enumerate(told.refused if told else ()) if end == offset + 1]
    if numbers:
        raise StreamFlowError(
            f"Subtask {', '.join(map(str, numbers))} refused the record at offset {offset}, so what was in force "
            f"stays; 'streamflow rules list' says why."
        )
