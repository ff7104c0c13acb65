"""Seconds from a change of the rules to the moment at which every subtask of the running detector has it."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamflow.bench.measures import Measure, Section
from streamflow.errors import StreamFlowError
from streamflow.jobs.acknowledgement import wait_for
from streamflow.jobs.plan import FRAUD_DETECTOR
from streamflow.jobs.progress import wait_drained
from streamflow.jobs.submission import FlinkClient, cancel, submit
from streamflow.replay.rule_topic import publish_records
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import RuleBook
from streamflow.rules.publication import BEGINNING_US, entry_record
from streamflow.settings import Settings

CHANGES = 10
DEADLINE_S = 600.0
SUBTASKS = 2
METHOD = (
    f"A detector of {SUBTASKS} subtasks; {CHANGES} changes of the rules, one after the other, as `streamflow rules` "
    "sends them: from before the record is sent until the job manager's metrics say that each subtask has judged it. "
    "First while the detector reads the whole log, then once it waits for purchases. What kind of change it is makes "
    "no difference to its way: here each lists a merchant from whom nobody buys."
)


def promotion(settings: Settings, client: FlinkClient, say: Callable[[str], None]) -> Section:
    """Measure changes of the rules.

    Args:
        settings: Of a platform whose log holds purchases, and rules.
        client: The `flink` command.
        say: Told what is being done.

    Raises:
        StreamFlowError: A change does not arrive.
    """
    twofold = settings.model_copy(update={"flink": settings.flink.model_copy(update={"parallelism": SUBTASKS})})
    submit(twofold, client, [FRAUD_DETECTOR], fresh=True)
    try:
        # The first question waits for the start of the job, which is no part of a change.
        _change(twofold, "start")
        found = {"while it reads the log": [_change(twofold, f"busy-{number}") for number in range(CHANGES)]}
        wait_drained(twofold, DEADLINE_S, jobs=[FRAUD_DETECTOR])
        found["while it waits"] = [_change(twofold, f"idle-{number}") for number in range(CHANGES)]
    finally:
        cancel(twofold, [FRAUD_DETECTOR])
    for name, seconds in found.items():
        say(f"change of the rules {name}: {min(seconds):.2f} to {max(seconds):.2f} s")
    measures = [
        Measure(f"change to all acknowledgements, {name}", "s", seconds, note=f"slowest {max(seconds):.2f}")
        for name, seconds in found.items()
    ]
    return Section("A change of the rules", METHOD, measures)


def _change(settings: Settings, name: str) -> float:
    """Publish one change; return the seconds until every subtask has it."""
    entry = Entry(
        entry_id=f"bench-{name}",
        merchant_id=f"nobody-{name}",
        valid_from_us=BEGINNING_US,
        valid_to_us=None,
        effective_from_us=BEGINNING_US,
        reason="benchmark",
        origin="manual",
        risk=None,
    )
    record = entry_record(RuleBook.from_records([]), entry, None)
    began = time.monotonic()
    (place,) = publish_records(settings.kafka.require(), [record])
    told = wait_for(settings, place[1], DEADLINE_S)
    if len(told.positions) != SUBTASKS:
        raise StreamFlowError(f"A change was judged by {len(told.positions)} subtasks, not by {SUBTASKS}.")
    return time.monotonic() - began
