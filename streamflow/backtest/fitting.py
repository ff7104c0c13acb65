"""Rules fitted on the purchases before a moment, with the labels that were known by then.

The leakage rules are the calibration's: a fraud that nobody had reported yet is no negative example, and a merchant is
listed on a day by what was known when it began.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np

from streamflow.backtest.gathering import Read
from streamflow.backtest.names import Numbered
from streamflow.backtest.observing import spread
from streamflow.backtest.plain import plain_rules
from streamflow.backtest.rows import Segment, load, segments_of
from streamflow.backtest.workers import Workers
from streamflow.calibration.rules.fit import Task, fit_rules, known_by
from streamflow.calibration.rules.threshold import Budget
from streamflow.contracts.calibrations import Source
from streamflow.contracts.diff_rule_sets import compare_rule_sets
from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.contracts.timestamps import format_us
from streamflow.contracts.versions import bump, worst
from streamflow.datasets.table import Bools, Codes, Floats, Ints, PurchaseTable
from streamflow.errors import InputError


@dataclass(frozen=True)
class Fit:
    """How to fit.

    Attributes:
        base: The rule set that the fit starts from.
        horizons: How far the engine's state reaches.
        budget: What alerts may cost.
        from_us: Purchases before it only make history; None for all.
        until_us: No label counts that was not known by then.
        seed: Of every resample.
    """

    base: RuleSet
    horizons: Horizons
    budget: Budget
    from_us: int | None
    until_us: int
    seed: int


@dataclass(frozen=True)
class Fitted:
    """What was fitted.

    Attributes:
        rule_set: The five rules, under the version that would follow the base's.
        plain: The baseline of three fixed rules.
        purchases: Purchases fitted on.
        frauds: Of them, fraud known by the end of training.
    """

    rule_set: RuleSet
    plain: RuleSet
    purchases: int
    frauds: int


@dataclass(frozen=True)
class Extra:
    """What a fit needs of a bucket beside what `Read` holds; shape (purchases,) in every array.

    `customers` is how many there are, and `customer` the number of each purchase's.
    """

    customers: int
    row: Ints
    customer: Ints
    offset_min: Ints
    latitude: Floats
    longitude: Floats


def extra_of(segments: tuple[Segment, ...]) -> Extra:
    """Return the columns of one bucket."""
    codes: dict[str, int] = {}
    placed = list(load(segments))
    pairs = [(one.latitude, one.longitude) if one.latitude is not None else (None, None) for one in placed]
    return Extra(
        customer=np.array([codes.setdefault(one.customer_id, len(codes)) for one in placed], dtype=np.int64),
        customers=len(codes),
        row=np.array([one.row for one in placed], dtype=np.int64),
        offset_min=np.array([one.utc_offset_min or 0 for one in placed], dtype=np.int64),
        latitude=np.array([latitude for latitude, longitude in pairs], dtype=np.float64),
        longitude=np.array([longitude for latitude, longitude in pairs], dtype=np.float64),
    )


def fit_before(read: Read, source: Source, fit: Fit, workers: Workers, progress: Callable[[str, int], None]) -> Fitted:
    """Fit the five rules and the baseline.

    Args:
        read: The purchases.
        source: Where they come from: real rows or generated ones.
        fit: How.
        workers: Who works.
        progress: Told what is done and how much of it.

    Raises:
        InputError: No fraud was known by the end of training.
    """
    from threadpoolctl import threadpool_limits

    chosen = ~read.repeated(fit.horizons.dedup_horizon_s * 1_000_000) & (read.event_us < fit.until_us)
    table = _table(read, source, chosen, workers)
    train = _known(table, fit)
    task = Task(
        table=table,
        base=fit.base,
        horizons=fit.horizons,
        train=train,
        budget=fit.budget,
        seed=fit.seed,
        source="data",
        run=spread(workers),
    )
    # One thread: sums in another order would end in other last digits.
    with threadpool_limits(1):
        found = fit_rules(task, progress)
        plain = plain_rules(table, found, fit.horizons, fit.budget)
    changes = compare_rule_sets(fit.base, found.rule_set)
    version = bump(fit.base.version, worst(change.level for change in changes) or "patch")
    return Fitted(
        _draft(found.rule_set, version, table.status),
        _draft(plain, version, "assumed"),
        int((train & found.usable).sum()),
        int((train & found.usable & table.fraud).sum()),
    )


def _draft(rule_set: RuleSet, version: str, status: str) -> RuleSet:
    return msgspec.structs.replace(
        rule_set,
        version=version,
        status="draft",
        calibration=None,
        score_calibrated=False,
        prior_status=status,
        alert_threshold_status=status,
    )


def _known(table: PurchaseTable, fit: Fit) -> Bools:
    """Return the purchases whose labels count."""
    known = known_by(table, fit.until_us, fit.from_us)
    if not (known & table.fraud).any():
        since = "" if fit.from_us is None else f" among purchases since {format_us(fit.from_us)}"
        raise InputError(
            f"No fraud of {table.source.name} was known by {format_us(fit.until_us)}{since}: move --train-until, or "
            f"look at the label delay."
        )
    return known


def _table(read: Read, source: Source, chosen: Bools, workers: Workers) -> PurchaseTable:
    """Return the chosen purchases as a table with customers and places."""
    segments = (segments_of(read.parts, bucket) for bucket in range(read.buckets))
    count, parts = 0, list[Extra]()
    customers: list[Ints] = []
    for one in workers.run(extra_of, (found for found in segments if found)):
        customers.append(one.customer + count)
        count += one.customers
        parts.append(one)
    order = np.argsort(np.concatenate([one.row for one in parts]), kind="stable")[chosen]
    located = bool(read.located)
    return PurchaseTable(
        dataset="own",
        source=source,
        event_us=read.event_us[chosen],
        amount_minor=read.amount_minor[chosen],
        weight=np.ones(len(order)),
        fraud=read.fraud[chosen],
        known_us=read.known_us[chosen],
        offset_min=np.concatenate([one.offset_min for one in parts])[order],
        customer=Codes(np.concatenate(customers)[order], Numbered(count)),
        merchant=None if (read.merchant < 0).all() else Codes(read.merchant[chosen], read.merchants),
        latitude=np.concatenate([one.latitude for one in parts])[order] if located else None,
        longitude=np.concatenate([one.longitude for one in parts])[order] if located else None,
    )
