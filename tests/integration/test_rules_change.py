"""The rules change under a running detector: seen by every subtask, without a restart, and as a replay decides.

One detector with two subtasks runs through the whole story; each test looks at one part of it::

    event time   0       10 min        shadow        promoted      withdrawn     rolled back   listed
    live         1.0.0   1.0.0         1.0.0         1.1.0         1.1.0         1.0.0         1.0.0
    shadow                             1.1.0
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamflow.backtest.evidence import Evidence, Gate, allowed, new_evidence, save, subject
from streamflow.cli.jobs import client
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import FRAUD_ALERTS, FRAUD_DECISIONS, FRAUD_RULES, TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.jobs.acknowledgement import wait_for
from streamflow.jobs.cluster import Cluster
from streamflow.jobs.plan import FRAUD_DETECTOR
from streamflow.jobs.submission import cancel, submit
from streamflow.replay.engine import LogRecord, replay
from streamflow.replay.rule_topic import publish_records, read_rule_log
from streamflow.rules.engine import Engine
from streamflow.rules.model import canonical_decision_bytes
from streamflow.settings import Settings, load_settings
from streamflow.stack.platform import Platform
from tests.rules_shop import Shop

SUBTASKS = 2
DEADLINE_S = 120.0
MERCHANT = "merchant-of-everybody"
LISTED = 12
"""Customers of that merchant; three purchases each, so that no other rule has anything to say."""
ENVIRONMENT = {
    "STREAMFLOW_FLINK__PARALLELISM": str(SUBTASKS),
    "STREAMFLOW_FLINK__TASKMANAGERS": str(SUBTASKS),
    "STREAMFLOW_FLINK__CHECKPOINT_INTERVAL_MS": "500",
    "STREAMFLOW_VALVE__SHARE": "0.7",
    "STREAMFLOW_VALVE__PURCHASES": "20",
}


@pytest.fixture(scope="module")
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Run Kafka and Flink in a folder of this module's own: here the first rule set of all is published."""
    home = Path(os.environ["STREAMFLOW_HOME"]) / "rules-change"
    flink = {"parallelism": SUBTASKS, "taskmanagers": SUBTASKS, "checkpoint_interval_ms": 500}
    running = Platform(load_settings(home=home, flink=flink, valve={"share": 0.7, "purchases": 20}))
    try:
        running.up(without={"airflow", "postgres"})
        yield running.settings
    finally:
        running.down(purge=True)


def passed(settings: Settings, candidate: str, against: str) -> Evidence:
    """Return evidence as a backtest writes it that found nothing against a candidate."""
    gate = Gate(name="alert_volume", result="passed", unit="alerts a thousand", limit=10.0, sentence="Few alerts.")
    return new_evidence(
        candidate=subject(load_rule_set(candidate, settings.contracts_dir)),
        against=subject(load_rule_set(against, settings.contracts_dir)),
        verdict="passed",
        gates=(gate,),
        allowed=allowed(settings),
        budget=None,
    )


