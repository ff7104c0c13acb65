"""Genuine purchases: how many in which slot of time, by whom, and what each looks like, drawn a slot at a time.

An hour of simulated time is a slot, cut further where it would hold more than `SLOT_PURCHASES`, so that memory does not
grow with the run. Counts a slot are multinomial: a run holds exactly as many purchases as were asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from streamflow.generator.changes import Changes
from streamflow.generator.dealing import choose
from streamflow.generator.parameters import Faults
from streamflow.generator.places import CITIES, KM_PER_DEGREE, distance_km
from streamflow.generator.population import (
    CITY_LATITUDE,
    CITY_LONGITUDE,
    CITY_OFFSET_MIN,
    NEVER_US,
    Ints,
    rank_of,
)
from streamflow.generator.randomness import stream
from streamflow.generator.spline import Floats, QuantileSpline
from streamflow.generator.world import World

Flags = npt.NDArray[np.bool_]
HOUR_US = 3_600_000_000
FLIGHT_US = 8 * HOUR_US
SLOT_PURCHASES = 20_000
NO_STORE = -1


class Slot(NamedTuple):
    """A stretch of time and how many purchases it holds."""

    start_us: int
    end_us: int
    purchases: int
    key: tuple[int, int]


@dataclass
class Rows:
    """Purchases of a slot, one entry each in every array; -1 where a record has no store or merchant."""

    customer: Ints
    event_us: Ints
    log_us: Ints
    amount_minor: Ints
    product: Ints
    product_class: Ints
    merchant: Ints
    channel: Ints
    store: Ints
    card: Ints
    device: Ints
    quantity: Ints
    latitude: Floats
    longitude: Floats
    offset_min: Ints
    no_position: Flags
    no_offset: Flags
    kind: Ints
    """0 plain, 1 second basket, 2 overtook its partner, 3 late."""


class Arrivals:
    """Draws genuine purchases of a world."""

    def __init__(self, world: World, changes: Changes, faults: Faults) -> None:
        """Prepare what does not change from slot to slot.

        Args:
            world: Who and what.
            changes: Stores that relocate.
            faults: Shares of purchases that come out of order or late.
        """
        self._world = world
        self._changes = changes
        self._faults = faults
        shares = world.parameters.channels.shares
        self._channel_cumulative = np.cumsum(list(shares.values()))
        self._in_store = world.channels.index("in_store") if "in_store" in shares else -1
        self._web = world.channels.index("web")
        self._phone = world.channels.index("phone") if "phone" in shares else -1
        self._city_distance = np.array(
            [[distance_km(a.latitude, a.longitude, b.latitude, b.longitude) for b in CITIES] for a in CITIES]
        )
        self._weights: tuple[int, Floats] = (-1, np.empty(0))
        self._at_start: dict[int, Floats] = {}
        gaps = world.parameters.rhythm.basket_gaps_s
        self._gaps_s = None if gaps is None else QuantileSpline(np.array(gaps.quantiles), np.array(gaps.values))
        people = world.population
        self._movers = np.flatnonzero(people.moved_us != NEVER_US)
        self._joining = np.flatnonzero(people.joined_us > 0)

    def slots(self, purchases: int) -> Iterator[Slot]:
        """Deal purchases over the hours of traffic and of the tail.

        Args:
            purchases: How many in all.
        """
        plan = self._world.plan
        rng = stream(plan.seed, "arrivals")
        hours = np.arange(plan.start_us, plan.end_us, HOUR_US, dtype=np.int64)
        main = hours < plan.traffic_end_us
        rhythm = self._world.parameters.rhythm
        if rhythm.hours is not None:
            # Measured hours of the whole; who buys in an hour is still a matter of the customers' own habits.
            profile = np.array(rhythm.hours)
        else:
            profile = np.array([self._customer_weights(plan.start_us + hour * HOUR_US).sum() for hour in range(24)])
        week = np.array(rhythm.week)
        days_since_epoch = hours // (24 * HOUR_US)
        weights = profile[(hours // HOUR_US) % 24] * week[(days_since_epoch + 3) % 7]
        in_tail = min(round(purchases * self._world.parameters.labels.tail_purchases_share), purchases)
        counts = np.zeros(len(hours), dtype=np.int64)
        counts[main] = rng.multinomial(purchases - in_tail, weights[main] / weights[main].sum())
        counts[~main] = rng.multinomial(in_tail, weights[~main] / weights[~main].sum())
        for index, (start, count) in enumerate(zip(hours.tolist(), counts.tolist(), strict=True)):
            parts = max(1, -(-count // SLOT_PURCHASES))
            dealt = rng.multinomial(count, np.full(parts, 1 / parts)) if parts > 1 else np.array([count])
            edges = [start + HOUR_US * part // parts for part in range(parts + 1)]
            for part, share in enumerate(dealt.tolist()):
                yield Slot(edges[part], edges[part + 1], share, (index, part))

    def _customer_weights(self, hour_us: int) -> Floats:
        """Return how many purchases each customer makes in this hour, relative to the others."""
        if self._weights[0] != hour_us:
            people, rhythm = self._world.population, self._world.parameters.rhythm
            minute = hour_us // 60_000_000 % 1440 + 30
            # Hours of the day repeat; only those who moved or have not joined yet are looked at again.
            if minute not in self._at_start:
                self._at_start[minute] = people.activity * people.hour_density(minute, 0, rhythm)
            weights = self._at_start[minute].copy()
            moved = self._movers[people.moved_us[self._movers] <= hour_us]
            weights[moved] = people.activity[moved] * people.hour_density(minute, hour_us, rhythm, moved)
            weights[self._joining[people.joined_us[self._joining] > hour_us]] = 0.0
            self._weights = (hour_us, weights)
        return self._weights[1]

    def _draw_customers(self, rng: np.random.Generator, hour_us: int, count: int) -> Ints:
        cumulative = np.cumsum(self._customer_weights(hour_us))
        drawn = np.searchsorted(cumulative, rng.random(count) * cumulative[-1], side="right")
        return np.asarray(drawn.clip(0, len(cumulative) - 1))

    def _timing(self, rng: np.random.Generator, slot: Slot) -> tuple[Ints, Ints, Ints, Ints]:
        """Draw who buys when, and when the record reaches the log: (customer, event_us, log_us, kind)."""
        faults, start = self._faults, self._world.plan.start_us
        chains = self._chains(rng, slot.purchases)
        overtaking = int(rng.binomial(slot.purchases, faults.out_of_order))
        late = int(rng.binomial(slot.purchases, faults.late))
        second = int(chains.sum())
        base = slot.purchases - second - overtaking - late
        if base < len(chains) + overtaking + late:
            base, second, overtaking, late = slot.purchases, 0, 0, 0
            chains = chains[:0]
        event = np.sort(rng.integers(slot.start_us, slot.end_us, base, dtype=np.int64)) // 1000 * 1000
        customer = self._draw_customers(rng, slot.start_us // HOUR_US * HOUR_US, base)
        log = event + rng.integers(20_000, 400_000, base, dtype=np.int64)
        # Partners are distinct: one delayed for two overtakers could fall behind the bound.
        partner = rng.permutation(base)[: len(chains) + overtaking + late]
        partner = np.concatenate((np.repeat(partner[: len(chains)], chains), partner[len(chains) :]))
        after = self._basket_gaps(rng, chains)
        ahead = rng.uniform(*faults.out_of_order_s, overtaking)
        behind = rng.uniform(*faults.late_s, late)
        shift = (np.concatenate((after, ahead, -behind)) * 1000).astype(np.int64) * 1000
        new_event = np.maximum(event[partner] + shift, start)
        new_log = np.maximum(new_event, log[partner]) + rng.integers(50_000, 400_000, len(partner), dtype=np.int64)
        delayed = partner[second : second + overtaking]
        log[delayed] = new_log[second : second + overtaking] + rng.integers(100_000, 8_000_000, overtaking)
        kind = np.repeat([0, 1, 2, 3], [base, second, overtaking, late])
        return (
            np.concatenate((customer, customer[partner])),
            np.concatenate((event, new_event)),
            np.concatenate((log, new_log)),
            kind.astype(np.int64),
        )

    def _chains(self, rng: np.random.Generator, purchases: int) -> Ints:
        """Draw how many second baskets follow each purchase that has any, of so many purchases in all."""
        rhythm = self._world.parameters.rhythm
        further = rhythm.further_basket_share
        begun = int(rng.binomial(purchases, rhythm.second_basket_share * (1 - further)))
        if further == 0:
            return np.ones(begun, dtype=np.int64)
        lengths = rng.geometric(1 - further, begun)
        # As many as a small slot can hold, each with the purchase that it follows.
        return np.asarray(lengths[np.cumsum(lengths + 1) <= purchases])

    def _basket_gaps(self, rng: np.random.Generator, lengths: Ints) -> Floats:
        """Draw seconds from the purchase that second baskets follow, chain by chain."""
        second = int(lengths.sum())
        gaps = rng.uniform(3, 50, second) if self._gaps_s is None else self._gaps_s(rng.random(second))
        passed = np.cumsum(gaps)
        begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.asarray(passed - (passed - gaps)[begins])

    def draw(self, slot: Slot) -> Rows:
        """Draw the purchases of a slot; not sorted."""
        world, people = self._world, self._world.population
        figures, channels = world.parameters.customers, world.parameters.channels
        rng = stream(world.plan.seed, "slot", *slot.key)
        customer, event, log, kind = self._timing(rng, slot)
        size = len(customer)
        u = rng.random((8, size))
        main = u[0] < figures.main_class_share
        product_class = np.where(main, people.main_class[customer], people.second_class[customer])
        if figures.any_class_share > 0:
            other = rng.random((2, size))
            chosen = choose(list(world.parameters.amounts.shares.values()), other[1])
            product_class = np.where(other[0] < figures.any_class_share, chosen, product_class)
        rank = rank_of(people.taste[customer], rng.normal(size=size), figures.spend_consistency)
        favourite = people.favourites[customer, (u[1] * figures.favourite_merchants).astype(np.int64)]
        stranger = np.searchsorted(world.merchant_cumulative, u[1], side="right").clip(0, len(world.merchant_ids) - 1)
        merchant = np.where(u[2] < figures.favourite_share, favourite, stranger)
        city = people.city_at(customer, event)
        channel, store = self._channel(u[3], customer, event, city, slot.start_us)
        latitude, longitude, no_position = self._position(
            rng, customer, event, channel=channel, store=store, now_us=slot.start_us
        )
        return Rows(
            customer=customer,
            event_us=event,
            log_us=log,
            amount_minor=world.priced(world.amounts(product_class, rank), rng),
            product=world.product_of(product_class, rank),
            product_class=product_class,
            merchant=np.where(u[4] < channels.no_merchant_share, -1, merchant),
            channel=channel,
            store=store,
            card=self._item(u[5], people.cards[customer]),
            device=self._item(u[6], people.devices[customer]),
            quantity=np.where(u[7] < channels.more_than_one_share, rng.geometric(0.6, size) + 1, 1).clip(1, 20),
            latitude=latitude,
            longitude=longitude,
            offset_min=CITY_OFFSET_MIN[city],
            no_position=no_position,
            no_offset=rng.random(size) < channels.no_offset_share,
            kind=kind,
        )

    def _item(self, u: Floats, owned: Ints) -> Ints:
        """Choose the main card or device, or one of the others."""
        main = self._world.parameters.customers.main_item_share
        other = 1 + ((u - main) / (1 - main + 1e-12) * (owned - 1)).astype(np.int64)
        return np.where((u < main) | (owned == 1), 0, np.minimum(other, owned - 1))

    def _channel(self, u: Floats, customer: Ints, event: Ints, city: Ints, now_us: int) -> tuple[Ints, Ints]:
        """Choose how a purchase is made; who has no store near, or is away, buys on the web instead."""
        channel = np.searchsorted(self._channel_cumulative, u, side="right").clip(0, len(self._channel_cumulative) - 1)
        distances = self._city_distance[:, self._changes.store_city_at(now_us)[1:]]
        reachable = distances.min(axis=1) <= self._world.parameters.channels.store_reach_km
        nearest = np.where(reachable, distances.argmin(axis=1) + 1, NO_STORE)[city]
        people = self._world.population
        away = (event >= people.trip_from_us[customer]) & (event < people.trip_until_us[customer])
        inside = channel == self._in_store
        channel = np.where(inside & ((nearest == NO_STORE) | away), self._web, channel)
        store = np.where(channel == self._in_store, nearest, np.where(channel == self._phone, NO_STORE, 0))
        return channel, store

    def _position(
        self, rng: np.random.Generator, customer: Ints, event: Ints, *, channel: Ints, store: Ints, now_us: int
    ) -> tuple[Floats, Floats, Flags]:
        """Place the purchases: at the store, around home, on a trip, or nowhere (in flight, or unknown)."""
        figures, people = self._world.parameters.channels, self._world.population
        latitude, longitude = people.home_at(customer, event)
        spread = np.full(len(customer), figures.jitter_km)
        from_us, until_us = people.trip_from_us[customer], people.trip_until_us[customer]
        away = (event >= from_us) & (event < until_us)
        flying = away & ((event < from_us + FLIGHT_US) | (event >= until_us - FLIGHT_US))
        elsewhere = np.where(away, people.trip_city[customer], -1)
        inside = channel == self._in_store
        elsewhere = np.where(inside, self._changes.store_city_at(now_us)[store], elsewhere)
        u = rng.random((2, len(customer)))
        wrong = (u[0] < figures.wrong_position_share) & ~inside
        elsewhere = np.where(wrong, (u[1] * len(CITIES)).astype(np.int64), elsewhere)
        moved = elsewhere >= 0
        latitude = np.where(moved, CITY_LATITUDE[elsewhere], latitude)
        longitude = np.where(moved, CITY_LONGITUDE[elsewhere], longitude)
        spread[inside] = 0.2
        north, east = rng.normal(size=(2, len(customer))) * spread / KM_PER_DEGREE
        latitude = np.round(latitude + north, 5)
        longitude = np.round(longitude + east / np.cos(np.radians(latitude)), 5)
        longitude = np.round((longitude + 180) % 360 - 180, 5)
        return latitude, longitude, flying | (u[0] > 1 - figures.no_position_share)
