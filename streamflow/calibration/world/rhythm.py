"""When purchases are made: hours and weekdays of the whole, hours of a customer, gaps and bursts."""

from __future__ import annotations

import numpy as np

from streamflow.calibration.world.evidence import DAY_US, HOUR_US, Findings, Prepared, whole
from streamflow.datasets.table import Bools, Floats, Ints
from streamflow.generator.parameters import Parameters
from streamflow.statistics.clusters import clustered_mean, clustered_quantiles, clustered_share, clustered_shares
from streamflow.statistics.mixtures import fit_hours, hour_densities
from streamflow.statistics.sequences import Sequences, regularity

CONCENTRATIONS = (0.5, 0.8, 1.2, 1.8, 2.7, 4.0, 6.0, 9.0, 14.0, 20.0)
PEAKS_H = tuple(half / 2 + 0.25 for half in range(48))
PEAK_SPREAD_H = 0.144
"""A peak stands for half an hour of the day: the standard deviation of a uniform half hour."""
BIN_MIN = 30
LEAST_HISTORY, LEAST_CUSTOMERS, MOST_CUSTOMERS = 5, 100, 40_000
LEAST_WEEKDAY_ROWS = 200
SHORT_S, BACKGROUND_S, LONG_S = 60.0, 660.0, 1800.0
BUSY = 4.0
"""Times as many purchases in a customer's busy hours as there would be if they bought all day."""
GAP_KNOTS = (0.0, 0.01, 0.05, *(step / 10 for step in range(1, 10)), 0.95, 0.99, 1.0)
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
        found.leave(reason, "rhythm.concentration_weights", "rhythm.basket_gaps_s", "rhythm.further_basket_share")
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


def basket_window_s(habits: Sequences) -> float:
    """Return up to which gap a purchase counts as a second basket: a minute, or half an hour where that is clear.

    It is clear where gaps of 1 to 30 minutes are half as many again as chance could explain, were every customer to
    buy at their own rate in a quarter of the day. Those who buy all day long say nothing about baskets.
    """
    gaps = habits.gaps_s
    between = float(((gaps >= SHORT_S) & (gaps < LONG_S)).sum())
    length_s = max(1.0, float(np.ptp(habits.time_us)) / 1e6)
    by_chance = float(np.square(habits.counts.astype(np.float64)).sum()) / length_s * BUSY * (LONG_S - SHORT_S)
    return LONG_S if between > 1.5 * by_chance + 5 * np.sqrt(between) else SHORT_S


def _baskets(found: Findings, rows: Prepared, habits: Sequences, base: Parameters) -> None:
    """Note purchases that follow another soon, beyond those that would by chance."""
    window = basket_window_s(habits)
    beyond = LONG_S + window if window == LONG_S else BACKGROUND_S
    gap = np.full(len(habits.group), np.inf)
    gap[~habits.first] = habits.gaps_s
    by_chance = window / (beyond - window)
    signed = (gap < window) - by_chance * ((gap >= window) & (gap < beyond))
    share = clustered_mean(signed.astype(np.float64), rows.table.weight[habits.order], habits.group)
    overtaken = base.faults.out_of_order
    if share.value < overtaken:
        # The generator makes a purchase overtaken by letting another follow within seconds: no more than there are.
        overtaken = round(max(0.0, share.value), 6)
        found.add(
            "faults.out_of_order",
            overtaken,
            unit="share",
            method=f"at most the share of gaps under {window:g} s, less chance",
            n=share.n,
            interval=[0.0, max(0.0, share.interval[1])],
        )
    kept = _kept_by_slots(rows, float(np.clip(share.value - overtaken, 0.0, 0.4)))
    found.add(
        "rhythm.second_basket_share",
        round(float(np.clip((share.value - overtaken) / kept, 0.0, 0.4)), 6),
        unit="share",
        method=f"gaps under {window:g} s, less chance by those up to {beyond:g} s, less faults.out_of_order"
        + (f"; of which the generator's hours keep {kept:.3f}" if kept < 1 else ""),
        n=share.n,
        interval=[float(np.clip((end - overtaken) / kept, 0.0, 0.4)) for end in share.interval],
    )
    close = gap < window
    if not close.any():
        found.leave(f"no gaps under {window:g} s", "rhythm.further_basket_share", "rhythm.basket_gaps_s")
        return
    chance = float(((gap >= window) & (gap < beyond)).sum()) * by_chance / max(1, len(habits.gaps_s))
    _chains(found, habits, close, window, chance)
    if window == LONG_S:
        _basket_gaps(found, habits)
    else:
        found.leave("too few gaps of minutes that are not by chance", "rhythm.basket_gaps_s")


def _kept_by_slots(rows: Prepared, share: float) -> float:
    """Return which part of the second baskets finds a purchase to follow: the generator deals them hour by hour.

    In a small shop many hours hold one purchase, and a basket drawn for it has nothing to follow. By simulation, with a
    stream of its own; 1 where hours are full.
    """
    weights = np.bincount(rows.hour, rows.table.weight, 24)
    usual = weights / rows.traffic.days
    if share == 0 or usual.min() > 50:
        return 1.0
    rng = np.random.default_rng(0)
    held = rng.poisson(usual, (2000, 24))
    drawn = rng.binomial(held, share)
    return round(float(np.minimum(drawn, held // 2).sum() / max(1, drawn.sum())), 3) or 1.0


def _chains(found: Findings, habits: Sequences, close: Bools, window: float, chance: float) -> None:
    """Note how often a second basket is followed by a further one, beyond chance."""
    after = np.flatnonzero(close[:-1] & ~habits.first[1:])
    share = clustered_share(close[after + 1], np.ones(len(after)), habits.group[after])
    low, high = (float(np.clip(end - chance, 0.0, 0.9)) for end in share.interval)
    found.add(
        "rhythm.further_basket_share",
        round(float(np.clip(share.value - chance, 0.0, 0.9)), 6),
        unit="share of second baskets",
        method=f"gaps under {window:g} s after another such gap, less chance",
        n=share.n,
        interval=[low, high],
    )


def _basket_gaps(found: Findings, habits: Sequences) -> None:
    """Note the gaps of second baskets: those under half an hour, each bin less what it holds by chance."""
    gaps = habits.gaps_s[habits.gaps_s < LONG_S]
    each_s = float(((habits.gaps_s >= LONG_S) & (habits.gaps_s < 2 * LONG_S)).sum()) / LONG_S
    edges = np.append(0.0, np.geomspace(1.0, LONG_S, 25))
    place = np.searchsorted(edges, gaps, side="right") - 1
    seen = np.bincount(place, minlength=len(edges) - 1)
    kept = np.clip(1 - each_s * np.diff(edges) / np.maximum(seen, 1), 0.0, 1.0)
    owners = habits.gap_group[habits.gaps_s < LONG_S]
    value, low, high = clustered_quantiles(gaps, kept[place] + 1e-9, np.array(GAP_KNOTS), owners)
    value = np.maximum.accumulate(np.maximum(np.round(value, 3), 0.001))
    found.add(
        "rhythm.basket_gaps_s",
        {"quantiles": list(GAP_KNOTS), "values": value.tolist()},
        unit="s",
        method="gaps under half an hour, less chance; Woodruff's intervals with customers as clusters",
        n=len(gaps),
        interval={
            "quantiles": [[q, q] for q in GAP_KNOTS],
            "values": [list(pair) for pair in zip(low.tolist(), high.tolist(), strict=True)],
        },
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
    local = middle + rows.offset_min[habits.order]
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
        enough = rng.choice(enough, MOST_CUSTOMERS, replace=False)
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
