"""Parts of the benchmark that need no server: each measures what it says, on something small."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from streamflow.bench.backtests import File, backtests, once_each
from streamflow.bench.gate import CHANGES, World, gate_errors
from streamflow.bench.parts import ON_JOBS, PARTS, check_parts, complete_part, parts_help
from streamflow.bench.process_tree import cost_of
from streamflow.bench.quality import Town, quality
from streamflow.errors import InputError, StreamFlowError
from streamflow.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]


def silent(_: str) -> None:
    """Say nothing."""


def test_every_part_is_in_the_help_with_its_minutes() -> None:
    """A part that nobody finds is measured by nobody."""
    told = parts_help()
    assert len(PARTS) == 12
    assert all(f"{name} ({part.minutes} min)" in told for name, part in PARTS.items())
    assert ON_JOBS == ("throughput", "detectors", "latency", "transforms", "footprint", "promotion")


def test_a_shell_completes_a_part_and_says_what_it_measures() -> None:
    """Two begin with c."""
    assert [name for name, _ in complete_part("c")] == ["contracts", "calibration"]
    assert complete_part("gat") == [("gate", "how often a promotion's gate errs")]
    assert complete_part("x") == []


def test_a_part_that_there_is_not_is_told_with_the_nearest_one() -> None:
    """One sentence."""
    with pytest.raises(InputError, match=r"no part 'quallity'; did you mean 'quality'\?"):
        check_parts(["engine", "quallity"])


def test_the_memory_of_a_command_is_that_of_all_its_processes() -> None:
    """A parent with forty megabytes of its own waits for a child with as many."""
    child = "import time; held = b'1' * 40_000_000; time.sleep(1.5); print(len(held))"
    parent = f"import subprocess, sys; held = b'1' * 40_000_000; subprocess.run([sys.executable, '-c', {child!r}])"
    alone, both = cost_of([sys.executable, "-c", child]), cost_of([sys.executable, "-c", parent])
    assert (alone.output, both.output) == ("40000000\n", "40000000\n")
    assert both.peak_mib > alone.peak_mib + 35
    assert both.seconds > 1.5


def test_a_measured_command_that_fails_says_why() -> None:
    """Its last line."""
    with pytest.raises(StreamFlowError, match=r"code 3 and said: no such thing"):
        cost_of([sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"])


def test_a_backtest_is_measured_with_and_without_its_page() -> None:
    """Seconds and memory, each once without a report and once with it."""
    file = File("ten customers", lambda: once_each(400, customers=10), runs=1, report=True)
    section = backtests(load_settings(root=ROOT), 1, silent, files=(file,))
    assert [(one.name, one.unit, one.note) for one in section.measures] == [
        ("ten customers, 400 rows", "s", ""),
        ("ten customers, 400 rows, peak memory", "MiB", ""),
        ("ten customers, 400 rows", "s", "with a report"),
        ("ten customers, 400 rows, peak memory", "MiB", "with a report"),
    ]
    assert all(one.median > 0 for one in section.measures)


def test_customers_with_one_purchase_each_are_as_many_as_purchases() -> None:
    """And one customer is one customer; time never goes back."""
    each, one = once_each(1000), once_each(1000, customers=1)
    assert len(set(each.customer.tolist())) == 1000
    assert set(one.customer.tolist()) == {0}
    assert each.second.tolist() == sorted(each.second.tolist())
    assert 0 < int(each.fraud.sum()) < 30


def test_quality_gives_each_way_of_ranking_and_the_paired_differences() -> None:
    """A small town; what the figures are is for the benchmark to say."""
    town = Town(customers=60, terminals=200, radius=20, train_day=21)
    section = quality(load_settings(root=ROOT), silent, town=town, seeds=(4,))
    found = {one.name: one for one in section.measures}
    ways = ["five rules", "three fixed rules", "amount alone"]
    assert list(found) == [*ways, "five rules less three fixed rules", "five rules less amount alone"]
    assert all(0 < found[name].median <= 1 for name in ways)
    for other in ways[1:]:
        gain = found[f"five rules less {other}"].median
        assert gain == pytest.approx(found["five rules"].median - found[other].median, abs=1e-6)
    assert all(one.note.startswith("seeds 4: ") and " to " in one.note for one in section.measures)


def test_a_gate_passes_less_often_the_more_a_candidate_loses() -> None:
    """One world, few comparisons: the order is what counts."""
    section = gate_errors(silent, worlds=(World(100, 1, 0.04),), comparisons=40)
    rates = [one.median for one in section.measures]
    assert [one.name.rpartition(": ")[2] for one in section.measures] == list(CHANGES)
    assert rates == sorted(rates)
    assert rates[0] < 10
    assert rates[-1] > 50
