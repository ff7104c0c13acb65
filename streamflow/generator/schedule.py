"""When which fraud happens to whom: planned before the run, so that counts are known and notices can go out in time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from streamflow.generator.parameters import ScenarioName
from streamflow.generator.quotas import Quotas
from streamflow.generator.randomness import stream
from streamflow.generator.records import rfc3339
from streamflow.generator.scenarios import SCENARIOS, bad_merchant
from streamflow.generator.scenarios.stage import HOUR_US, Draft, Stage
from streamflow.generator.spline import QuantileSpline
from streamflow.generator.world import World


class Episode(NamedTuple):
    """One fraud, before it is played.

    Attributes:
        start_us: Not before this.
        number: A number no other episode has.
        scenario: What happens.
        size: Fraudulent purchases.
        customer: To whom.
        amounts: What the fraudulent purchases cost, minor units; what the scenario says where there are none.
    """

    start_us: int
    number: int
    scenario: ScenarioName
    size: int
    customer: int
    amounts: tuple[int, ...] = ()

    def play(self, world: World) -> list[Draft]:
        """Return the purchases of the episode, a function of the world and the episode alone."""
        rng = stream(world.plan.seed, "episode", self.number)
        stage = Stage(world, rng, self.customer, self.start_us, self.number)
        drafts: list[Draft] = SCENARIOS[self.scenario].plan(stage, self.size)
        if not self.amounts:
            return drafts
        costs = iter(self.amounts)
        return [replace(draft, amount_minor=next(costs)) if draft.is_fraud else draft for draft in drafts]

    @property
    def purchases(self) -> int:
        """Purchases of the episode, genuine ones included."""
        return self.size + int(getattr(SCENARIOS[self.scenario], "GENUINE", 0))


def schedule(world: World) -> list[Episode]:
    """Plan episodes until the fraud rate is reached, one of each scenario first.

    Args:
        world: Who and what; its plan holds the rate.

    Returns:
        The episodes, by start.
    """
    plan, figures = world.plan, world.parameters.fraud
    wanted = round(figures.rate * plan.purchases)
    rng = stream(plan.seed, "schedule")
    names = [name for name, share in figures.shares.items() if share > 0]
    means = np.array([sum(SCENARIOS[name].SIZE) / 2 for name in names])
    odds = np.array([figures.shares[name] for name in names]) / means
    victims = {name: _victims(world, name) for name in names}
    first = [int(index) for index in rng.permutation(len(names))]
    quotas = Quotas(world)
    candidates = quotas.candidates(wanted)
    episodes: list[Episode] = []
    while wanted > 0:
        index = len(episodes)
        which = first[index] if index < len(first) else int(rng.choice(len(names), p=odds / odds.sum()))
        name = names[which]
        least, most = SCENARIOS[name].SIZE
        size = min(int(rng.integers(least, most + 1)), wanted)
        drawn = [
            _episode(world, rng, number=index, name=name, size=size, victims=victims[name]) for _ in range(candidates)
        ]
        episode = drawn[0]
        if candidates > 1:
            played = [(one, one.play(world)) for one in drawn]
            episode, drafts = min(played, key=lambda pair: quotas.distance(pair[1]))
            quotas.add(drafts)
        episodes.append(episode)
        wanted -= size
    return sorted(_costed(world, episodes))


def _episode(
    world: World, rng: np.random.Generator, *, number: int, name: ScenarioName, size: int, victims: Any
) -> Episode:
    """Draw when and to whom."""
    plan, figures = world.plan, world.parameters.fraud
    earliest = plan.start_us + int(figures.warm_up_share * (plan.traffic_end_us - plan.start_us))
    span = min(SCENARIOS[name].SPAN_US, (plan.traffic_end_us - earliest) // 2)
    start = int(rng.integers(earliest, plan.traffic_end_us - span))
    customer = int(np.searchsorted(victims, rng.random() * victims[-1], side="right"))
    return Episode(start, number, name, size, min(customer, len(victims) - 1))


def _costed(world: World, episodes: list[Episode]) -> list[Episode]:
    """Give fraudulent purchases amounts of the distribution that was measured, in the order of what they would cost."""
    figures = world.parameters.fraud.amounts
    if figures is None or not episodes:
        return episodes
    planned = [[draft.amount_minor for draft in one.play(world) if draft.is_fraud] for one in episodes]
    sizes = [len(amounts) for amounts in planned]
    rank = np.argsort(np.argsort(np.concatenate([np.array(amounts) for amounts in planned]), kind="stable"))
    spline = QuantileSpline(np.array(figures.quantiles), np.array(figures.amounts, dtype=float))
    amounts = np.maximum(np.rint(spline((rank + 0.5) / len(rank))), 1).astype(np.int64).tolist()
    ends = np.cumsum(sizes).tolist()
    return [
        one._replace(amounts=tuple(amounts[end - size : end]))
        for one, size, end in zip(episodes, sizes, ends, strict=True)
    ]


def _victims(world: World, name: ScenarioName) -> Any:
    """Return cumulative odds a customer; who buys often is more often a victim, who joins later is none."""
    people = world.population
    weights = people.activity * SCENARIOS[name].eligible(world) * (people.joined_us == 0)
    products = world.parameters.fraud.products
    if products is not None:
        # Whom to look among, where fraud favours some products; the quotas choose the rest of the way.
        wanted = np.array([products.get(product, 0.0) for product in world.classes])
        bought = np.bincount(people.main_class, weights, len(world.classes))
        weights = weights * (wanted * bought.sum() / np.maximum(bought, 1e-12))[people.main_class]
    if not weights.any():
        weights = people.activity
    return np.cumsum(weights)


def notices(world: World, episodes: list[Episode]) -> list[dict[str, str]]:
    """Return the public notices of compromised merchants, by time.

    Args:
        world: Who and what.
        episodes: All of them.

    Returns:
        One entry a notice: merchant_id, valid_from (RFC 3339, hours after the first misuse), reason.
    """
    rng = stream(world.plan.seed, "notices")
    figures = world.parameters.labels
    first_misuse: dict[int, int] = {}
    for episode in episodes:
        if episode.scenario == bad_merchant.NAME:
            stage = Stage(world, rng, episode.customer, episode.start_us, episode.number)
            first_misuse.setdefault(bad_merchant.merchant_of(stage), episode.start_us)
    published = []
    for merchant, start_us in sorted(first_misuse.items()):
        delay_h = float(rng.uniform(*figures.notice_delay_h))
        if rng.random() < figures.notice_share:
            published.append((start_us + int(delay_h * HOUR_US) // 1_000_000 * 1_000_000, world.merchant_ids[merchant]))
    return [
        {"merchant_id": merchant, "valid_from": rfc3339(at), "reason": "payment page reported as compromised"}
        for at, merchant in sorted(published)
    ]
