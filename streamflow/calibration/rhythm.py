"""When purchases are made: hours and weekdays of the whole, hours of a customer, gaps and bursts."""

from __future__ import annotations

import numpy as np

from streamflow.calibration.evidence import DAY_US, HOUR_US, Findings, Prepared, whole
from streamflow.datasets.table import Floats, Ints
from streamflow.generator.parameters import Parameters
from streamflow.statistics.clusters import clustered_mean, clustered_quantiles, clustered_shares
from streamflow.statistics.mixtures import fit_hours, hour_densities
from streamflow.statistics.sequences import Sequences, regularity

CONCENTRATIONS = (0.5, 0.8, 1.2, 1.8, 2.7, 4.0, 6.0, 9.0, 14.0, 20.0)
PEAKS_H = tuple(hour + 0.5 for hour in range(24))
PEAK_SPREAD_H = 0.29
"""A peak stands for an hour of the day: the standard deviation of a uniform hour."""
BIN_MIN = 30
LEAST_HISTORY, LEAST_CUSTOMERS, MOST_CUSTOMERS = 5, 100, 6000
LEAST_WEEKDAY_ROWS = 200
BASKET_S, BACKGROUND_S = 60.0, 660.0
BURST_S = 600.0
LONGEST_BURST = 10


def rhythm_figures(found: Findings, rows: Prepared, base: Parameters, rng: np.random.Generator) -> None:
    """Note what a table says about when purchases are made.

    Args:
        found: Gets the figures.
        rows: The table.
        base: Carries what the estimates take as given: uniform hours, purchases out of order.
        rng: Of samples and resamples.
    """
    _hours(found, rows)
    _week(found, rows, base)
    habits = rows.habits
    if habits is None or not len(habits.gaps_s):
        reason = "no customer column" if habits is None else "no customer buys twice"
        found.leave(reason, "rhythm.second_basket_share", "rhythm.peaks_h", "rhythm.peak_weights")
        found.leave(reason, "rhythm.peak_spread_h", "rhythm.night_share", "rhythm.concentration")
        found.leave(reason, "rhythm.concentration_weights")
        return
    _baskets(found, rows, habits, base)
    _peaks(found, rows, habits, base.rhythm.uniform_share, rng)
    _gaps(found, rows, habits)


def _clock(rows: Prepared) -> str:
    return "hours of UTC" if rows.table.has_date else "hours since the source's first midnight, by its convention"


def _hours(found: Findings, rows: Prepared) -> None:
    chosen = rows.genuine & rows.traffic.inside
    shares = clustered_shares(rows.hour[chosen], 24, rows.table.weight[chosen], rows.groups_of(chosen))
    method = f"weighted shares of genuine purchases, {_clock(rows)}"
    found.add_shares("rhythm.hours", shares, unit="share", method=method)


def weekday_of(day: Ints) -> Ints:
    """Return the weekdays of days since the epoch, Monday 0."""
    return (day + 3) % 7


