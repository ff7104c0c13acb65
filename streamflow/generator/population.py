"""Customers with a home, habits, hours, cards and devices, as arrays with one entry a customer.

Arrays, not objects: ten million purchases need half a million customers, and a slot of time draws thousands at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from streamflow.generator.dealing import Dealt, Drawn, choose
from streamflow.generator.parameters import Parameters, Rhythm
from streamflow.generator.places import CITIES, KM_PER_DEGREE
from streamflow.generator.randomness import stream
from streamflow.generator.spline import Floats, QuantileSpline, normal_cdf

Ints = npt.NDArray[np.int64]
DAY_US = 86_400_000_000
NEVER_US = 2**62
LEAST_ACTIVITY = 0.05
"""Nobody buys next to nothing: added to the gamma variable before its mean is made 1."""

CITY_LATITUDE = np.array([city.latitude for city in CITIES])
CITY_LONGITUDE = np.array([city.longitude for city in CITIES])
CITY_OFFSET_MIN = np.array([city.utc_offset_min for city in CITIES], dtype=np.int64)


@dataclass(frozen=True)
class Population:
    """One entry a customer in each array; times in epoch microseconds, `NEVER_US` where something never happens."""

    activity: Floats
    """Relative purchases, mean 1."""
    peak_min: Floats
    """Local minute of day around which the customer shops."""
    concentration: Floats
    """Kappa of the von Mises distribution of those minutes."""
    taste: Floats
    """Standard normal: where in a class's amounts the customer stands."""
    main_class: Ints
    second_class: Ints
    favourites: Ints
    """Shape (customers, favourites): merchant indices."""
    cards: Ints
    devices: Ints
    segment: Ints
    signup_day: Ints
    """Days before the start of the run."""
    joined_us: Ints
    home_city: Ints
    home_latitude: Floats
    home_longitude: Floats
    moved_us: Ints
    new_city: Ints
    new_latitude: Floats
    new_longitude: Floats
    trip_from_us: Ints
    trip_until_us: Ints
    trip_city: Ints

    def __len__(self) -> int:
        return len(self.activity)

    @cached_property
    def _flatness(self) -> Floats:
        """One over the Bessel function of kappa, which makes the density's mean 1."""
        kappas, which = np.unique(self.concentration, return_inverse=True)
        return np.asarray((1 / np.i0(kappas))[which])

    def city_at(self, customers: Ints, time_us: Ints | int) -> Ints:
        """Return the city where these customers live at these times."""
        return np.where(self.moved_us[customers] <= time_us, self.new_city[customers], self.home_city[customers])

    def home_at(self, customers: Ints, time_us: Ints | int) -> tuple[Floats, Floats]:
        """Return latitude and longitude of these customers' homes at these times."""
        moved = self.moved_us[customers] <= time_us
        return (
            np.where(moved, self.new_latitude[customers], self.home_latitude[customers]),
            np.where(moved, self.new_longitude[customers], self.home_longitude[customers]),
        )

    def hour_density(self, utc_minute: float, time_us: int, rhythm: Rhythm, who: Ints | None = None) -> Floats:
        """Return how likely customers are to buy at a minute of the day, relative to a flat day (mean 1).

        Args:
            utc_minute: Minute of the day, UTC.
            time_us: When, for those who move house.
            rhythm: Uniform hours, and whose clock counts.
            who: Which customers; all when not given.
        """
        people = np.arange(len(self)) if who is None else who
        offset = CITY_OFFSET_MIN[self.city_at(people, time_us)] if rhythm.clock == "local" else 0
        angle = 2 * np.pi * (utc_minute + offset - self.peak_min[people]) / 1440
        peaked = np.exp(self.concentration[people] * np.cos(angle)) * self._flatness[people]
        return np.asarray(rhythm.uniform_share + (1 - rhythm.uniform_share) * peaked)


def _choice(rng: np.random.Generator, weights: object, size: int) -> Ints:
    return choose(weights, rng.random(size))


def _homes(rng: np.random.Generator, city: Ints) -> tuple[Floats, Floats]:
    """Scatter homes some ten kilometres around their city."""
    north, east = rng.normal(0, 12, (2, len(city))) / KM_PER_DEGREE
    latitude = CITY_LATITUDE[city] + north
    return latitude, CITY_LONGITUDE[city] + east / np.cos(np.radians(latitude))


