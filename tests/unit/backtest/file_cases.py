"""Small files with known content, and how to run a backtest on them."""

from __future__ import annotations

import random
from pathlib import Path

from streamflow.backtest.file_source import FileSource
from streamflow.backtest.fitting import Fit
from streamflow.backtest.run import Request, Trial, run_backtest
from streamflow.contracts import Catalogue
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import CHECKOUT, RuleSet, load_horizons, load_rule_set
from streamflow.generator.mapping import Mapping, load_mapping
from streamflow.rules.blacklist import Entry

HEAD = "id,customer,time,amount,seller,lat,lon,fraud"
MAPPING = """timezone: UTC
fields:
  transaction_id: {column: id}
  customer_id: {column: customer}
  event_timestamp: {column: time}
  amount_minor: {column: amount}
  currency: {constant: USD}
  merchant_id: {column: seller}
  latitude: {column: lat}
  longitude: {column: lon}
label: {column: fraud, positive: ["1"], negative: ["0"], delay_days: 2}
"""


def mapping_of(folder: Path, text: str = MAPPING) -> Mapping:
    """Write a mapping and load it."""
    path = folder / "mapping.yaml"
    path.write_text(text)
    return load_mapping(path, Catalogue.load(CHECKOUT).topic(TRANSACTIONS_RAW))


def csv_of(folder: Path, *rows: str, head: str = HEAD) -> Path:
    """Write a file of rows."""
    path = folder / "purchases.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def shop_rows(customers: int = 40, days: int = 20, seed: int = 3) -> list[str]:
    """Return the rows of a small shop by time: habits, a few large amounts that are fraud, one bad seller."""
    rng = random.Random(seed)  # noqa: S311
    rows = []
    for day in range(days):
        for customer in range(customers):
            seconds = [rng.randrange(86_400)]
            if rng.random() < 0.05:
                seconds += [min(seconds[0] + 20 * step, 86_399) for step in range(1, 7)]
            for second in seconds:
                bad = rng.random() < 0.03
                large = rng.random() < 0.02
                amount = (500 + customer * 40) * (9 if large else 1) + rng.randrange(300)
                time = f"2026-03-{day + 1:02d} {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
                seller = "bad" if bad else f"s{rng.randrange(5)}"
                place = f"{48 + rng.random():.3f},{2 + rng.random():.3f}"
                fraud = int(large or (bad and rng.random() < 0.7))
                rows.append(f"{time}|c{customer},{time},{amount / 100:.2f},{seller},{place},{fraud}")
    rows.sort()
    return [f"t{number},{row.partition('|')[2]}" for number, row in enumerate(rows)]


def backtest_of(
    path: Path,
    mapping: Mapping,
    *,
    jobs: int = 1,
    rule_set: RuleSet | None = None,
    against: RuleSet | None = None,
    fit: Fit | None = None,
    entries: tuple[Entry, ...] | None = None,
    delay_days: float | None = None,
    test_from_us: int | None = None,
    as_of_us: int | None = None,
) -> Trial:
    """Run a backtest of a file; of rule set 1.0.0 unless another is given or fitted."""
    request = Request(
        horizons=load_horizons(),
        rule_set=None if fit else rule_set or load_rule_set("1.0.0"),
        against=against,
        fit=fit,
        test_from_us=test_from_us,
        as_of_us=as_of_us,
        entries=entries,
        jobs=jobs,
    )
    source = FileSource(path, mapping, CHECKOUT, "USD", delay_days)
    return run_backtest(source, request, path.parent / "scratch")
