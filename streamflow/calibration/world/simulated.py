"""A table straight from a simulated run: the purchases that `Simulation` would emit, with the truth as their labels.

The same world, slots and episodes are drawn from the same streams, so that the purchases are those of the run; what
never reaches a table (records on the wire, copies, clicks, labels on their way) is left out, and so is its cost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from streamflow.contracts.calibrations import Source
from streamflow.datasets.table import Codes, Ints, PurchaseTable
from streamflow.generator.arrivals import Arrivals, Rows
from streamflow.generator.changes import Changes
from streamflow.generator.parameters import Parameters
from streamflow.generator.population import CITY_OFFSET_MIN
from streamflow.generator.scenarios.stage import Draft
from streamflow.generator.schedule import schedule
from streamflow.generator.world import Plan, World

MOST_ITEMS = 64
"""Cards and devices are numbered within their customer; nobody owns more."""


class Planned(NamedTuple):
    """A purchase of a scenario, and of whom."""

    customer: int
    draft: Draft
    episode: int


def run_source(plan: Plan) -> Source:
    """Return the source that figures of this run name: the hash of its parameters and plan."""
    figures = plan.parameters.model_dump_json(exclude_defaults=True)
    text = f"{figures}/{plan.purchases}/{plan.days}/{plan.seed}/{plan.base_currency}"
    return Source(
        kind="generator",
        name=f"generator parameters {plan.parameters.version}",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        rows=plan.purchases,
        detail=f"{plan.purchases} purchases, {plan.days} days, seed {plan.seed}",
    )


def simulated_table(parameters: Parameters, purchases: int, days: int, seed: int) -> PurchaseTable:
    """Draw a run as a table, by event time.

    Args:
        parameters: The world's figures.
        purchases: Distinct valid purchases, fraud included.
        days: Days of full traffic; the tail that follows is in the table, too.
        seed: The run's seed.

    Returns:
        All purchases; `fraud` is the truth and `known_us` None, because a truth file does not say when. Products are
        product classes; a purchase without a local offset counts as UTC, as it does for the rules.

    Raises:
        InputError: The plan is out of range.
    """
    plan = Plan(parameters, purchases, days, seed)
    world = World(plan)
    episodes = schedule(world)
    arrivals = Arrivals(world, Changes(world), parameters.faults)
    genuine = max(0, purchases - sum(episode.purchases for episode in episodes))
    slots = [arrivals.draw(slot) for slot in arrivals.slots(genuine) if slot.purchases]
    planned = [
        Planned(episode.customer, draft, episode.number) for episode in episodes for draft in episode.play(world)
    ]
    return _table(plan, world, slots, planned)


def _table(plan: Plan, world: World, slots: list[Rows], planned: list[Planned]) -> PurchaseTable:
    def column(name: str, of_draft: Callable[[Planned], object], kind: type) -> np.ndarray[Any, Any]:
        parts = [getattr(rows, name) for rows in slots]
        return np.concatenate([*parts, np.array([of_draft(one) for one in planned], dtype=kind)])

    # Records carry milliseconds; a scenario may plan finer.
    event = column("event_us", lambda one: one.draft.event_us, np.int64) // 1000 * 1000
    order = np.argsort(event, kind="stable")
    nowhere = column("no_position", lambda one: one.draft.latitude is None, np.bool_)
    customer = column("customer", lambda one: one.customer, np.int64)
    merchant = column("merchant", lambda one: one.draft.merchant, np.int64)
    card = customer * MOST_ITEMS + column("card", lambda one: 0, np.int64)
    # A stranger's device belongs to an episode, not to a customer; below zero it cannot meet a customer's own.
    device = column("device", lambda one: 0 if one.draft.device is None else -1 - one.episode, np.int64)
    device = np.where(device < 0, device, customer * MOST_ITEMS + device)
    product = column("product", lambda one: one.draft.product, np.int64) // plan.parameters.reference.products_per_class
    no_offset = column("no_offset", lambda one: False, np.bool_)
    offset = column("offset_min", lambda one: _offset(world, one), np.int64)
    fraud = np.zeros(len(event), dtype=np.bool_)
    fraud[len(event) - len(planned) :] = [one.draft.is_fraud for one in planned]
    tag, own = plan.tag, f"d-{plan.tag}"
    return PurchaseTable(
        dataset="generated",
        source=run_source(plan),
        event_us=event[order],
        amount_minor=column("amount_minor", lambda one: one.draft.amount_minor, np.int64)[order],
        weight=np.ones(len(event)),
        fraud=fraud[order],
        offset_min=np.where(no_offset, 0, offset)[order],
        customer=_named(customer[order], lambda number: world.customer_ids[number]),
        merchant=_named(merchant[order], lambda number: world.merchant_ids[number] if number >= 0 else ""),
        card=_named(card[order], lambda item: f"k-{tag}-{item // MOST_ITEMS:06d}-{item % MOST_ITEMS}"),
        device=_named(
            device[order],
            lambda item: (
                f"{own}-{item // MOST_ITEMS:06d}-{item % MOST_ITEMS}" if item >= 0 else f"{own}-x{-1 - item:06d}"
            ),
        ),
        product=_named(product[order], lambda number: world.classes[number]),
        latitude=np.where(nowhere, np.nan, column("latitude", lambda one: one.draft.latitude, np.float64))[order],
        longitude=np.where(nowhere, np.nan, column("longitude", lambda one: one.draft.longitude, np.float64))[order],
        missing={
            "latitude": float(nowhere.mean()),
            "longitude": float(nowhere.mean()),
            "merchant_id": float((merchant < 0).mean()),
            "utc_offset_min": float(no_offset.mean()),
        },
    )


def _offset(world: World, one: Planned) -> int:
    city = world.population.city_at(np.array([one.customer]), one.draft.event_us)
    return int(CITY_OFFSET_MIN[city][0])


def _named(numbers: Ints, name_of: Callable[[int], str]) -> Codes:
    """Spell each number once; a number without a name is none."""
    distinct, place = np.unique(numbers, return_inverse=True)
    spelt = Codes.of([name_of(number) for number in distinct.tolist()])
    return Codes(spelt.codes[place], spelt.names)
