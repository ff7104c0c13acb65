"""What a fraud scenario works with: one customer, their habits, a place in time, and a random stream of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from streamflow.generator.parameters import Channel
from streamflow.generator.places import CITIES, KM_PER_DEGREE, City, distance_km
from streamflow.generator.population import CITY_OFFSET_MIN, rank_of
from streamflow.generator.world import World

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


@dataclass(frozen=True)
class Draft:
    """A purchase that a scenario wants made.

    Attributes:
        event_us: When, epoch microseconds.
        amount_minor: How much, minor units.
        product: Index of the product.
        merchant: Index of the merchant.
        latitude: Where, degrees; None when unknown, together with longitude.
        longitude: See latitude.
        channel: How.
        device: None for the customer's own main device, else the name of a stranger's.
        is_fraud: False for a genuine purchase that the scenario builds on.
        quantity: Pieces.
        delay_us: How much later than usual the record reaches the log.
        session: Whether clicks are recorded before it.
    """

    event_us: int
    amount_minor: int
    product: int
    merchant: int
    latitude: float | None
    longitude: float | None
    channel: Channel = "web"
    device: str | None = None
    is_fraud: bool = True
    quantity: int = 1
    delay_us: int = 0
    session: bool = False


class Stage:
    """One episode's customer and time; scenarios ask it what the customer would do, and then do otherwise."""

    def __init__(self, world: World, rng: np.random.Generator, customer: int, start_us: int, episode: int) -> None:
        """Set the stage.

        Args:
            world: Who and what.
            rng: The episode's own stream.
            customer: The victim.
            start_us: Not before this.
            episode: A number no other episode has.
        """
        self.world = world
        self.rng = rng
        self.customer = customer
        self.start_us = start_us
        self.episode = episode

    @property
    def city(self) -> City:
        """Where the customer lives."""
        return CITIES[int(self.world.population.city_at(np.array([self.customer]), self.start_us)[0])]

    @property
    def stranger_device(self) -> str:
        """A device that the customer never used."""
        return f"d-{self.world.plan.tag}-x{self.episode:06d}"

    def at_local_minute(self, minute: float, not_before_us: int | None = None) -> int:
        """Return the next instant at which the customer's clock shows this minute of the day."""
        earliest = self.start_us if not_before_us is None else not_before_us
        own_zone = self.world.parameters.rhythm.clock == "local"
        offset_us = int(CITY_OFFSET_MIN[CITIES.index(self.city)]) * MINUTE_US if own_zone else 0
        wanted = int(minute % 1440 * MINUTE_US)
        return earliest + (wanted - (earliest + offset_us)) % DAY_US // 1000 * 1000

    def usual_time(self, not_before_us: int | None = None) -> int:
        """Return the next instant at an hour when the customer often shops."""
        people = self.world.population
        spread = min(float(people.concentration[self.customer]), 20.0)
        angle = self.rng.vonmises(0, spread * 2)
        return self.at_local_minute(float(people.peak_min[self.customer]) + angle * 720 / np.pi, not_before_us)

    def near_home(self) -> tuple[float, float]:
        """Return a place around the customer's home."""
        latitude, longitude = self.world.population.home_at(np.array([self.customer]), self.start_us)
        north, east = self.rng.normal(0, self.world.parameters.channels.jitter_km, 2) / KM_PER_DEGREE
        cos = float(np.cos(np.radians(latitude[0])))
        return round(float(latitude[0] + north), 5), round(float(longitude[0] + east / cos), 5)

    def far_away(self, least_km: float) -> tuple[float, float]:
        """Return a place in a city at least this far from the customer's own."""
        home = self.city
        far = [c for c in CITIES if distance_km(home.latitude, home.longitude, c.latitude, c.longitude) >= least_km]
        city = far[int(self.rng.integers(len(far)))]
        north, east = self.rng.normal(0, 0.03, 2)
        return round(city.latitude + float(north), 5), round(city.longitude + float(east), 5)

    def habitual(self, event_us: int) -> Draft:
        """Return the purchase the customer would make at that time: usual amount, merchant and place."""
        world, people, rng = self.world, self.world.population, self.rng
        main = rng.random() < world.parameters.customers.main_class_share
        product_class = int((people.main_class if main else people.second_class)[self.customer])
        own = np.array([rng.normal()])
        rank = rank_of(people.taste[self.customer], own, world.parameters.customers.spend_consistency)
        classes = np.array([product_class])
        favourites = people.favourites[self.customer]
        latitude, longitude = self.near_home()
        return Draft(
            event_us=event_us,
            amount_minor=int(world.priced(world.amounts(classes, rank), rng)[0]),
            product=int(world.product_of(classes, rank)[0]),
            merchant=int(favourites[int(rng.integers(len(favourites)))]),
            latitude=latitude,
            longitude=longitude,
            channel="web" if rng.random() < 0.5 else "app",
        )

    def any_merchant(self) -> int:
        """Return a merchant by popularity."""
        found = int(np.searchsorted(self.world.merchant_cumulative, self.rng.random(), side="right"))
        return min(found, len(self.world.merchant_ids) - 1)

    def gaps(self, count: int, least_us: int, most_us: int) -> list[int]:
        """Return `count` rising offsets from zero whose neighbours lie between the two spans apart."""
        steps = self.rng.integers(least_us, most_us + 1, count)
        steps[0] = 0
        return [int(offset) // 1000 * 1000 for offset in np.cumsum(steps)]
