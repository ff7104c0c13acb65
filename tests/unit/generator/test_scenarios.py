"""Scenarios do what their names say, in kilometres, minutes and multiples; and rule set 1.0.0 sees those it should."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.names import TRANSACTIONS_RAW
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.generator.places import CITIES, distance_km
from streamflow.generator.population import CITY_OFFSET_MIN
from streamflow.generator.randomness import stream
from streamflow.generator.scenarios import SCENARIOS
from streamflow.generator.scenarios.stage import HOUR_US, MINUTE_US, Draft, Stage
from streamflow.generator.world import Plan, World
from streamflow.replay.engine import LogRecord, replay
from streamflow.rules.book import RuleBook
from streamflow.rules.engine import Engine
from tests.unit.generator.worlds import CONTRACTS, run, shipped

EPISODES = 60


@cache
def world() -> World:
    """Return a small world."""
    return World(Plan(shipped(), 4000, 5, 11))


def played(name: str) -> list[tuple[int, list[Draft]]]:
    """Return the purchases of sixty episodes, each with its customer."""
    scenario = SCENARIOS[name]  # type: ignore[index]
    customers = np.flatnonzero(scenario.eligible(world()))
    found = []
    for episode in range(EPISODES):
        rng = stream(11, "episode", episode)
        customer = int(customers[episode % len(customers)])
        stage = Stage(world(), rng, customer, world().plan.start_us + HOUR_US * episode, episode)
        size = int(rng.integers(scenario.SIZE[0], scenario.SIZE[1] + 1))
        found.append((customer, scenario.plan(stage, size)))
    return found


def gaps(drafts: list[Draft]) -> list[float]:
    """Return the minutes between neighbours."""
    return [(b.event_us - a.event_us) / MINUTE_US for a, b in pairwise(drafts)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_a_function_of_its_episode(name: str) -> None:
    """Played twice it is the same, in time order, with positive amounts, never before its start."""
    first, again = played(name), played(name)
    assert first == again
    for episode, (_, drafts) in enumerate(first):
        assert drafts
        assert min(gaps(drafts), default=0) >= 0
        assert all(draft.amount_minor > 0 for draft in drafts)
        assert drafts[0].event_us >= world().plan.start_us + HOUR_US * episode
        assert sum(not draft.is_fraud for draft in drafts) == getattr(SCENARIOS[name], "GENUINE", 0)  # type: ignore[index]


def test_a_burst_is_four_to_twelve_purchases_within_ten_minutes() -> None:
    """Some reach the log out of order."""
    sizes = Counter(len(drafts) for _, drafts in played("burst"))
    assert min(sizes) >= 4
    assert max(sizes) <= 12
    assert all(sum(gaps(drafts)) < 10 for _, drafts in played("burst"))
    assert any(draft.delay_us for _, drafts in played("burst") for draft in drafts)


def test_a_big_ticket_is_five_times_the_average_or_more() -> None:
    """The average is the customer's own."""
    for customer, drafts in played("big_ticket"):
        multiples = [draft.amount_minor / world().usual_amount(customer) for draft in drafts]
        assert min(multiples) > 4.8
        assert max(multiples) < 20.1


def test_impossible_travel_leaves_home_faster_than_anything_flies() -> None:
    """1,400 km or more (a home lies around its city's centre) in ten to forty minutes."""
    for _, (home, away, *_rest) in played("impossible_travel"):
        assert home.latitude is not None
        assert home.longitude is not None
        assert away.latitude is not None
        assert away.longitude is not None
        assert distance_km(home.latitude, home.longitude, away.latitude, away.longitude) > 1400
        assert 10 <= gaps([home, away])[0] <= 40


