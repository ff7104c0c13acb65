"""What may be released: the number that the differences ask for, complete, and all of it or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.contracts.catalogue import SUFFIX
from streamflow.contracts.proposals import read_proposal
from streamflow.contracts.released import ContractsBroken, newest_released, read_lock, released_versions
from streamflow.contracts.releasing import calibration_faults, next_version, release, release_proposal
from streamflow.contracts.rule_sets import load_rule_set
from streamflow.contracts.subjects import read_subject
from streamflow.errors import InputError
from tests.unit.contracts_versions.version_cases import (
    RAW,
    Text,
    calibration,
    checkout,
    contract_text,
    generator_text,
    proposal,
    put,
    put_calibration,
    rule_set_text,
    swap,
    tree,
)

FIVE = swap("at_least: 6,", "at_least: 5,")
OTHER_UNIT = swap("unit: km/h", "unit: m/s")
REWORDED = swap("# Great-circle", "# The great-circle")


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """Return a contracts folder in which everything shipped is released."""
    return checkout(tmp_path)


@pytest.mark.parametrize(
    ("version", "change"),
    [("1.0.1", REWORDED), ("1.1.0", FIVE), ("2.0.0", OTHER_UNIT)],
    ids=["patch", "minor", "major"],
)
def test_the_number_that_the_difference_asks_for_is_released(contracts: Path, version: str, change: Text) -> None:
    """From then on it is the newest, and the lock holds its hash."""
    put(contracts, f"fraud_rules/{version}.yaml", rule_set_text(version, change))
    assert release(contracts, []).names == (f"fraud_rules/{version}.yaml",)
    assert newest_released(contracts, "fraud_rules") == version
    assert released_versions(contracts, "fraud_rules") == ("1.0.0", version)
    assert release(contracts, []).names == ()


@pytest.mark.parametrize(
    ("version", "change", "sentence"),
    [
        (
            "1.0.1",
            FIVE,
            "1.0.1 is no patch change of 1.0.0: 'velocity.purchases from_6: at_least 6 -> 5; more purchases fire'",
        ),
        (
            "1.1.0",
            OTHER_UNIT,
            "'geographic.speed_kmh.unit: km/h -> m/s' is major and breaks transaction_processor, fraud_detector, so",
        ),
        ("2.0.0", REWORDED, "2.0.0 is no major change of 1.0.0: 'only comments or layout changed' is patch"),
        ("1.2.0", FIVE, "1.2.0 does not follow 1.0.0:"),
        ("1.0.1", str, "says nothing that fraud_rules/1.0.0 does not say; there is nothing to release."),
        ("0.9.0", FIVE, "0.9.0 lies below every release; did you mean '1.0.0'?"),
        ("1.1", FIVE, "'1.1' is no version; did you mean '1.1.0'?"),
        (
            "1.1.0",
            lambda text: FIVE(text).replace("status: released", "status: draft"),
            "says 'status: draft'; write 'status: released' to release it.",
        ),
        (
            "1.1.0",
            swap("calibration: null", "calibration: ulb-000000000000"),
            "names the calibration ulb-000000000000: There is no calibration ulb-000000000000; run",
        ),
        (
            "1.1.0",
            swap("4595120, n: null, interval: null, status: assumed", "4, n: 9, interval: [3, 5], status: measured"),
            "has measured or simulated figures, so it must name their 'calibration'.",
        ),
        ("2.0.0", swap("window_s: 600", "window_s: 86401"), "velocity.window_s is 86401, but the detector keeps 86400"),
        ("1.1.0", swap("window_s: 600", "windows_s: 600"), "the key 'windows_s' is unknown; did you mean 'window_s'?"),
    ],
)
def test_a_rule_set_that_may_not_be_released_is_refused_and_nothing_is_written(
    contracts: Path, version: str, change: Text, sentence: str
) -> None:
    """One sentence names the file and the number or name that would be right."""
    put(contracts, f"fraud_rules/{version}.yaml", rule_set_text(version, change))
    before = tree(contracts)
    with pytest.raises(InputError) as error:
        release(contracts, [])
    assert sentence in str(error.value)
    assert f"{version}.yaml" in str(error.value) or "Rule set" in str(error.value)
    assert tree(contracts) == before


def test_a_name_that_is_no_versioned_file_is_answered_with_the_nearest(contracts: Path) -> None:
    """Whoever mistypes reads what was meant."""
    with pytest.raises(InputError, match=r"did you mean 'fraud_rules/1\.0\.0\.yaml'"):
        release(contracts, ["fraud_rule/1.0.0.yaml"])


def test_a_released_file_that_was_changed_stops_every_release(contracts: Path) -> None:
    """The lock holds the hash of the generator too."""
    path = contracts / "generator" / "1.0.0.yaml"
    path.write_text(path.read_text().replace("value: 0.01,", "value: 0.02,"))
    put(contracts, "fraud_rules/1.1.0.yaml", rule_set_text("1.1.0", FIVE))
    with pytest.raises(ContractsBroken, match=r"contracts/generator/1\.0\.0\.yaml was changed after its release"):
        release(contracts, [])


def test_two_new_versions_are_judged_one_after_the_other(contracts: Path) -> None:
    """1.2.0 follows 1.1.0, which is released by the same command."""
    put(contracts, "fraud_rules/1.1.0.yaml", rule_set_text("1.1.0", FIVE))
    put(contracts, "fraud_rules/1.2.0.yaml", rule_set_text("1.2.0", swap("at_least: 6,", "at_least: 4,")))
    assert release(contracts, []).names == ("fraud_rules/1.1.0.yaml", "fraud_rules/1.2.0.yaml")


def test_a_patch_of_an_older_version_follows_that_version(contracts: Path) -> None:
    """1.0.1 may come after 2.0.0: its predecessor is the highest release below it."""
    put(contracts, "fraud_rules/2.0.0.yaml", rule_set_text("2.0.0", OTHER_UNIT))
    release(contracts, [])
    put(contracts, "fraud_rules/1.0.1.yaml", rule_set_text("1.0.1", REWORDED))
    assert release(contracts, []).names == ("fraud_rules/1.0.1.yaml",)
    assert newest_released(contracts, "fraud_rules") == "2.0.0"


def test_a_contract_that_breaks_its_consumers_under_a_minor_number_is_refused(contracts: Path) -> None:
    """The sentence names whom it breaks."""
    wider = swap("maximum: 1000\n", "maximum: 1001\n")
    put(contracts, f"{RAW}/1.1.0{SUFFIX}", contract_text(RAW, "1.1.0", wider))
    with pytest.raises(InputError) as error:
        release(contracts, [])
    assert "breaks transaction_processor, fraud_detector, realtime_aggregator, so the number is 2.0.0" in str(
        error.value
    )


def test_a_bound_that_excludes_its_own_example_is_not_released(contracts: Path) -> None:
    """The examples of a dataset are tried as records of the new version."""
    tighter = swap("maximum: 10000000000", "maximum: 9999999999")
    put(contracts, f"{RAW}/2.0.0{SUFFIX}", contract_text(RAW, "2.0.0", tighter))
    before = tree(contracts)
    with pytest.raises(InputError, match=r"largest_amount\.json: a valid example was rejected: out_of_range"):
        release(contracts, [])
    assert tree(contracts) == before


def test_an_example_that_passes_when_it_should_fail_stops_the_release(contracts: Path) -> None:
    """A widened bound lets an invalid example through."""
    wider = swap("maximum: 10000000000", "maximum: 10000000001")
    put(contracts, f"{RAW}/2.0.0{SUFFIX}", contract_text(RAW, "2.0.0", wider))
    with pytest.raises(InputError, match=r"amount_over_limit\.json: expected out_of_range, found nothing wrong"):
        release(contracts, [])


def test_a_proposal_is_copied_and_recorded_as_a_whole(contracts: Path, tmp_path: Path) -> None:
    """Calibration, generator and rule set are released together, and a draft becomes released."""
    folder, id_ = proposal(
        tmp_path / "proposal", change=lambda text: FIVE(text).replace("status: released", "status: draft")
    )
    done = release_proposal(contracts, read_proposal(folder))
    names = (f"calibrations/{id_}.json", "fraud_rules/1.1.0.yaml", "generator/1.1.0.yaml")
    assert (done.names, done.renumbered) == (names, {})
    assert set(names) < set(read_lock(contracts))
    assert load_rule_set("1.1.0", contracts).status == "released"
    assert load_rule_set("1.1.0", contracts).calibration == id_
    assert release_proposal(contracts, read_proposal(folder)).names == ()


def test_a_proposal_with_one_fault_leaves_nothing_behind(contracts: Path, tmp_path: Path) -> None:
    """The rule set alone is wrong; neither calibration nor generator is written."""
    folder, _ = proposal(tmp_path / "proposal", change=OTHER_UNIT)
    before = tree(contracts)
    with pytest.raises(InputError, match=r"so the number is 2\.0\.0"):
        release_proposal(contracts, read_proposal(folder))
    assert tree(contracts) == before


def test_a_number_that_another_proposal_took_is_refused_with_the_next_free_one(contracts: Path, tmp_path: Path) -> None:
    """With --renumber the proposal moves, its calibration with it, since it names the versions that it proposes."""
    first, _ = proposal(tmp_path / "first")
    second, second_id = proposal(
        tmp_path / "second", change=swap("at_least: 6,", "at_least: 4,"), one=calibration("1.1.0", "1.1.0", median=70.0)
    )
    # The second simulates another world too.
    path = second / "generator" / "1.1.0.yaml"
    path.write_text(path.read_text().replace("value: 5.0", "value: 6.0"))
    release_proposal(contracts, read_proposal(first))
    before = tree(contracts)
    with pytest.raises(InputError) as error:
        release_proposal(contracts, read_proposal(second))
    assert "was released before with other content; the next free number is 1.2.0" in str(error.value)
    assert tree(contracts) == before
    done = release_proposal(contracts, read_proposal(second), renumber=True)
    assert done.renumbered == {"fraud_rules": "1.2.0", "generator": "1.2.0"}
    moved = load_rule_set("1.2.0", contracts)
    assert moved.calibration not in (None, second_id)
    assert f"calibrations/{moved.calibration}.json" in done.names
    assert len(done.names) == 3


def test_renumbering_gives_a_proposal_the_number_that_its_difference_asks_for(contracts: Path, tmp_path: Path) -> None:
    """Another unit under a minor number becomes a major version."""
    folder, _ = proposal(tmp_path / "proposal", change=OTHER_UNIT)
    done = release_proposal(contracts, read_proposal(folder), renumber=True)
    assert done.renumbered == {"fraud_rules": "2.0.0"}
    assert newest_released(contracts, "fraud_rules") == "2.0.0"
    assert newest_released(contracts, "generator") == "1.1.0"
    # Said again, with or without the option, it changes nothing: it is known under its new numbers.
    before = tree(contracts)
    for renumber in (True, False):
        assert release_proposal(contracts, read_proposal(folder), renumber=renumber).names == ()
    assert tree(contracts) == before


def test_the_number_of_a_new_file_can_be_asked_before_it_is_released(contracts: Path, tmp_path: Path) -> None:
    """A calibration asks which number its generator parameters must have."""
    put(tmp_path, "generator/9.9.9.yaml", generator_text("9.9.9", swap("rate: {value: 0.01", "rate: {value: 0.02")))
    assert next_version(contracts, read_subject(tmp_path, "generator/9.9.9.yaml")) == "1.1.0"


def test_a_calibration_that_was_edited_is_not_released(contracts: Path) -> None:
    """Its id is a hash of its content."""
    id_ = put_calibration(contracts, calibration())
    path = contracts / "calibrations" / f"{id_}.json"
    path.write_text(path.read_text().replace("68.77", "68.78"))
    with pytest.raises(InputError, match=r"the file was changed after it was written"):
        release(contracts, [])


def test_a_rule_set_on_file_whose_calibration_is_gone_is_a_fault(contracts: Path, tmp_path: Path) -> None:
    """What was released together must stay together."""
    folder, id_ = proposal(tmp_path / "proposal")
    release_proposal(contracts, read_proposal(folder))
    assert calibration_faults(contracts) == []
    (contracts / "calibrations" / f"{id_}.json").unlink()
    faults = calibration_faults(contracts)
    assert len(faults) == 2
    assert all(f"names the calibration {id_}: There is no calibration {id_};" in fault for fault in faults)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            swap("rate: {value: 0.01, status", "rate: {valeu: 0.01, status"),
            "the key 'valeu' is unknown; did you mean 'value'?",
        ),
        (
            swap('reason: "a modest rate"}', 'reason: "a modest rate", metod: chosen}'),
            "the key 'metod' is unknown; did you mean 'method'?",
        ),
        (swap("status: assumed, r", "status: asumed, r"), "has the status 'asumed'; did you mean 'assumed'?"),
        (swap("rate: {value: 0.01, status: assumed", "rate: 0.01 #"), "'fraud.rate' must be a figure with value"),
        (swap("figures:", "figure:"), "the key 'figure' is unknown; did you mean 'figures'?"),
        (swap("version: 1.1.0", "version: 1.2.0"), "the version 1.2.0 is not that of its file, 1.1.0."),
    ],
)
def test_wrong_generator_parameters_name_file_line_and_the_nearest(
    contracts: Path, change: Text, sentence: str
) -> None:
    """They are read strictly before they are compared."""
    path = put(contracts, "generator/1.1.0.yaml", generator_text("1.1.0", change))
    before = tree(contracts)
    with pytest.raises(InputError) as error:
        release(contracts, [])
    assert str(error.value).startswith(f"{path} line ")
    assert sentence in str(error.value)
    assert tree(contracts) == before


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda p: (p.parent / "proposals").mkdir() or p.rmdir(), "There is no proposal folder"),
        (lambda p: None, "holds no proposal; expected fraud_rules/<version>.yaml"),
        (lambda p: put(p, "fraud_rule/1.1.0.yaml", "x"), "has no folder 'fraud_rule'; did you mean 'fraud_rules'?"),
        (lambda p: put(p, "fraud_rules/1.1.0.yml", "x"), "must end in '.yaml'"),
        (lambda p: put(p, "fraud_rules/one.yaml", "x"), "'one' is no version; did you mean '1.0.0'?"),
        (
            lambda p: [put(p, f"fraud_rules/{v}.yaml", rule_set_text(v, FIVE)) for v in ("1.1.0", "1.2.0")],
            "holds 2 versions; a proposal has one.",
        ),
        (
            lambda p: put(p, "fraud_rules/1.1.0.yaml", rule_set_text("1.2.0", FIVE)),
            "line 6: the version 1.2.0 is not that of its file, 1.1.0.",
        ),
        (lambda p: proposal(p, "1.1.0", one=calibration("1.2.0", "1.1.0")), "proposes fraud_rules 1.2.0, not 1.1.0"),
        (lambda p: put(p, "calibrations/x.json", "{"), "x.json is no JSON"),
    ],
)
def test_a_wrong_proposal_folder_ends_in_one_sentence(tmp_path: Path, make, sentence: str) -> None:  # type: ignore[no-untyped-def]
    """It names the file and what was expected."""
    folder = tmp_path / "proposal"
    folder.mkdir()
    make(folder)
    with pytest.raises(InputError) as error:
        read_proposal(folder)
    assert sentence in str(error.value)


def test_the_newest_release_of_an_unknown_kind_is_answered_with_the_nearest(contracts: Path) -> None:
    """Rule sets, generator parameters and datasets have versions."""
    assert newest_released(contracts, "generator") == "1.0.0"
    assert newest_released(contracts, RAW) == "1.0.0"
    with pytest.raises(InputError, match="did you mean 'fraud_rules'"):
        newest_released(contracts, "fraud_rule")
