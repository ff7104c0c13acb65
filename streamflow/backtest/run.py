"""One backtest, from a source to arrays: read, fit if asked, list merchants as labels came in, score."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from streamflow.backtest.fitting import Fit, fit_before
from streamflow.backtest.gathering import Read
from streamflow.backtest.rows import NEVER_US, chosen
from streamflow.backtest.scored import Backtest, Origin, Period, Purchases, Training
from streamflow.backtest.scoring import Result, ScoreSetup, score
from streamflow.backtest.workers import Workers
from streamflow.calibration.rules.learned_risk import risk_shares
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
    """Where purchases come from: a file, or the platform's log."""

    @property
    def by_time(self) -> bool:
        """Whether a customer's purchases are scored by event time, as a file is sent; a log has its own order."""
        ...

    def read(self, workers: Workers, folder: Path, progress: Callable[[int], None]) -> Read:
        """Read everything, with part files in a folder."""
        ...

    def origin(self, read: Read) -> Origin:
        """Name what was read."""
        ...

    def named(self, origin: Origin) -> Named:
        """Say whether its rows are real, for figures that are fitted on them."""
        ...


@dataclass(frozen=True)
class Request:
    """What to test.

    Attributes:
        horizons: How far the engine's state reaches.
        rule_set: The rule set in question; None where one is to be fitted.
        against: The one to compare it with.
        fit: How to fit the rule set in question; None where it is given.
        test_from_us: First event time that is judged; None for the end of training, or the first purchase.
        test_until_us: First one that is judged no more; None for the end.
        as_of_us: The moment of the backtest; None for the newest purchase.
        entries: Published blacklist entries; None to list merchants day by day from labels known by then.
        jobs: Processes.
    """

    horizons: Horizons
    rule_set: RuleSet | None
    against: RuleSet | None = None
    fit: Fit | None = None
    test_from_us: int | None = None
    test_until_us: int | None = None
    as_of_us: int | None = None
    entries: tuple[Entry, ...] | None = None
    jobs: int = 1


ODD = {
    "backwards": "have an earlier event time than the row before; all were scored by event time, as 'produce' sends.",
    "label_unknown": "have a label that is neither positive nor negative: they were scored and judge nothing.",
    "ragged": "have more or fewer cells than there are columns.",
    "rounded": "have an amount with more digits than the currency; it was rounded to even.",
}

LEARNED = (
    "The blacklist was learned day by day from labels known by then; the stream raises the same alerts only where "
    "'rules blacklist propose --publish' has listed the same merchants."
)


@dataclass(frozen=True)
class Trial:
    """A backtest with what its reading noticed.

    Attributes:
        backtest: The backtest.
        oddities: By name, rows that were taken and are odd, see ODD.
        learned: Whether merchants were listed by labels, and not by what is published.
    """

    backtest: Backtest
    oddities: dict[str, int]
    learned: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the rows, a sentence each."""
        found = [f"{count:,} rows {ODD[name]}" for name, count in self.oddities.items()]
        return (*found, LEARNED) if self.learned else tuple(found)


def run_backtest(source: Source, request: Request, scratch: Path, progress: Progress = silent) -> Trial:
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

    def told(what: str, done: int) -> None:
        progress(f"fitting, {what}", done, None)

    scratch.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="backtest-", dir=scratch) as folder,
        Workers(request.jobs) as workers,
    ):
        read = source.read(workers, Path(folder), lambda done: progress("reading", done, None))
        as_of_us = int(read.event_us.max()) if request.as_of_us is None else request.as_of_us
        period = _period(read, request, as_of_us)
        risk = None if request.entries is not None else _risk(read, request.horizons)
        origin = source.origin(read)
        fitted = None if request.fit is None else fit_before(read, source.named(origin), request.fit, workers, told)
        lanes = {
            "scored": fitted.rule_set if fitted else request.rule_set,
            "against": request.against,
            "plain": fitted.plain if fitted else None,
        }
        rule_sets = {name: one for name, one in lanes.items() if one is not None}
        setup = ScoreSetup(tuple(rule_sets.values()), request.horizons, source.by_time, request.entries)
        result = score(read, setup, workers, risk, lambda done: progress("scoring", done, len(read)))
    said = dict(zip(rule_sets, result.rule_sets, strict=True))
    backtest = Backtest(
        _purchases(read, result, origin, as_of_us),
        said["scored"],
        period,
        said.get("against"),
        None
        if fitted is None or request.fit is None
        else Training(request.fit.until_us, fitted.purchases, fitted.frauds, said["plain"]),
    )
    odd = {**read.oddities, "label_unknown": int((read.known_us == NEVER_US).sum())}
    return Trial(backtest, {name: count for name, count in sorted(odd.items()) if count}, learned=risk is not None)


def _period(read: Read, request: Request, as_of_us: int) -> Period:
    """Return what is judged; refuse a period without purchases."""
    first, last = int(read.event_us.min()), int(read.event_us.max())
    from_us = request.test_from_us
    if from_us is None:
        from_us = first if request.fit is None else request.fit.until_us
    until_us = min(last if request.test_until_us is None else request.test_until_us - 1, as_of_us) + 1
    if request.fit is not None and from_us < request.fit.until_us:
        raise InputError(
            f"--test-from {format_us(from_us)} lies before --train-until {format_us(request.fit.until_us)}: a rule "
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
        event_us=chosen(read.event_us, once),
        amount_minor=chosen(read.amount_minor, once),
        weight=np.broadcast_to(np.float64(1), int(once.sum())),
        fraud=chosen(read.fraud, once),
        known_us=chosen(read.known_us, once),
        merchant=Codes(chosen(read.merchant, once), read.merchants),
    )
    shares = risk_shares(table)
    if shares is not None:
        result[once] = shares
    return result


def _purchases(read: Read, result: Result, origin: Origin, as_of_us: int) -> Purchases:
    scored = result.scored
    merchants = None if (read.merchant < 0).all() else chosen(read.merchant, scored)
    return Purchases(
        origin=origin,
        event_us=chosen(read.event_us, scored),
        amount_minor=chosen(read.amount_minor, scored),
        fraud=chosen(read.fraud, scored),
        known_us=chosen(read.known_us, scored),
        customer=chosen(result.customer, scored),
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
