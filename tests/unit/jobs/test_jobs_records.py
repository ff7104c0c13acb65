"""What crosses between Flink and Python: packed records, headers, texts, plans, restore points."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from streamflow.broker import INGESTION
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import TRANSACTIONS_LATE
from streamflow.errors import EnvironmentNotReady, InputError
from streamflow.jobs.checking import clean, headers_json, time_text, validator_of
from streamflow.jobs.cluster import root_cause
from streamflow.jobs.detection import Arrival, late_payload, unpack
from streamflow.jobs.history import local_path, remember, remember_end, restore_points, runs
from streamflow.jobs.plan import (
    JOBS,
    TRANSACTION_PROCESSOR,
    Plan,
    TopicPlan,
    group_of,
    job_named,
    read_plan,
    write_plan,
)
from streamflow.rules.model import LatePurchase, Position, Purchase
from streamflow.settings import Settings

CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"
EVERY_BYTE = bytes(range(256))


def plan_for(job: str) -> Plan:
    """Return a plan of no particular submission."""
    return Plan(
        job=job,
        topics=(TopicPlan("transactions.raw", "log-1", "raw_transactions"),),
        dead_letters="dead-letters",
        decisions="fraud-decisions",
        alerts="fraud-alerts",
        late="transactions.late",
        rules="fraud-rules",
        contracts_dir=str(CONTRACTS),
        base_currency="USD",
        contract_build="build-1",
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with a state directory of the test's own."""
    return Settings(home=tmp_path)


def pack(key: bytes, caused_by: str, body: bytes) -> str:
    """Pack a record as sql/jobs/detector_input.sql does."""
    return f"1,42,1767571200000,{len(key)},{len(caused_by)},{key.decode('latin-1')}{caused_by}{body.decode('latin-1')}"


@pytest.mark.parametrize("body", [b"", b"{}", b"1,2,3", EVERY_BYTE, EVERY_BYTE * 3])
@pytest.mark.parametrize("key", [b"c1", b"a,b", EVERY_BYTE])
def test_a_packed_record_comes_back_byte_for_byte(key: bytes, body: bytes) -> None:
    """Whatever the bytes, commas and NUL included."""
    assert unpack(pack(key, "1767571200000000", body)) == Arrival(1, 42, 1767571200000, key, "1767571200000000", body)


@pytest.mark.parametrize("caused_by", ["", "yesterday", "-1", "\xb2"])
def test_a_clock_header_that_is_no_number_is_not_handed_on(caused_by: str) -> None:
    """Latency is computed from it later."""
    assert not unpack(pack(b"c1", caused_by, b"{}")).caused_by_us


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (None, None),
        ({}, None),
        ({"produced_at_us": b"17"}, {"produced_at_us": "17"}),
        ({"produced_at_us": b"17'"}, {"produced_at_us": "17'"}),
        ({"a": b"\xff", "b": None, "c": b"x\x00y"}, {"a": {"base64": "/w=="}, "b": None, "c": {"base64": "eAB5"}}),
        ({"na\x00me": b"v"}, {"na\N{REPLACEMENT CHARACTER}me": "v"}),
    ],
)
def test_headers_become_json_that_postgresql_can_hold(headers: dict[str, bytes] | None, expected: object) -> None:
    """No NUL, no broken UTF-8, nothing lost."""
    text = headers_json(headers)
    assert (None if text is None else json.loads(text)) == expected
    assert text is None or "\\u0000" not in text


def test_text_for_postgresql_has_no_nul_and_no_lone_surrogate() -> None:
    """A detail may quote what a record held."""
    assert clean("a\x00b\ud800c") == "a\N{REPLACEMENT CHARACTER}b?c"


@pytest.mark.parametrize(
    ("time_us", "text"),
    [(0, "1970-01-01T00:00:00+00:00"), (1_767_618_902_125_001, "2026-01-05T13:15:02.125001+00:00")],
)
def test_event_time_keeps_its_microseconds(time_us: int, text: str) -> None:
    """PostgreSQL reads the text without loss."""
    assert time_text(time_us) == text


