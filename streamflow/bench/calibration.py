"""What a calibration costs: a file of the size of the whole ULB set, and a shop's export of a million and a half rows.

The files are blown up from the shipped samples, so that anybody can repeat it: rows of the ULB sample are drawn again
until the published counts are reached, and the shop gets copies of its customers. Each run is a process of its own, so
that its peak memory is its own.
"""

from __future__ import annotations

import csv
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from streamflow.bench.measures import Measure, Section
from streamflow.datasets.facts import facts
from streamflow.datasets.manifest import SAMPLES

SHOP_ROWS = 1_500_000
SEED = 7
METHOD = (
    "From the file to a proposal in memory: read, judge each row, run the engine over it twice, fit with 200 resamples "
    "of customers, estimate the generator's parameters; for the ULB shape also simulate 120,000 purchases for what it "
    "cannot identify. A process a run; peak memory is that of the process."
)


def calibration(runs: int, say: Callable[[str], None]) -> Section:
    """Measure both files.

    Args:
        runs: How often the ULB shape; the median is told. The shop is measured once: it takes minutes.
        say: Told what is being done.
    """
    measures = []
    with tempfile.TemporaryDirectory(prefix="streamflow-bench-") as name:
        folder = Path(name)
        ulb, shop = folder / "creditcard.csv", folder / "shop.csv"
        files = {
            f"ULB shape, {blow_up_ulb(ulb):,} rows": ("ulb", ulb),
            f"shop export, {blow_up_shop(shop, SHOP_ROWS):,} rows": ("own", shop),
        }
        for title, (dataset, path) in files.items():
            taken = [_one(dataset, path) for _ in range(runs if dataset == "ulb" else 1)]
            say(f"{title}: {taken[0][0]:.0f} s, {taken[0][1]:.0f} MiB")
            measures.append(Measure(title, "s", [seconds for seconds, _ in taken]))
            measures.append(Measure(f"{title}, peak memory", "MiB", [memory for _, memory in taken]))
    return Section("Calibration", METHOD, measures)


def blow_up_ulb(path: Path) -> int:
    """Write a file in the shape and with the counts of the whole ULB set; return its rows."""
    import numpy as np
    import pandas as pd

    known = facts("ulb").files[0]
    sample = pd.read_csv(SAMPLES / "ulb_sample.csv.gz")
    rng = np.random.default_rng(SEED)
    fraud = np.flatnonzero(sample["Class"] == 1)
    genuine = np.flatnonzero(sample["Class"] == 0)
    frauds = int(known.fraud or 0)
    drawn = np.concatenate([rng.choice(genuine, known.rows - frauds), rng.choice(fraud, frauds)])
    rows = sample.iloc[drawn].sort_values("Time", kind="stable")
    rows.to_csv(path, index=False)
    return len(rows)


def blow_up_shop(path: Path, rows: int) -> int:
    """Write the sample shop's export with copies of its customers until it has so many rows; return them."""
    with gzip.open(SAMPLES / "purchases.csv.gz", "rt", encoding="utf-8", newline="") as file:
        head, *sample = csv.reader(file)
    order, customer = head.index("order_id"), head.index("customer")
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for copy in range(-(-rows // len(sample))):
            for row in sample[: rows - written]:
                changed = list(row)
                changed[order], changed[customer] = f"{row[order]}-{copy}", f"{row[customer]}-{copy}"
                writer.writerow(changed)
            written += min(len(sample), rows - written)
    return written


def _one(dataset: str, path: Path) -> tuple[float, float]:
    """Calibrate in a process of its own; return seconds and peak memory in MiB."""
    command = [sys.executable, "-m", "streamflow.bench.calibration", dataset, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"], found["peak_mib"]


def main(dataset: str, path: str) -> None:
    """Calibrate one file and print what it took."""
    from streamflow.calibration.calibrate import Request, calibrate
    from streamflow.calibration.loading import SAMPLE_MAPPING, load_purchases
    from streamflow.calibration.notebook import notebook_run
    from streamflow.calibration.rules.threshold import Budget

    began = time.perf_counter()
    table = load_purchases(dataset, path, SAMPLE_MAPPING if dataset == "own" else "")
    calibrate(table, Request(Budget(10, 500), train_share=0.8), notebook_run("calibrate", {}))
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
