"""The benchmark's page says what was measured, beside what and with what; wrong settings start nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streamflow.bench.latency import only_purchases
from streamflow.bench.measures import Measure, Report, Section, machine_facts, version_facts
from streamflow.bench.render import as_dict, markdown, number
from streamflow.bench.session import BenchPlan, run
from streamflow.cli.bench import app
from streamflow.contracts.names import EVENTS_RAW, TRANSACTIONS_RAW
from streamflow.errors import InputError
from streamflow.generator.records import Emission
from streamflow.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]


def report() -> Report:
    """Return a report with a baseline, a measure beside it and one of its own."""
    measures = [
        Measure("plain", "records/s", [40_000.0, 50_000.0, 45_000.0]),
        Measure("job", "records/s", [20_000.0, 30_000.0, 27_000.0], "plain"),
        Measure("start", "s", [3.25], note="cold"),
    ]
    sections = [Section("Throughput", "How it was done.", measures)]
    return Report(
        "streamflow bench --runs 3", sections, {"cores": "2"}, {"apache-flink": "2.2.1"}, "2026-01-05 10:00 UTC"
    )


def test_a_measure_is_held_against_the_median_of_its_baseline() -> None:
    """Medians, not best runs; without a baseline there is no ratio."""
    plain, job, start = report().sections[0].measures
    assert (plain.median, job.median) == (45_000, 27_000)
    assert report().ratio(job) == pytest.approx(0.6)
    assert report().ratio(plain) is None
    assert report().ratio(start) is None


def test_sections_that_name_their_baselines_alike_keep_to_their_own() -> None:
    """The same detectors on another log: each is held against what ran beside it."""
    sections = [
        Section(f"Log {at}", "", [Measure("plain", "records/s", [base]), Measure("job", "records/s", [50.0], "plain")])
        for at, base in enumerate((100.0, 200.0, 25.0))
    ]
    whole = Report("streamflow bench", sections)
    assert [whole.ratio(section.measures[1]) for section in sections] == [0.5, 0.25, 2.0]


def test_the_page_shows_median_ratio_and_every_run() -> None:
    """A reader sees the spread, the machine, the versions and the command."""
    page = markdown(report())
    assert "| job | 27,000 | records/s | 0.60 | 20,000; 30,000; 27,000 |" in page
    assert "| start (cold) | 3.25 | s |  | 3.25 |" in page
    for word in ("2026-01-05 10:00 UTC", "`streamflow bench --runs 3`", "| cores | 2 |", "| apache-flink | 2.2.1 |"):
        assert word in page


def test_machines_get_the_same_figures_as_plain_data() -> None:
    """Names, medians, ratios and runs."""
    found = as_dict(report())["sections"][0]["measures"]
    assert [one["name"] for one in found] == ["plain", "job", "start"]
    assert found[1]["ratio"] == pytest.approx(0.6)
    assert found[0]["ratio"] is None
    assert found[2]["note"] == "cold"


@pytest.mark.parametrize(("value", "text"), [(44_321.0, "44,321"), (100.4, "100"), (7.719, "7.72"), (0.5, "0.5")])
def test_a_figure_is_written_with_the_digits_that_count(value: float, text: str) -> None:
    """Three of them, more only for large numbers."""
    assert number(value) == text


def test_machine_and_versions_are_told_without_the_machines_name() -> None:
    """What figures depend on, read from where the run takes place."""
    import socket

    facts = machine_facts()
    assert int(facts["cores"]) >= 1
    assert facts["memory"].endswith("GiB")
    assert socket.gethostname() not in " ".join(facts.values())
    assert version_facts()["apache-flink"].count(".") == 2


def test_only_purchases_are_measured_and_no_more_than_asked_for() -> None:
    """Reference records and labels travel on topics of their own."""
    mixed = [Emission(EVENTS_RAW if n % 3 == 0 else TRANSACTIONS_RAW, b"k", b"{}", n) for n in range(12)]
    assert [one.timestamp_ms for one in only_purchases(iter(mixed), 4)] == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (BenchPlan(parts=("throughputs",)), "The benchmark has no part 'throughputs'; did you mean 'throughput'?"),
        (BenchPlan(purchases=10), "at least 10,000 purchases"),
        (BenchPlan(runs=0), "at least 10,000 purchases and one run"),
    ],
)
def test_wrong_settings_are_one_sentence_and_start_nothing(plan: BenchPlan, sentence: str) -> None:
    """Nothing was started, so nothing needs to be stopped."""
    settings = load_settings(root=ROOT)

    def never(_: object) -> None:
        pytest.fail("something was started")

    with pytest.raises(InputError, match=sentence.replace("?", r"\?")):
        run(settings, plan, never, never, "streamflow bench")  # type: ignore[arg-type]


def test_a_folder_that_does_not_exist_is_told_before_the_work(tmp_path: Path) -> None:
    """Twenty minutes of work must not end with an error about a path."""
    done = CliRunner().invoke(app, ["--write", str(tmp_path / "nowhere" / "page.md")])
    assert isinstance(done.exception, InputError)
    assert "there is no folder" in str(done.exception)