def _peaks(habits: Drawn, rhythm: Rhythm) -> Floats:
    hours = np.array(rhythm.peaks_h)[choose(rhythm.peak_weights, habits.uniform())]
    hours = np.where(habits.uniform() < rhythm.night_share, 2.0, hours)
    return np.asarray((hours + rhythm.peak_spread_h * habits.normal()) % 24 * 60)


def _sometimes(rng: np.random.Generator, share: float, start_us: int, end_us: int, count: int) -> Ints:
    """Return an instant within the run for a share of the customers, never for the rest."""
    when = rng.integers(start_us, end_us, count, dtype=np.int64)
    return np.where(rng.random(count) < share, when, NEVER_US)


def populate(parameters: Parameters, seed: int, count: int, end_us: int, merchant_weights: Floats) -> Population:
    """Draw the customers of a run.

    Args:
        parameters: The world.
        seed: The run's seed.
        count: How many customers.
        end_us: Where full traffic ends; changes of customers happen before.
        merchant_weights: Popularity of each merchant.
    """
    rng = stream(seed, "customers")
    figures = parameters.customers
    city = _choice(rng, [city.weight for city in CITIES], count)
    latitude, longitude = _homes(rng, city)
    habits = Dealt(rng, count) if figures.even else Drawn(rng, count)
    if figures.activity is None:
        activity = habits.activity(figures.activity_shape) + LEAST_ACTIVITY
    else:
        activity = habits.activity_of(
            QuantileSpline(np.array(figures.activity.quantiles), np.array(figures.activity.values))
        )
    main = choose(list(parameters.amounts.shares.values()), habits.uniform())
    second = choose(list(parameters.amounts.shares.values()), habits.uniform())
    merchants = _choice(rng, merchant_weights, count * figures.favourite_merchants)
    rhythm = parameters.rhythm
    concentration = np.array(rhythm.concentration)[choose(rhythm.concentration_weights, habits.uniform())]
    peaks = _peaks(habits, rhythm)
    taste = habits.normal()
    cards, devices = choose(figures.cards, habits.uniform()) + 1, choose(figures.devices, habits.uniform()) + 1
    segment = _choice(rng, list(figures.segments.values()), count)
    signup = rng.integers(1, 1500, count, dtype=np.int64)
    changes = stream(seed, "changes")
    start_us = parameters.start_us
    joined = _sometimes(changes, figures.joining_share, start_us, end_us, count)
    moved = _sometimes(changes, figures.moving_share, start_us, end_us, count)
    new_city = _choice(changes, [city.weight for city in CITIES], count)
    new_latitude, new_longitude = _homes(changes, new_city)
    trip = _sometimes(changes, figures.travelling_share, start_us, end_us, count)
    days = changes.uniform(1, 6, count) * DAY_US
    return Population(
        activity=activity / activity.mean(),
        peak_min=peaks,
        concentration=concentration,
        taste=taste,
        main_class=main,
        second_class=second,
        favourites=merchants.reshape(count, figures.favourite_merchants),
        cards=cards,
        devices=devices,
        segment=segment,
        signup_day=signup,
        joined_us=np.where(joined == NEVER_US, 0, joined),
        home_city=city,
        home_latitude=latitude,
        home_longitude=longitude,
        moved_us=np.where(joined == NEVER_US, moved, NEVER_US),
        new_city=new_city,
        new_latitude=new_latitude,
        new_longitude=new_longitude,
        trip_from_us=trip,
        trip_until_us=np.where(trip == NEVER_US, NEVER_US, trip + days.astype(np.int64)),
        trip_city=_choice(changes, [city.weight for city in CITIES], count),
    )


def rank_of(taste: Floats, own: Floats, consistency: float) -> Floats:
    """Return the quantile (0..1) of a customer's amount; over all customers it is uniform, whatever the consistency.

    Args:
        taste: Standard normal, the customer's.
        own: Standard normal, the purchase's.
        consistency: Share of the variance that is the customer's.
    """
    return normal_cdf(np.sqrt(consistency) * taste + np.sqrt(1 - consistency) * own)