def test_a_task_manager_with_other_contracts_refuses_to_judge() -> None:
    """One sentence that names both builds."""
    with pytest.raises(EnvironmentNotReady, match="submitted with no-such-buil: stop it and submit it again"):
        validator_of(str(CONTRACTS), "USD", "no-such-build")


def test_a_late_record_keeps_its_own_contract() -> None:
    """What the detector writes to transactions.late passes the validator that reads it."""
    validator = build_validator(Catalogue.load(CONTRACTS), "USD")
    purchase = Purchase("c1", "t1", 1_767_571_200_000_000, 100, None, None, None, None, 1)
    outcome = LatePurchase(purchase, 1_767_571_260_000_000, Position(1, 7))
    body = json.dumps(late_payload(outcome, {"transaction_id": "t1"}, "log-1")).encode()
    verdict = validator(TRANSACTIONS_LATE, b"c1", body, 1_767_571_260_000)
    assert (verdict.reason, verdict.status) == (None, "accepted")


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    """What was submitted can be read again."""
    path = tmp_path / "plans" / "one.json"
    write_plan(plan_for(JOBS[0]), path)
    assert read_plan(path) == plan_for(JOBS[0])


def test_a_plan_that_is_no_plan_is_named(tmp_path: Path) -> None:
    """The sentence has the path and what to do."""
    path = tmp_path / "plan.json"
    path.write_text('{"job": "fraud_detector", "parallel": 2}', encoding="utf-8")
    with pytest.raises(EnvironmentNotReady, match="submit the job again"):
        read_plan(path)


@pytest.mark.parametrize("written", ["fraud_detector", "fraud-detector"])
def test_a_job_is_found_by_either_spelling(written: str) -> None:
    """Hyphens and underscores are the same."""
    assert job_named(written) == "fraud_detector"
    assert group_of("fraud_detector") == "streamflow-fraud-detector"
    assert group_of(TRANSACTION_PROCESSOR) == INGESTION, "the broker module names the group that fills bronze"


def test_an_unknown_job_gets_the_nearest_name() -> None:
    """A typing mistake is answered with the right name."""
    with pytest.raises(InputError, match="did you mean 'fraud_detector'"):
        job_named("fraud-detecter")


def test_the_newest_complete_state_is_where_a_job_goes_on(settings: Settings) -> None:
    """A checkpoint without its metadata is not complete; a savepoint counts like a checkpoint."""
    plan = plan_for(JOBS[0])
    remember(settings, plan, "a" * 32, None)
    checkpoints = settings.state / "flink" / "checkpoints" / ("a" * 32)
    savepoint = settings.state / "flink" / "savepoints" / "savepoint-1"
    for age, folder in ((30, checkpoints / "chk-1"), (20, savepoint), (10, checkpoints / "chk-2")):
        folder.mkdir(parents=True)
        (folder / "_metadata").touch()
        os.utime(folder / "_metadata", (1_000_000 - age, 1_000_000 - age))
    (checkpoints / "chk-3").mkdir()
    assert [point.path.name for point in restore_points(settings, plan.job)] == ["chk-2", "chk-1"]
    remember_end(settings, plan.job, "a" * 32, savepoint.as_uri())
    assert [point.path.name for point in restore_points(settings, plan.job)] == ["chk-2", "savepoint-1", "chk-1"]
    assert [(run.ended, run.log_ids) for run in runs(settings, plan.job)] == [(True, {"transactions.raw": "log-1"})]


def test_a_job_that_was_never_submitted_has_no_past(settings: Settings) -> None:
    """Nothing is guessed from files of others."""
    assert runs(settings, JOBS[0]) == []
    assert restore_points(settings, JOBS[0]) == []


def test_state_on_another_file_system_is_not_looked_for_here() -> None:
    """There the operator restores."""
    assert local_path("s3://bucket/checkpoints") is None
    assert local_path("file:///a%20b/c") == Path("/a b/c")


def test_a_java_trace_is_told_by_its_innermost_cause() -> None:
    """One line a person can act on."""
    trace = "java.lang.RuntimeException: outer\n\tat a.b\nCaused by: x.Y: middle\nCaused by: z.Z: inner\n\t... 1 more"
    assert root_cause(trace) == "z.Z: inner"
    assert root_cause("java.lang.RuntimeException: only") == "java.lang.RuntimeException: only"
