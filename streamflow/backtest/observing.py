"""What the rules observe of a table, over several processes: customers do not know of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from streamflow.backtest.workers import Workers
from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.datasets.table import Codes, Ints, PurchaseTable
from streamflow.replay.observations import Observations, observe

ROWS_A_PART = 100_000


@dataclass(frozen=True)
class Part:
    """Some customers of a table, and how to look at them; see `observe`."""

    table: PurchaseTable
    rule_set: RuleSet
    horizons: Horizons
    windows: tuple[int, ...]
    risk: Ints | None


def observe_part(part: Part) -> Observations:
    """Observe some customers."""
    return observe(part.table, part.rule_set, part.horizons, windows=part.windows, risk=part.risk)


def spread(workers: Workers) -> Callable[..., Observations]:
    """Return what does as `observe` does, with the same outcome, but spreads customers over workers."""

    def observe_all(
        table: PurchaseTable,
        rule_set: RuleSet,
        horizons: Horizons,
        *,
        windows: Sequence[int],
        risk: Ints | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Observations:
        if table.customer is None:
            raise ValueError("rules observe customers, and this table has none")
        # A row without customer stands for itself, wherever it is.
        count = max(len(table) // ROWS_A_PART, 1)
        owner = np.where(table.customer.codes >= 0, table.customer.codes, np.arange(len(table))) % count
        rows = [np.flatnonzero(owner == part) for part in range(count)]

        def parts() -> Iterator[Part]:
            for mine in rows:
                some = None if risk is None else risk[mine]
                yield Part(_take(table, mine), rule_set, horizons, tuple(windows), some)

        found, done = [], 0
        for mine, one in zip(rows, workers.run(observe_part, parts()), strict=True):
            found.append(one)
            done += len(mine)
            if progress is not None:
                progress(done)
        order = np.argsort(np.concatenate(rows), kind="stable")
        names = [one.name for one in fields(Observations)]
        return Observations(**{name: _joined([getattr(part, name) for part in found], order) for name in names})

    return observe_all


def _take(table: PurchaseTable, rows: Ints) -> PurchaseTable:
    """Return some rows of a table; names stay, so that codes keep their meaning."""
    changed: dict[str, Any] = {}
    for one in fields(table):
        value = getattr(table, one.name)
        if isinstance(value, np.ndarray):
            changed[one.name] = value[rows]
        elif isinstance(value, Codes):
            # What is observed depends on who is the same customer, not on what anybody is called.
            distinct, place = np.unique(value.codes[rows], return_inverse=True)
            names = tuple(str(code) for code in distinct.tolist())
            changed[one.name] = Codes(np.where(value.codes[rows] < 0, -1, place), names)
    return replace(table, **changed)


def _joined(parts: Sequence[Any], order: Ints) -> Any:
    if isinstance(parts[0], dict):
        return {key: _joined([part[key] for part in parts], order) for key in parts[0]}
    return np.concatenate(parts)[order]