@pytest.fixture(scope="module")
def story(own_settings: Settings) -> Iterator[Shop]:
    """Tell the whole story once."""
    shop = Shop(own_settings, environment=ENVIRONMENT)
    shop.rules("first", "publish", "1.0.0")
    shop.refuse("nothing before", "rollback", "--reason", "none")
    job_id = submit(own_settings, client(own_settings), [FRAUD_DETECTOR])[0].job_id
    wait_for(own_settings, shop.told["first"]["offset"], DEADLINE_S)
    shop.burst()
    shop.rules("shadow", "publish", "1.1.0", "--shadow")
    shop.burst()
    shop.later("shadow")
    shop.burst()
    shop.refuse("no evidence", "promote", "1.1.0")
    shop.refuse("past the gate", "publish", "1.1.0")
    shop.refuse("too late", "promote", "1.1.0", "--force", "x", "--effective-from", "2026-01-05T13:00:00Z")
    shop.rules("promote", "promote", "1.1.0", "--force", "trial in a test")
    shop.burst()
    shop.later("promote")
    shop.burst()
    shop.evidence = save(own_settings, passed(own_settings, "1.0.0", "1.1.0")).stem
    shop.rules("hasty", "promote", "1.0.0")
    shop.rules("withdraw", "rollback", "--reason", "it was a mistake")
    shop.later("hasty")
    shop.burst()
    shop.refuse("live", "retire", "1.1.0", "--reason", "none")
    shop.rules("rollback", "rollback", "--reason", "too few alerts")
    shop.later("rollback")
    shop.burst()
    for step in (("publish", "1.1.0", "--shadow"), ("retire", "1.1.0", "--reason", "end of the trial")):
        shop.read_out[step[0]] = shop.run("rules", *step).stdout
    shop.rules("listed", "blacklist", "add", MERCHANT, "--reason", "everybody buys there")
    record = {"kind": "rule_set", "schema_version": "1.1.0", "role": "live", "effective_from": "2026-06-01T00:00:00Z"}
    far = load_rule_set("1.0.0").payload() | {"version": "9.0.0"}
    far["rules"]["velocity"]["window_s"] = 90_000
    publish_records(own_settings.kafka.require(), [record | {"version": "9.0.0", "rule_set": far}])
    shop.later("listed")
    shop.burst(merchant=MERCHANT, customers=LISTED, purchases=3)
    shop.decided()
    shop.rules("list", "list")
    shop.read_out["list"] = shop.run("rules", "list").stdout
    shop.read_out["status"] = shop.run("status").stdout
    shop.told["jobs"] = {
        "before": job_id,
        "now": Cluster(own_settings).active()[FRAUD_DETECTOR].job_id,
        "restarts": Cluster(own_settings).restarts(job_id),
    }
    yield shop
    cancel(own_settings, [FRAUD_DETECTOR])


CHANGES = ("shadow", "promote", "hasty", "withdraw", "rollback", "listed")


def test_every_change_is_acknowledged_by_every_subtask(story: Shop) -> None:
    """Before a job runs there is nobody to wait for."""
    assert (story.told["first"]["job_id"], story.told["first"]["acknowledged"]) == (None, None)
    for step in CHANGES:
        told = story.told[step]
        assert (told["acknowledged"], told["subtasks"], told["in_time"]) == (SUBTASKS, SUBTASKS, True), step
    seconds = [story.told[step]["seconds"] for step in CHANGES]
    print("promotion to effect, seconds:", seconds)
    assert max(seconds) < 30


def test_the_job_was_never_restarted(story: Shop) -> None:
    """The same job id, and each task in its first attempt."""
    jobs = story.told["jobs"]
    assert (jobs["now"], jobs["restarts"]) == (jobs["before"], 0)


def test_a_change_says_who_made_it_and_why(story: Shop) -> None:
    """It travels in the record, hence lies in Kafka and in bronze."""
    said = {
        json.loads(message.value())["promotion"]["action"]: json.loads(message.value())["promotion"]
        for message in story.read(FRAUD_RULES)
        if "promotion" in json.loads(message.value())
    }
    assert set(said) == {"promote", "withdraw", "rollback", "retire"}
    assert (said["rollback"]["reason"], said["rollback"]["replaces"]) == ("too few alerts", "1.1.0")
    assert story.told["promote"]["record"]["promotion"] | {"at": "", "by": ""} == {
        "action": "promote",
        "at": "",
        "by": "",
        "evidence": None,
        "forced": True,
        "reason": "trial in a test",
        "replaces": "1.0.0",
    }


def test_evidence_is_kept_with_the_promotion_that_rests_on_it(story: Shop) -> None:
    """Whole, in the record; the gate was not passed over."""
    promotion = story.told["hasty"]["record"]["promotion"]
    assert (promotion["forced"], promotion["reason"], promotion["replaces"]) == (False, None, "1.1.0")
    assert promotion["evidence"]["id"] == story.evidence
    assert promotion["evidence"]["candidate"]["sha256"] == load_rule_set("1.0.0").sha256


def test_what_would_break_a_promise_is_refused_in_a_sentence(story: Shop) -> None:
    """Nothing was sent for any of them."""
    assert (
        "There is no evidence for rule set 1.1.0 against 1.0.0; run 'streamflow backtest"
        in story.refused["no evidence"]
    )
    assert "'streamflow rules promote 1.1.0' puts 1.1.0 in its place" in story.refused["past the gate"]
    assert "comes too late" in story.refused["too late"]
    assert "1.0.0 is the only one that was ever live" in story.refused["nothing before"]
    assert "is or was live and no shadow" in story.refused["live"]
    assert len(story.read(FRAUD_RULES)) == 1 + len(CHANGES) + 2 + 1