def test_odd_hours_are_the_small_hours_of_people_who_shop_by_day() -> None:
    """Between half past one and half past four, local time."""
    for customer, drafts in played("odd_hours"):
        city = int(world().population.city_at(np.array([customer]), drafts[0].event_us)[0])
        for draft in drafts:
            minute = (draft.event_us // MINUTE_US + int(CITY_OFFSET_MIN[city])) % 1440
            assert 90 <= minute <= 270
        assert 9 * 60 <= world().population.peak_min[customer] <= 18 * 60


def test_gift_cards_are_bought_twelve_minutes_apart_or_more_from_a_new_device() -> None:
    """Ordinary values, with a session before them."""
    for _, drafts in played("gift_cards"):
        assert min(gaps(drafts), default=12) >= 12
        assert {draft.amount_minor for draft in drafts} <= {1500, 2500, 5000, 10_000, 20_000}
        assert all(draft.session and draft.device for draft in drafts)


def test_a_slow_siphon_takes_little_and_takes_its_time() -> None:
    """3 to 15 units, twenty minutes apart or more, over more than a day."""
    for _, drafts in played("slow_siphon"):
        assert all(300 <= draft.amount_minor <= 1500 for draft in drafts)
        assert min(gaps(drafts)) >= 20
        assert sum(gaps(drafts)) > 12 * 60


def test_every_city_has_another_far_away() -> None:
    """So that nobody is safe from impossible travel."""
    for city in CITIES:
        assert any(
            distance_km(city.latitude, city.longitude, other.latitude, other.longitude) > 1500 for other in CITIES
        )


@cache
def shares_seen() -> dict[str, float]:
    """Return the share of each scenario's purchases that rule set 1.0.0 alerts on, and of genuine ones ("None")."""
    finished = run()
    rule_set = msgspec.to_builtins(load_rule_set("1.0.0", CONTRACTS))
    since = "2000-01-01T00:00:00Z"
    records = [{"kind": "rule_set", "version": "1.0.0", "effective_from": since, "role": "live", "rule_set": rule_set}]
    for number, notice in enumerate(finished.simulation.notices()):
        entry = {"entry_id": f"notice-{number}", "valid_to": None, "origin": "manual", "risk": None}
        records.append({"kind": "blacklist", "effective_from": notice["valid_from"], **entry, **notice})
    engine = Engine(RuleBook.from_records(records), load_horizons(CONTRACTS))
    log = (
        LogRecord(0, offset, one.key, one.value, one.timestamp_ms)
        for offset, one in enumerate(finished.emissions)
        if one.topic == TRANSACTIONS_RAW
    )
    result = replay(log, build_validator(Catalogue.load(CONTRACTS), "USD"), engine)
    counts = finished.simulation.counts
    assert (result.late, result.duplicates, result.conflicts) == (
        counts["late"],
        counts["duplicate"],
        counts["conflict"],
    )
    alerted = {transaction for _, transaction, _ in result.alerts}
    seen: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in finished.truth:
        whole[str(line["scenario"])] += 1
        seen[str(line["scenario"])] += line["transaction_id"] in alerted
    return {name: seen[name] / count for name, count in whole.items()}


@pytest.mark.parametrize(
    ("name", "least"),
    [("burst", 0.15), ("big_ticket", 0.7), ("impossible_travel", 0.6), ("odd_hours", 0.25), ("bad_merchant", 0.3)],
)
def test_the_rules_see_the_scenarios_made_of_what_they_look_for(name: str, least: float) -> None:
    """Not all of it: a burst begins before it is one, a merchant is misused before it is named."""
    assert shares_seen()[name] >= least


@pytest.mark.parametrize("name", ["camouflaged", "slow_siphon", "gift_cards"])
def test_the_rules_hardly_see_what_no_rule_looks_for(name: str) -> None:
    """A score of a hundred percent is impossible, and honest."""
    assert shares_seen()[name] <= 0.3


def test_most_genuine_purchases_raise_no_alert() -> None:
    """Some do: rule set 1.0.0 is nobody's calibration."""
    assert 0.01 < shares_seen()["None"] < 0.2
