"""Reference data of a world: its members at the start, and what changes while the run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import numpy as np

from streamflow.generator.places import CITIES, STORES
from streamflow.generator.population import CITY_OFFSET_MIN, DAY_US, NEVER_US, Ints
from streamflow.generator.randomness import stream
from streamflow.generator.records import SCHEMA_VERSION, ReferenceChange, rfc3339
from streamflow.generator.world import World

Entity = Literal["customer", "store", "product"]


@dataclass(frozen=True)
class Change:
    """A record of reference.raw that is due.

    Attributes:
        log_us: The producer's now.
        valid_from_us: Its event time.
        entity: What kind of member.
        member: Which one.
    """

    log_us: int
    valid_from_us: int
    entity: Entity
    member: int


class Changes:
    """Who changes when, and what a member's record says at a time."""

    def __init__(self, world: World) -> None:
        """Draw the changes of a run."""
        self._world = world
        plan, figures = world.plan, world.parameters.reference
        rng = stream(plan.seed, "stores")
        moves = np.sort(rng.integers(plan.start_us, plan.traffic_end_us, figures.store_moves, dtype=np.int64))
        self._store_moves = [
            (int(at), int(rng.integers(1, len(STORES))), int(rng.integers(0, len(CITIES)))) for at in moves
        ]
        self._opened = [int(days) for days in rng.integers(200, 4000, len(STORES))]
        prices = stream(plan.seed, "products")
        at = prices.integers(plan.start_us, plan.traffic_end_us, figures.price_changes, dtype=np.int64)
        which = prices.integers(0, len(world.product_ids), figures.price_changes)
        factor = prices.uniform(0.85, 1.2, figures.price_changes)
        self._price_changes = sorted(zip(at.tolist(), which.tolist(), factor.tolist(), strict=True))

    @property
    def valid_from_us(self) -> int:
        """The valid_from of every member that is there at the start: a day before it."""
        return self._world.plan.start_us - DAY_US

    def store_city_at(self, time_us: int) -> Ints:
        """Return the city of each store at a time."""
        cities = self._world.store_city.copy()
        for at, store, city in self._store_moves:
            if at <= time_us:
                cities[store] = city
        return cities

    def initial(self) -> Iterator[Change]:
        """Yield the members that are there at the start, an hour before it, customers last."""
        log_us = self._world.plan.start_us - 3_600_000_000
        for entity, count in (("store", len(STORES)), ("product", len(self._world.product_ids))):
            for member in range(count):
                yield Change(log_us, self.valid_from_us, "store" if entity == "store" else "product", member)
        late = self._is_late()
        for member in np.flatnonzero((self._world.population.joined_us == 0) & ~late).tolist():
            yield Change(log_us, self.valid_from_us, "customer", member)

    def later(self) -> list[Change]:
        """Return what changes during the run, in log order."""
        people = self._world.population
        due = [
            Change(int(people.moved_us[member]), int(people.moved_us[member]), "customer", member)
            for member in np.flatnonzero(people.moved_us != NEVER_US).tolist()
        ]
        due += [
            Change(int(people.joined_us[member]), int(people.joined_us[member]), "customer", member)
            for member in np.flatnonzero(people.joined_us > 0).tolist()
        ]
        due += [Change(at, at, "store", store) for at, store, _ in self._store_moves]
        due += [Change(at, at, "product", product) for at, product, _ in self._price_changes]
        for member in np.flatnonzero((people.joined_us == 0) & self._is_late()).tolist():
            delay = int(stream(self._world.plan.seed, "changes", 2, member).integers(DAY_US))
            log_us = self._world.plan.start_us + delay
            due.append(Change(log_us, self.valid_from_us, "customer", member))
        return sorted(due, key=lambda change: (change.log_us, change.entity, change.member))

    def _is_late(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        rng = stream(self._world.plan.seed, "changes", 1)
        return rng.random(len(self._world.population)) < self._world.parameters.customers.late_reference_share

    def record(self, change: Change) -> ReferenceChange:
        """Return the record of a change."""
        attributes = {"customer": self._customer, "store": self._store, "product": self._product}[change.entity]
        ids = {
            "customer": self._world.customer_ids,
            "store": self._world.store_ids,
            "product": self._world.product_ids,
        }[change.entity]
        return ReferenceChange(
            schema_version=SCHEMA_VERSION,
            entity=change.entity,
            member_id=ids[change.member],
            valid_from=rfc3339(change.valid_from_us),
            attributes=attributes(change.member, change.valid_from_us),
        )

    def _day(self, days_before_start: int) -> str:
        start: date = datetime.fromtimestamp(self._world.plan.start_us / 1e6, UTC).date()
        return (start - timedelta(days=days_before_start)).isoformat()

    def _customer(self, member: int, time_us: int) -> dict[str, Any]:
        people = self._world.population
        one = np.array([member])
        city = CITIES[int(people.city_at(one, time_us)[0])]
        latitude, longitude = people.home_at(one, time_us)
        joined = int(people.joined_us[member])
        signup = joined if joined else self._world.plan.start_us - int(people.signup_day[member]) * DAY_US
        return {
            "segment": list(self._world.parameters.customers.segments)[int(people.segment[member])],
            "country": city.country,
            "city": city.name,
            "home_latitude": round(float(latitude[0]), 5),
            "home_longitude": round(float(longitude[0]), 5),
            "utc_offset_min": int(CITY_OFFSET_MIN[CITIES.index(city)]),
            "signup_date": rfc3339(signup)[:10],
        }

    def _store(self, member: int, time_us: int) -> dict[str, Any]:
        name, _, store_format = STORES[member]
        city = CITIES[int(self.store_city_at(time_us)[member])]
        return {
            "name": name,
            "city": city.name,
            "country": city.country,
            "latitude": city.latitude,
            "longitude": city.longitude,
            "opened_on": self._day(self._opened[member]),
            "format": store_format,
        }

    def _product(self, member: int, time_us: int) -> dict[str, Any]:
        world = self._world
        per_class = world.parameters.reference.products_per_class
        index, tier = divmod(member, per_class)
        price = float(world.splines[index](np.array([(tier + 0.5) / per_class]))[0])
        for at, product, factor in self._price_changes:
            if product == member and at <= time_us:
                price *= factor
        name = world.classes[index]
        return {
            "name": f"{name.capitalize()} item {tier + 1}",
            "category": f"{name}/{'basic' if tier < per_class / 2 else 'premium'}",
            "product_class": name,
            "list_price_minor": int(price // 100 * 100 + 99),
        }
