"""Who is of which kind is found again where the kinds are known."""

from __future__ import annotations

import numpy as np

from streamflow.statistics.counts import fit_rate_grid, fit_rates, mean_rate, rate_quantiles, variance_shares
from streamflow.statistics.mixtures import fit_hours, fit_items, hour_densities

CUSTOMERS = 1500


def test_cards_owned_and_the_use_of_the_main_one_are_found_again() -> None:
    """Who owns three cards and was seen with one is not taken for one who owns one."""
    rng = np.random.default_rng(0)
    owned = rng.choice([1, 2, 3], CUSTOMERS, p=[0.6, 0.3, 0.1])
    uses = np.zeros((CUSTOMERS, 4))
    for row, cards in enumerate(owned.tolist()):
        shares = [1.0] if cards == 1 else [0.85, *[0.15 / (cards - 1)] * (cards - 1)]
        uses[row, :cards] = -np.sort(-rng.multinomial(2 + rng.poisson(6), shares))
    seen = np.bincount((uses > 0).sum(axis=1), minlength=5)[1:4] / CUSTOMERS
    found = fit_items(uses, 4, rng)
    assert np.allclose(found.owned, [0.6, 0.3, 0.1, 0.0], atol=0.06), found
    assert seen[0] > 0.68
    assert abs(found.main_share - 0.85) < 0.03
    assert found.main_ends[0] < 0.85 < found.main_ends[1]
    assert found.owned_ends[0][0] < 0.6 < found.owned_ends[0][1]


def test_peaks_and_concentrations_are_found_again() -> None:
    """Loose and strict customers, in the morning and in the evening."""
    rng = np.random.default_rng(1)
    bins = np.arange(48) * 30.0
    kappas = np.array([1.2, 6.0])
    densities = hour_densities(bins, np.array([540.0, 1200.0]), kappas, 0.02)
    peak, strict = rng.random(CUSTOMERS) < 0.3, rng.random(CUSTOMERS) < 0.4
    shares = np.exp(densities)[:, 1 - peak.astype(int), strict.astype(int)].T
    histogram = np.array([rng.multinomial(15, row / row.sum()) for row in shares], dtype=float)
    found = fit_hours(histogram, densities, rng)
    assert np.allclose(found.peaks, [0.3, 0.7], atol=0.04), found
    assert np.allclose(found.concentrations, [0.6, 0.4], atol=0.06), found
    assert (found.peak_ends[:, 0] < found.peaks).all()
    assert (found.peaks < found.peak_ends[:, 1]).all()


def test_rates_are_found_again_though_who_bought_nothing_is_not_seen() -> None:
    """A gamma of shape 2 around 1.5: a third of the customers leave no trace."""
    rng = np.random.default_rng(2)
    counts = rng.poisson(rng.gamma(2.0, 0.75, 40_000))
    seen = counts[counts > 0].astype(float)
    assert 0.6 < len(seen) / 40_000 < 0.7
    fitted = fit_rates(float(seen.mean()), float(np.square(seen).mean()))
    assert abs(fitted.mean - 1.5) < 0.1
    assert 1.6 < fitted.shape < 2.5
    assert abs(fitted.seen - len(seen) / 40_000) < 0.03
    kinds, times = np.unique(seen, return_counts=True)
    grid = np.geomspace(0.2, 20, 80)
    shares = fit_rate_grid(kinds, times.astype(float), grid, np.full(80, 1 / 80), 500)
    assert abs(mean_rate(grid, shares) - 1.5) < 0.15
    quantiles = rate_quantiles(grid, shares, np.array([0.0, 0.5, 0.95, 1.0]))
    assert (np.diff(quantiles) > 0).all()
    assert abs(float(quantiles[1]) - 1.26) < 0.3


def test_the_share_of_variance_between_customers_is_found_again() -> None:
    """With groups of any size; singletons say nothing."""
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(3000), rng.integers(1, 12, 3000))
    scores = np.sqrt(0.45) * rng.normal(size=3000)[group] + np.sqrt(0.55) * rng.normal(size=len(group))
    share, between, whole = variance_shares(scores, group)
    assert abs(share - 0.45) < 0.03
    assert len(between) == len(whole) < 3000
    assert variance_shares(rng.normal(size=len(group)), group)[0] < 0.03
