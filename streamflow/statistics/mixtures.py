"""Who is of which kind, when only what they did is seen: mixtures fitted by expectation and maximisation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ROUNDS = 300
RESAMPLES = 30
AGAIN = 20
RESAMPLED = 3000
"""Standard errors of more customers than these are taken from so many, in any order, and scaled."""
CLOSE = 1e-6
"""Rounds end when no share changes by more."""
Z_95 = 1.959963984540054


class Hours(NamedTuple):
    """How customers' hours are distributed.

    Attributes:
        peaks: Shape (peaks,); share of the customers around each.
        peak_ends: Shape (peaks, 2).
        concentrations: Shape (concentrations,); share of the customers with each.
        concentration_ends: Shape (concentrations, 2).
    """

    peaks: Floats
    peak_ends: Floats
    concentrations: Floats
    concentration_ends: Floats


class Items(NamedTuple):
    """How many cards (or devices) customers have and how they use them.

    Attributes:
        owned: Shape (most,); share of the customers with 1, 2, ... of them.
        owned_ends: Shape (most, 2).
        main_share: Share of the uses of those with several that fall on the main one.
        main_ends: Its interval.
    """

    owned: Floats
    owned_ends: Floats
    main_share: float
    main_ends: tuple[float, float]


def hour_densities(bin_min: Floats, peak_min: Floats, kappa: Floats, uniform_share: float) -> Floats:
    """Return log densities of minutes of the day, relative to a flat day; shape (bins, peaks, kappas).

    Args:
        bin_min: Shape (bins,); the minutes.
        peak_min: Shape (peaks,); where a von Mises distribution has its peak.
        kappa: Shape (kappas,); its concentration.
        uniform_share: Share of the mass that is spread over the whole day.
    """
    angle = 2 * np.pi * (bin_min[:, np.newaxis] - peak_min) / 1440
    peaked = np.exp(kappa * (np.cos(angle)[..., np.newaxis] - 1)) / (np.i0(kappa) * np.exp(-kappa))
    return np.asarray(np.log(uniform_share + (1 - uniform_share) * peaked))


def fit_hours(histogram: Floats, densities: Floats, rng: np.random.Generator) -> Hours:
    """Fit shares of peaks and of concentrations, taken as independent of each other.

    Args:
        histogram: Shape (customers, bins); purchases of each by bin of the day; customers in any order.
        densities: Shape (bins, peaks, kappas); logarithms.
        rng: Of the resamples; intervals are normal ones with the standard error of 30 resamples of the customers.
    """
    bins, peaks, kappas = densities.shape
    log = histogram @ densities.reshape(bins, peaks * kappas)
    likelihood = np.exp(log - log.max(axis=1, keepdims=True)).reshape(len(histogram), peaks, kappas)
    peak, concentration = _hours_rounds(
        likelihood, np.ones(len(histogram)), np.full(peaks, 1 / peaks), np.full(kappas, 1 / kappas), ROUNDS
    )
    part = likelihood[: min(len(likelihood), RESAMPLED)]
    drawn = [
        _hours_rounds(part, rng.poisson(1.0, len(part)).astype(float), peak, concentration, AGAIN)
        for _ in range(RESAMPLES)
    ]
    scale = float(np.sqrt(len(part) / len(likelihood)))
    return Hours(
        peak,
        _normal_ends(peak, np.array([one for one, _ in drawn]), scale),
        concentration,
        _normal_ends(concentration, np.array([one for _, one in drawn]), scale),
    )


def _hours_rounds(
    likelihood: Floats, times: Floats, peak: Floats, concentration: Floats, rounds: int
) -> tuple[Floats, Floats]:
    total = times.sum()
    turned = np.ascontiguousarray(likelihood.transpose(0, 2, 1))
    for _ in range(rounds):
        # Two products in place of one large array of posteriors.
        by_peak = likelihood @ concentration
        whole = by_peak @ peak
        by_concentration = turned @ peak
        weight = times / np.maximum(whole, 1e-300)
        before = peak, concentration
        peak = np.maximum(peak * (weight @ by_peak) / total, 1e-12)
        concentration = np.maximum(concentration * (weight @ by_concentration) / total, 1e-12)
        peak, concentration = peak / peak.sum(), concentration / concentration.sum()
        if max(np.abs(peak - before[0]).max(), np.abs(concentration - before[1]).max()) < CLOSE:
            break
    return peak, concentration


def _normal_ends(value: Floats, drawn: Floats, scale: float = 1.0) -> Floats:
    spread = Z_95 * scale * drawn.std(axis=0)
    return np.stack((np.clip(value - spread, 0, 1), np.clip(value + spread, 0, 1)), axis=-1)


def fit_items(uses: Floats, most: int, rng: np.random.Generator) -> Items:
    """Fit how many items customers own, one of which is used mostly and the others alike, to how often each was used.

    Args:
        uses: Shape (customers, width); uses of each item seen, the most used first, zeros where there are fewer.
        most: Most items that anybody is taken to own.
        rng: Of the resamples; see `fit_hours`.
    """
    patterns, times = np.unique(uses, axis=0, return_counts=True)
    owned, main = _item_rounds(patterns, times.astype(float), np.full(most, 1 / most), 0.8, ROUNDS)
    drawn = [_item_rounds(patterns, rng.poisson(times).astype(float), owned, main, AGAIN) for _ in range(RESAMPLES)]
    mains = np.array([[one] for _, one in drawn])
    ends = _normal_ends(np.array([main]), mains)[0]
    return Items(
        owned, _normal_ends(owned, np.array([one for one, _ in drawn])), main, (float(ends[0]), float(ends[1]))
    )


def _item_rounds(patterns: Floats, times: Floats, owned: Floats, main: float, rounds: int) -> tuple[Floats, float]:
    most = len(owned)
    n, seen = patterns.sum(axis=1), (patterns > 0).sum(axis=1)
    for _ in range(rounds):
        likelihood, expected_main = _item_likelihood(patterns, n, seen, most, main)
        joint = likelihood * owned
        whole = np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
        posterior = joint / whole * times[:, np.newaxis]
        total = posterior.sum()
        if not total:
            break
        several = posterior[:, 1:]
        uses = float((several * n[:, np.newaxis]).sum())
        if uses > 0:
            main = float(np.clip((several * expected_main[:, 1:]).sum() / uses, 1e-6, 1 - 1e-6))
        before, owned = owned, posterior.sum(axis=0) / total
        if np.abs(owned - before).max() < CLOSE:
            break
    return owned, main


def _item_likelihood(patterns: Floats, n: Floats, seen: Ints, most: int, main: float) -> tuple[Floats, Floats]:
    """Return the likelihood of each pattern by items owned, relative to its largest, and expected uses of the main."""
    width = patterns.shape[1]
    log = np.full((len(patterns), most, width + 1), -np.inf)
    for owned in range(1, most + 1):
        # Who owns one cannot have used another: such patterns show more items than one and are excluded below.
        other = float(np.log((1 - main) / (owned - 1))) if owned > 1 else 0.0
        # Ways to give the items seen their places among those owned, one of the seen being the main one.
        ways = np.array([_log_falling(owned - 1, count - 1) for count in range(width + 1)])
        for place in range(width):
            uses = patterns[:, place]
            rest = n - uses
            value = uses * (np.log(main) if owned > 1 else 0.0) + rest * other + ways[seen]
            log[:, owned - 1, place] = np.where((uses > 0) & (seen <= owned), value, -np.inf)
        if owned > 1:
            # Or the main one was never seen.
            hidden = np.array([_log_falling(owned - 1, count) for count in range(width + 1)])
            log[:, owned - 1, width] = np.where(seen <= owned - 1, n * other + hidden[seen], -np.inf)
    top = log.max(axis=(1, 2), keepdims=True)
    each = np.exp(log - top)
    likelihood = each.sum(axis=2)
    uses = np.concatenate((patterns, np.zeros((len(patterns), 1))), axis=1)
    expected = np.einsum("ikj,ij->ik", each, uses) / np.maximum(likelihood, 1e-300)
    return likelihood, expected


def _log_falling(owned: int, count: int) -> float:
    """Return the logarithm of owned (owned - 1) ..., count factors; minus infinity where there are not so many."""
    if count < 0 or count > owned:
        return -np.inf
    return float(np.log(np.arange(owned - count + 1, owned + 1)).sum())
