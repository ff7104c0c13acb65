"""What a backtest costs: a file of the usual shape, one of many customers, one of a single busy customer.

The command itself is run, as a user runs it, and all its processes are watched.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from streamflow.bench.handbook import DAY_S, TERMINALS, Simulated, simulate, write_csv
from streamflow.bench.measures import Measure, Section
from streamflow.bench.process_tree import cost_of
from streamflow.contracts.released import newest_released
from streamflow.settings import Settings

SEED = 0
ONCE = 10_000_000
BUSY = 1_000_000
RARE = 200
"""Of so many purchases of a made-up file one is fraud."""
METHOD = (
    "The command as a user runs it, with a process a core: map, validate and score every row with the newest released "
    "rule set, list merchants day by day as labels come in, judge with 400 resamples of customers. The first file is "
    "simulated after the Handbook's description (seed 0); the others are made up: amounts, terminals and times at "
    "random over 183 days. Memory is the most resident memory of all processes together, looked at ten times a "
    "second. Writing the file is not counted."
)


@dataclass(frozen=True)
class File:
    """A file to test on.

    Attributes:
        title: What it is.
        make: Simulates its purchases.
        runs: How often the command is run on it.
        report: Whether it is also run with a page for a browser.
    """

    title: str
    make: Callable[[], Simulated]
    runs: int
    report: bool = False


def backtests(settings: Settings, runs: int, say: Callable[[str], None], *, files: tuple[File, ...] = ()) -> Section:
    """Measure backtests.

    Args:
        settings: Say where mappings and contracts are.
        runs: How often the file of the usual shape; those of odd shapes are measured once.
        say: Told what is being done.
        files: Others than the usual ones.

    Raises:
        StreamFlowError: A backtest fails.
    """
    measures: list[Measure] = []
    for file in files or usual(runs):
        with tempfile.TemporaryDirectory(prefix="streamflow-bench-") as name:
            path = Path(name) / "purchases.csv"
            title = f"{file.title}, {write_csv(file.make(), path):,} rows"
            say(f"wrote {title}")
            for note, more in {"": (), "with a report": ("--report", str(Path(name) / "report.html"))}.items():
                if not note or file.report:
                    command = _command(settings, path, *more)
                    costs = [cost_of(command) for _ in range(file.runs)]
                    say(f"{title} {note}: {costs[0].seconds:.0f} s, {costs[0].peak_mib:.0f} MiB")
                    measures.append(Measure(title, "s", [one.seconds for one in costs], note=note))
                    memory = [one.peak_mib for one in costs]
                    measures.append(Measure(f"{title}, peak memory", "MiB", memory, note=note))
    return Section("Backtests", METHOD, measures)


def usual(runs: int) -> tuple[File, ...]:
    """Return the files that the benchmark tests on."""
    return (
        File("a town as in the Handbook", simulate, runs, report=True),
        File("customers with one purchase each", lambda: once_each(ONCE), 1),
        File("one customer with all purchases", lambda: once_each(BUSY, customers=1), 1),
    )


def once_each(purchases: int, customers: int | None = None) -> Simulated:
    """Return purchases at random, each of another customer unless `customers` says how many there are."""
    rng = np.random.default_rng(SEED)
    customer = rng.permutation(purchases) if customers is None else rng.integers(0, customers, purchases)
    return Simulated(
        second=np.sort(rng.integers(0, 183 * DAY_S, purchases)),
        customer=customer,
        terminal=rng.integers(0, TERMINALS, purchases),
        cents=np.maximum(rng.lognormal(8, 1, purchases).astype(np.int64), 1),
        fraud=rng.random(purchases) * RARE < 1,
    )


def _command(settings: Settings, path: Path, *more: str) -> list[str]:
    mapping = settings.root / "data" / "mappings" / "handbook.yaml"
    rules = newest_released(settings.contracts_dir, "fraud_rules")
    given = ["backtest", str(path), "--mapping", str(mapping), "--rules", rules, *more]
    return [str(Path(sys.executable).with_name("streamflow")), *given]
