"""Reports, marks, truth files and base scores: what they hold and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streamflow.contracts.rule_sets import load_rule_set
from streamflow.errors import InputError
from streamflow.quality.conservation import ConservationReport, Hole, PartitionLedger
from streamflow.quality.increments import Marks
from streamflow.quality.lateness import Lateness
from streamflow.quality.report import Check, VerifyReport
from streamflow.quality.run import QualityReport, folder_name
from streamflow.quality.suites import Failure, TableResult, mask_personal
from streamflow.quality.table_checks import base_scores
from streamflow.quality.truth import read_truth
from streamflow.rules.book import RuleBook
from streamflow.settings import load_settings


def ledger(**changes: Any) -> PartitionLedger:
    """Return an account that balances, but for the changes."""
    facts: dict[str, Any] = {
        "topic": "events.raw",
        "log_id": "log",
        "partition": 1,
        "first": 0,
        "committed": 10,
        "end": 12,
        "bronze": 9,
        "dead": 1,
        "overlaps": 0,
        "before_start": False,
        "excused": 0,
        "holes": (),
    }
    return PartitionLedger(**(facts | changes))


def result(*failures: Failure) -> TableResult:
    """Return the result of a table with these failures."""
    return TableResult("silver.stores", 3, 3, 12, 0, failures)


def test_a_report_without_checks_proves_nothing() -> None:
    """Nothing checked is not everything fine."""
    assert not VerifyReport((), 0.0).ok
    assert not ConservationReport(()).ok
    assert "Nothing was ever ingested" in ConservationReport(()).summary


def test_a_verify_report_is_plain_data() -> None:
    """It survives JSON, and lists what failed."""
    good, bad = Check("a", True, 1, 1, "Fine."), Check("b", False, 1, 2, "Not fine.")
    report = VerifyReport((good, bad), 1.23456)
    assert report.failed == (bad,)
    assert json.loads(json.dumps(report.as_dict()))["checks"][1]["expected"] == 2


def test_an_account_that_balances_says_so_with_its_lag() -> None:
    """What the broker has beyond the commit is behind, not lost."""
    report = ConservationReport((ledger(),))
    assert report.ok
    assert ledger().lag == 2
    assert report.summary == "10 records in 1 partitions: 9 in bronze, 1 in dead letters, none lost, none twice."


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"holes": (Hole(3, 5, "the broker has a record at 3"),)}, "events.raw[1] misses 3 records"),
        ({"overlaps": 2}, "2 records in bronze and in dead letters at once"),
        ({"before_start": True, "first": 4}, "rows before offset 4"),
    ],
)
def test_an_account_that_does_not_balance_says_why(changes: dict[str, Any], words: str) -> None:
    """One sentence that names the partition."""
    report = ConservationReport((ledger(), ledger(**changes)))
    assert not report.ok
    assert words in report.summary


def test_only_errors_and_losses_close_the_gate() -> None:
    """A warning is told and lets pass."""
    warning = Failure("silver.stores", "silver.stores.city.length", "warning", 1, "A warning.")
    error = Failure("silver.stores", "silver.stores.name.required", "error", 1, "An error.")
    fine = ConservationReport((ledger(),))
    passed = QualityReport("run", fine, {"silver": [result(warning)]}, Lateness(()), Path("index.html"), 1.0)
    assert (passed.ok, passed.failures, passed.warnings) == (True, (), ("A warning.",))
    closed = QualityReport("run", fine, {"silver": [result(warning, error)]}, Lateness(()), Path("index.html"), 1.0)
    assert (closed.ok, closed.failures) == (False, ("An error.",))
    lost = QualityReport("run", ConservationReport((ledger(overlaps=1),)), {}, Lateness(()), Path("index.html"), 1.0)
    assert not lost.ok


def test_values_of_personal_columns_are_masked_and_others_kept() -> None:
    """In place, in every list that a result may carry."""

    def one(*, personal: bool) -> Any:
        return SimpleNamespace(
            expectation_config=SimpleNamespace(meta={"personal": personal}),
            result={"unexpected_count": 1, "partial_unexpected_list": ["4711"], "partial_unexpected_counts": [{}]},
        )

    results = [one(personal=True), one(personal=False)]
    mask_personal(results)
    assert results[0].result == {
        "unexpected_count": 1,
        "partial_unexpected_list": [],
        "partial_unexpected_counts": [],
    }
    assert results[1].result["partial_unexpected_list"] == ["4711"]


@pytest.mark.parametrize(
    ("run_id", "folder"),
    [("manual__2026-01-05T00:00:00+00:00", "manual__2026-01-05T00-00-00-00-00"), ("a b", "a-b"), ("../..", "run")],
)
def test_a_run_id_becomes_a_folder(run_id: str, folder: str) -> None:
    """No colon, no blank, no way up."""
    assert folder_name(run_id) == folder


def test_marks_are_kept_and_a_spoiled_file_is_named(tmp_path: Path) -> None:
    """What was put is there next time; a file that is no JSON says what to do."""
    path = tmp_path / "quality" / "marks.json"
    marks = Marks(path)
    assert marks.get("silver.stores") is None
    marks.put("silver.stores", {"by": "time", "newest": "-infinity"})
    marks.save()
    assert Marks(path).get("silver.stores") == {"by": "time", "newest": "-infinity"}
    path.write_text("{")
    with pytest.raises(InputError, match=r"marks\.json holds no marks .* delete it"):
        Marks(path)


def test_a_wrong_line_of_a_truth_file_is_named(tmp_path: Path) -> None:
    """File and line; a file that is not there is one sentence too."""
    path = tmp_path / "truth.jsonl"
    path.write_text('{"customer_id":"c","transaction_id":"t","is_fraud":true,"scenario":"burst"}\n{"customer_id":1}\n')
    with pytest.raises(InputError, match=r"Line 2 of the truth file"):
        list(read_truth(path))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        list(read_truth(tmp_path / "none.jsonl"))


def test_base_scores_follow_the_rule_sets_in_force() -> None:
    """One period a change of the live rule set; before the first there is none; the last has no end."""
    rule_set = load_rule_set("1.0.0", load_settings().contracts_dir)
    record = {
        "kind": "rule_set",
        "version": "1.0.0",
        "role": "live",
        "effective_from": "2026-01-01T00:00:00Z",
        "rule_set": rule_set.payload(),
    }
    book = RuleBook.from_records([record, {**record, "effective_from": "2026-02-01T00:00:00Z"}])
    periods = json.loads(base_scores(book))
    assert [one["rule_set"] for one in periods] == ["1.0.0", "1.0.0"]
    assert periods[0]["effective_to"] == periods[1]["effective_from"]
    assert periods[1]["effective_to"] == "infinity"
    assert 0 < periods[0]["score"] < 1
    assert json.loads(base_scores(RuleBook())) == []