def _week(found: Findings, rows: Prepared, base: Parameters) -> None:
    traffic = rows.traffic
    if not rows.table.has_date:
        found.leave("no dates, so no weekdays", "rhythm.week")
        return
    chosen = rows.genuine & traffic.inside
    weights, weekday = rows.table.weight[chosen], weekday_of(rows.table.event_us[chosen] // DAY_US)
    days = np.bincount(weekday_of(np.arange(traffic.days) + traffic.start_us // DAY_US), minlength=7)
    if (np.bincount(weekday, minlength=7)[days > 0] < LEAST_WEEKDAY_ROWS).any():
        found.leave(f"fewer than {LEAST_WEEKDAY_ROWS} purchases on some weekdays", "rhythm.week")
        return
    shares = clustered_shares(weekday, 7, weights, rows.groups_of(chosen))
    seen, given = days > 0, np.array(base.rhythm.week)
    # A weekday's rate against the usual one; weekdays that never came keep what the base says, on the same scale.
    rate = np.array([share.value for share in shares]) / np.maximum(days, 1)
    factor = given[seen].mean() / rate[seen].mean()
    value = np.where(seen, rate * factor, given)
    scale = factor / np.maximum(days, 1)
    ends = [
        [share.interval[0] * one, share.interval[1] * one] if known else [own, own]
        for share, one, known, own in zip(shares, scale.tolist(), seen.tolist(), given.tolist(), strict=True)
    ]
    unseen = "" if seen.all() else f"{int((~seen).sum())} weekdays do not occur; they keep the base's factor"
    found.add(
        "rhythm.week",
        np.round(np.maximum(value, 1e-6), 6).tolist(),
        unit="factor, Monday first",
        method="purchases a day of each weekday over those of a usual day",
        n=min(share.n for share, known in zip(shares, seen.tolist(), strict=True) if known),
        interval=ends,
        reason=unseen,
    )


def _baskets(found: Findings, rows: Prepared, habits: Sequences, base: Parameters) -> None:
    """Note purchases that follow another within a minute, beyond those that would by chance."""
    gap = np.full(len(habits.group), np.inf)
    gap[~habits.first] = habits.gaps_s
    by_chance = BASKET_S / (BACKGROUND_S - BASKET_S)
    signed = (gap < BASKET_S) - by_chance * ((gap >= BASKET_S) & (gap < BACKGROUND_S))
    share = clustered_mean(signed.astype(np.float64), rows.table.weight[habits.order], habits.group)
    overtaken = base.faults.out_of_order
    found.add(
        "rhythm.second_basket_share",
        round(float(np.clip(share.value - overtaken, 0.0, 0.4)), 6),
        unit="share",
        method="gaps under 60 s, less a tenth of those from 60 to 660 s (chance) and the base's faults.out_of_order",
        n=share.n,
        interval=[float(np.clip(end - overtaken, 0.0, 0.4)) for end in share.interval],
    )


def hour_histogram(rows: Prepared, habits: Sequences, members: Ints) -> Floats:
    """Return how many purchases each of these customers makes in each half hour of the day; the hour's middle counts.

    Args:
        rows: The table.
        habits: Its purchases by customer.
        members: Places of the customers among those with any purchase.
    """
    table = rows.table
    middle = table.event_us[habits.order] // HOUR_US * 60 + 30
    local = middle + (0 if table.offset_min is None else table.offset_min[habits.order])
    bins = local % 1440 // BIN_MIN
    place = np.full(len(habits.counts), -1)
    place[members] = np.arange(len(members))
    mine = place[np.cumsum(habits.first) - 1]
    kept = mine >= 0
    width = 1440 // BIN_MIN
    return np.bincount(mine[kept] * width + bins[kept], minlength=len(members) * width).reshape(-1, width).astype(float)


def _peaks(found: Findings, rows: Prepared, habits: Sequences, uniform_share: float, rng: np.random.Generator) -> None:
    paths = ("peaks_h", "peak_weights", "peak_spread_h", "night_share", "concentration", "concentration_weights")
    enough = np.flatnonzero(habits.counts >= LEAST_HISTORY)
    if len(enough) < LEAST_CUSTOMERS:
        reason = f"fewer than {LEAST_CUSTOMERS} customers with {LEAST_HISTORY} purchases"
        found.leave(reason, *(f"rhythm.{path}" for path in paths))
        return
    if len(enough) > MOST_CUSTOMERS:
        enough = np.sort(rng.choice(enough, MOST_CUSTOMERS, replace=False))
    # Offsets are whole half hours, so the middle of a clock hour falls on the start of a half hour.
    bins = np.arange(0, 1440, BIN_MIN, dtype=np.float64)
    densities = hour_densities(bins, np.array(PEAKS_H) * 60.0, np.array(CONCENTRATIONS), uniform_share)
    fitted = fit_hours(hour_histogram(rows, habits, enough), densities, rng)
    method = "mixture over hours and concentrations by maximum likelihood, customers as units"
    clock = "local hours" if rows.table.offset_min is not None else _clock(rows)
    n = len(enough)

    def note(path: str, value: object, unit: str, how: str, interval: object) -> None:
        found.add(f"rhythm.{path}", value, unit=unit, method=how, n=n, interval=interval)

    note("peaks_h", list(PEAKS_H), "h", f"chosen grid, {clock}", [[hour, hour] for hour in PEAKS_H])
    note("peak_weights", whole(fitted.peaks.tolist()), "share of customers", method, fitted.peak_ends.tolist())
    note("peak_spread_h", PEAK_SPREAD_H, "h", "the grid's own width", [PEAK_SPREAD_H, PEAK_SPREAD_H])
    note("clock", "source" if rows.table.offset_min is None else "local", "clock", "the source's columns", [])
    note("night_share", 0.0, "share of customers", "night is among peaks_h", [0.0, 0.0])
    note("concentration", list(CONCENTRATIONS), "kappa", "chosen grid", [[kappa, kappa] for kappa in CONCENTRATIONS])
    ends = fitted.concentration_ends.tolist()
    note("concentration_weights", whole(fitted.concentrations.tolist()), "share of customers", method, ends)


def _gaps(found: Findings, rows: Prepared, habits: Sequences) -> None:
    """Note what no parameter says by itself: gaps, bursts and regularity of hours."""
    gaps = habits.gaps_s
    value, low, high = clustered_quantiles(
        gaps, np.ones(len(gaps)), np.array([0.05, 0.25, 0.5, 0.75, 0.95]), habits.gap_group
    )
    names = ["q5", "q25", "q50", "q75", "q95"]
    found.add(
        "observed.gaps_s",
        dict(zip(names, value.tolist(), strict=True)),
        unit="s",
        method="between genuine purchases of a customer; Woodruff's intervals with customers as clusters",
        n=len(gaps),
        interval={name: [a, b] for name, a, b in zip(names, low.tolist(), high.tolist(), strict=True)},
    )
    lengths, of = habits.bursts(BURST_S)
    shares = clustered_shares(np.minimum(lengths, LONGEST_BURST) - 1, LONGEST_BURST, np.ones(len(lengths)), of)
    found.add_shares(
        "observed.burst_lengths",
        shares,
        [*(str(length) for length in range(1, LONGEST_BURST)), f"{LONGEST_BURST} or more"],
        unit="share of bursts",
        method="purchases each at most 10 minutes after the last",
    )
    strengths, _ = regularity(habits, rows.minute)
    if len(strengths):
        at = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
        value, low, high = clustered_quantiles(strengths, np.ones(len(strengths)), at)
        names = ["q10", "q25", "q50", "q75", "q90"]
        found.add(
            "observed.hour_regularity",
            dict(zip(names, value.tolist(), strict=True)),
            unit="squared resultant length",
            method="unbiased, customers with at least 5 purchases",
            n=len(strengths),
            interval={name: [a, b] for name, a, b in zip(names, low.tolist(), high.tolist(), strict=True)},
        )
