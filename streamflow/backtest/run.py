"""One backtest, from a source to arrays: read, fit if asked, list merchants as labels came in, score."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from streamflow.backtest.gathering import Read
from streamflow.backtest.rows import NEVER_US
from streamflow.backtest.scored import Backtest, Origin, Period, Purchases
from streamflow.backtest.scoring import Result, ScoreSetup, score
from streamflow.backtest.workers import Workers
from streamflow.calibration.rules.learned_risk import risk_shares
from streamflow.calibration.rules.threshold import Budget
from streamflow.contracts.calibrations import Source as Named
from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.contracts.timestamps import format_us
from streamflow.datasets.table import Codes, Floats, PurchaseTable
from streamflow.errors import InputError
from streamflow.rules.blacklist import Entry

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is, and how much there is, if that is known."""


def silent(_: str, __: int, ___: int | None) -> None:
    """Tell nobody."""


class Source(Protocol):
    """Where purchases come from: a file, or the platform's log.

    Attributes:
        by_time: Whether a customer's purchases are scored by event time, as a file is sent; a log has its own order.
    """

    @property
    def by_time(self) -> bool:
        """See above."""
        ...

    def read(self, workers: Workers, folder: Path, progress: Callable[[int], None]) -> Read:
        """Read everything, with part files in a folder."""
        ...

    def origin(self, read: Read) -> Origin:
        """Name what was read."""
        ...


@dataclass(frozen=True)
class Request:
    """What to test.

    Attributes:
        horizons: How far the engine's state reaches.
        rule_set: The rule set in question; None to fit one on purchases before `train_until_us`.
        against: The one to compare it with.
        base: The rule set that a fit starts from.
        budget: What alerts may cost, for the fit's threshold.
        train_from_us: Purchases before it only make history for the fit; None for all.
        train_until_us: No label counts in the fit that was not known by then.
        test_from_us: First event time that is judged; None for the end of training, or the first purchase.
        test_until_us: First one that is judged no more; None for the end.
        as_of_us: The moment of the backtest; None for the newest purchase.
        entries: Published blacklist entries; None to list merchants day by day from labels known by then.
        seed: Of the fit's resamples.
        jobs: Processes.
    """

    horizons: Horizons
    rule_set: RuleSet | None
    against: RuleSet | None = None
    base: RuleSet | None = None
    budget: Budget = field(default_factory=lambda: Budget(10.0, 500.0))
    train_from_us: int | None = None
    train_until_us: int | None = None
    test_from_us: int | None = None
    test_until_us: int | None = None
    as_of_us: int | None = None
    entries: tuple[Entry, ...] | None = None
    seed: int = 1
    jobs: int = 1


@dataclass(frozen=True)
class Tested:
    """A backtest with what its reading noticed.

    Attributes:
        backtest: The backtest.
        oddities: By name, rows that were taken and are odd: rounded, ragged, backwards, label_unknown.
        warnings: What a reader must know before the figures, a sentence each.
    """

    backtest: Backtest
    oddities: dict[str, int]
    warnings: tuple[str, ...] = ()


def run_backtest(source: Source, request: Request, scratch: Path, progress: Progress = silent) -> Tested:
    """Run a backtest.

    Args:
        source: Where purchases come from.
        request: What to test.
        scratch: A folder for temporary files; nothing stays there.
        progress: Told what is done.

    Returns:
        The backtest, nothing of it judged yet; the same for every number of jobs.

    Raises:
        InputError: The source cannot be used, or a period holds nothing.
        EnvironmentNotReady: A worker was killed.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="backtest-", dir=scratch) as folder,
        Workers(request.jobs) as workers,
    ):
        read = source.read(workers, Path(folder), lambda done: progress("reading", done, None))
        as_of_us = int(read.event_us.max()) if request.as_of_us is None else request.as_of_us
        period = _period(read, request, as_of_us)
        risk = None if request.entries is not None else _risk(read, request.horizons)
        rule_set, training = request.rule_set, None
        if rule_set is None:
            raise InputError("Fitting is not there yet.")
        rule_sets = [one for one in (rule_set, request.against) if one is not None]
        setup = ScoreSetup(tuple(rule_sets), request.horizons, source.by_time, request.entries)
        result = score(read, setup, workers, risk, lambda done: progress("scoring", done, len(read)))
    purchases = _purchases(read, result, source.origin(read), as_of_us)
    said = iter(result.rule_sets)
    backtest = Backtest(
        purchases,
        next(said),
        period,
        next(said) if request.against is not None else None,
        training,
    )
    odd = {**read.oddities, "label_unknown": int((read.known_us == NEVER_US).sum())}
    return Tested(backtest, {name: count for name, count in sorted(odd.items()) if count})


def _period(read: Read, request: Request, as_of_us: int) -> Period:
    """Return what is judged; refuse a period without purchases."""
    first, last = int(read.event_us.min()), int(read.event_us.max())
    from_us = request.test_from_us
    if from_us is None:
        from_us = first if request.train_until_us is None else request.train_until_us
    until_us = min(last if request.test_until_us is None else request.test_until_us - 1, as_of_us) + 1
    if request.train_until_us is not None and from_us < request.train_until_us:
        raise InputError(
            f"--test-from {format_us(from_us)} lies before --train-until {format_us(request.train_until_us)}: a rule "
            f"set is not judged on what it was fitted on."
        )
    period = Period(from_us, until_us)
    if not period.of(read.event_us).any():
        raise InputError(
            f"No purchase lies between {format_us(from_us)} and {format_us(max(until_us, from_us))}; they reach from "
            f"{format_us(first)} to {format_us(last)}."
        )
    return period


def _risk(read: Read, horizons: Horizons) -> Floats | None:
    """Return the risk of each purchase's merchant as labels known by the start of its day would have listed it."""
    result = np.full(len(read), np.nan)
    # A purchase that was reported twice is one purchase.
    once = ~read.repeated(horizons.dedup_horizon_s * 1_000_000)
    if (read.merchant < 0).all():
        return result
    table = PurchaseTable(
        dataset="own",
        source=Named(kind="choice", name="backtest"),
        event_us=read.event_us[once],
        amount_minor=read.amount_minor[once],
        weight=np.ones(int(once.sum())),
        fraud=read.fraud[once],
        known_us=read.known_us[once],
        merchant=Codes(read.merchant[once], read.merchants),
    )
    shares = risk_shares(table)
    if shares is not None:
        result[once] = shares
    return result


def _purchases(read: Read, result: Result, origin: Origin, as_of_us: int) -> Purchases:
    scored = result.scored
    merchants = None if (read.merchant < 0).all() else read.merchant[scored]
    return Purchases(
        origin=origin,
        event_us=read.event_us[scored],
        amount_minor=read.amount_minor[scored],
        fraud=read.fraud[scored],
        known_us=read.known_us[scored],
        customer=result.customer[scored],
        customers=result.customers,
        merchant=merchants,
        merchants=() if merchants is None else read.merchants,
        as_of_us=as_of_us,
        set_aside=dict(sorted((Counter(read.counts) + result.counts).items())),
        not_applicable=_not_applicable(read),
    )


def _not_applicable(read: Read) -> dict[str, str]:
    found = {}
    if not read.located:
        found["geographic"] = "no coordinates in the source"
    if (read.merchant < 0).all():
        found["blacklist"] = "no merchants in the source"
    return found