def test_a_record_that_the_subtasks_refuse_is_listed_with_the_reason(story: Shop) -> None:
    """It came past the command line; what was in force stays."""
    told = story.told["list"]
    (refusal,) = told["refused"]
    assert refusal["key"] == "rule_set/9.0.0"
    assert "velocity.window_s is 90000" in refusal["why"]
    assert told["detector"]["refused"] == [refusal["offset"] + 1] * SUBTASKS
    states = {row["version"]: [role["state"] for role in row["roles"]] for row in told["rule_sets"]}
    assert states["1.0.0"] == ["past", "withdrawn", "live"]
    assert states["1.1.0"] == ["past", "past", "withdrawn"]


def test_an_operator_reads_the_same_in_sentences(story: Shop) -> None:
    """What was done, who has it, who holds back what."""
    assert "Rule set 1.1.0 is shadow from 2026-" in story.read_out["publish"]
    assert "2 of 2 subtasks have it, after " in story.read_out["publish"]
    assert "Rule set 1.1.0 is a shadow no more from 2026-" in story.read_out["retire"]
    assert "Refused: rule_set/9.0.0 at offset " in story.read_out["list"]
    assert "live from 2026-" in story.read_out["list"]
    assert "2 of 2 have it" in story.read_out["list"]
    told = "The safety valve still holds back alerts of blacklist from delivery"
    assert told in story.read_out["list"]
    assert told in story.read_out["status"]


def test_stream_and_replay_agree_across_every_change(story: Shop) -> None:
    """Canonical bytes of every decision, and which alerts stand."""
    settings = story.settings
    horizons = load_horizons(settings.contracts_dir)
    validator = build_validator(Catalogue.load(settings.contracts_dir), settings.base_currency)
    log = read_rule_log(settings.kafka.require(), validator, horizons)
    records = [
        LogRecord(item.partition(), item.offset(), item.key(), item.value(), item.timestamp()[1])
        for item in story.read(TRANSACTIONS_RAW)
    ]
    replayed = replay(records, validator, Engine(log.book, horizons))
    assert replayed.scored == len(records) == (story.bursts - 1) * 32 + LISTED * 3
    streamed: dict[tuple[str, str, str], tuple[int, bytes, str]] = {}
    for message in story.read(FRAUD_DECISIONS):
        payload = json.loads(message.value())
        key = payload["customer_id"], payload["transaction_id"], payload["rule_set"]
        said = payload["revision"], canonical_decision_bytes(payload), payload["role"]
        streamed[key] = max(streamed.get(key, said), said)
    assert {key: (one.revision, one.canonical_bytes(), one.role) for key, one in replayed.decisions.items()} == streamed
    roles = Counter((key[2], said[2]) for key, said in streamed.items())
    assert set(roles) == {("1.0.0", "live"), ("1.1.0", "shadow"), ("1.1.0", "live")}
    assert min(roles.values()) >= 4


def test_alerts_of_a_rule_that_fires_on_everything_are_held_back_and_nothing_else_changes(story: Shop) -> None:
    """A header says so and the operator's list does; the payload is the decision's, as for any alert."""
    alerts = [
        (json.loads(message.value()), {name: value.decode() for name, value in message.headers()})
        for message in story.read(FRAUD_ALERTS)
    ]
    listed = [
        headers
        for payload, headers in alerts
        if payload["transaction_id"].startswith(f"{story.prefix}-{story.bursts}-")
    ]
    earlier = [
        headers
        for payload, headers in alerts
        if not payload["transaction_id"].startswith(f"{story.prefix}-{story.bursts}-")
    ]
    held = [headers for headers in listed if headers.get("held_back") == "blacklist"]
    assert len(listed) == LISTED * 3
    assert 0 < len(held) < len(listed)
    assert earlier
    assert not any("held_back" in headers for headers in earlier)
    assert story.told["list"]["detector"]["held_back"] == [["blacklist", len(held)]]
    assert "blacklist" in story.told["list"]["detector"]["shut"]
