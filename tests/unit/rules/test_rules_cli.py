"""`streamflow rules` without a broker: what is on file, and one sentence for each mistake."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from streamflow.contracts.rule_sets import load_rule_set
from tests.commands import in_process


def streamflow(home: Path, *arguments: str) -> CompletedProcess[str]:
    """Run the command with an empty state directory, hence without servers."""
    return in_process(*arguments, STREAMFLOW_HOME=str(home))


def test_list_names_every_version_on_file(tmp_path: Path) -> None:
    """Without a broker it says that nobody knows what is published."""
    done = streamflow(tmp_path, "rules", "list", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["refused"], told["detector"], len(told["rule_sets"]) >= 2) == (None, None, True)
    row = next(row for row in told["rule_sets"] if row["version"] == "1.0.0")
    assert row == {
        "version": "1.0.0",
        "on_file": True,
        "calibration": None,
        "sha256": load_rule_set("1.0.0").sha256,
        "roles": None,
        "offset": None,
        "acknowledged": None,
        "subtasks": None,
    }
    assert "unknown: no Kafka to ask" in streamflow(tmp_path, "rules", "list").stdout


def test_show_prints_every_band_with_its_weight(tmp_path: Path) -> None:
    """As a table for a person, as JSON for a machine."""
    text = streamflow(tmp_path, "rules", "show", "1.0.0").stdout
    assert all(rule in text for rule in ("high_value", "velocity", "geographic", "time_anomaly", "blacklist"))
    assert "Base score 0.01, alert from score 0.5 (not calibrated)" in text
    plain = json.loads(streamflow(tmp_path, "rules", "show", "1.0.0", "--json").stdout)
    assert plain == load_rule_set("1.0.0").payload()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("show", "1.0.1"), 2, "error: There is no rule set 1.0.1; did you mean '1.0.0'?"),
        (("publish", "2.0"), 2, "error: There is no rule set 2.0;"),
        (("publish", "1.0.0"), 3, "error: No Kafka to talk to: run 'streamflow up'"),
        (("publish", "1.0.0", "--effective-from", "noon"), 2, "error: --effective-from must be a time with zone"),
        (("promote", "1.0.1"), 2, "error: There is no rule set 1.0.1; did you mean '1.0.0'?"),
        (("promote", "1.0.0"), 3, "error: No Kafka to talk to: run 'streamflow up'"),
        (("promote", "1.0.0", "--force", " "), 2, "error: The reason is empty"),
        (("promote", "1.0.0", "--effective-from", "noon"), 2, "error: --effective-from must be a time with zone"),
        (("rollback", "--reason", "x"), 3, "error: No Kafka to talk to"),
        (("rollback", "--reason", ""), 2, "error: The reason is empty"),
        (("retire", "1.0.0", "--reason", "x"), 3, "error: No Kafka to talk to"),
        (("blacklist", "list"), 3, "error: No Kafka to talk to"),
        (("blacklist", "add", "m-1", "--reason", "x"), 3, "error: No Kafka to talk to"),
        (("blacklist", "close", "e-1"), 3, "error: No Kafka to talk to"),
    ],
)
def test_a_mistake_is_one_sentence_and_no_stack_trace(
    tmp_path: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """What is wrong comes before what is missing."""
    done = streamflow(tmp_path, "rules", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["list", "show", "publish", "promote", "rollback", "retire", "compare"])
def test_every_command_shows_an_example(tmp_path: Path, command: str) -> None:
    """In its help."""
    assert f"Example: streamflow rules {command}" in " ".join(
        streamflow(tmp_path, "rules", command, "--help").stdout.split()
    )


def test_a_rollback_without_a_reason_is_wrong_usage(tmp_path: Path) -> None:
    """Since it passes the gate, somebody must say why."""
    done = streamflow(tmp_path, "rules", "rollback")
    assert done.returncode == 2
    assert "--reason" in done.stderr
