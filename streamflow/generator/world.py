"""The world of a run: who lives in it, what is sold where, how much things cost, and how its ids are spelt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from streamflow.errors import InputError
from streamflow.generator.dealing import choose
from streamflow.generator.parameters import Channel, Parameters, ProductClass
from streamflow.generator.places import CITIES, STORES
from streamflow.generator.population import Ints, Population, populate, rank_of
from streamflow.generator.randomness import stream
from streamflow.generator.spline import Floats, Margin, QuantileSpline, normal_cdf

DAY_US = 86_400_000_000
MAX_PURCHASES = 1_000_000_000
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Plan:
    """What a run shall hold.

    Attributes:
        parameters: The world's figures.
        purchases: Distinct valid purchases, fraud included.
        days: Days of full traffic; a tail of `labels.max_delay_days` follows.
        seed: The same seed, plan and figures give the same bytes.
        base_currency: The one currency of the deployment.
    """

    parameters: Parameters
    purchases: int
    days: int
    seed: int
    base_currency: str = "USD"

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("purchases", self.purchases, 1, MAX_PURCHASES),
            ("days", self.days, 1, 3660),
            ("seed", self.seed, 0, 2**63 - 1),
        ):
            if not least <= value <= most:
                raise InputError(f"--{name} must lie between {least} and {most}, not {value}.")

    @property
    def start_us(self) -> int:
        """The first instant of traffic."""
        return self.parameters.start_us

    @property
    def traffic_end_us(self) -> int:
        """Where full traffic ends and the tail begins."""
        return self.start_us + self.days * DAY_US

    @property
    def end_us(self) -> int:
        """Where the tail ends: later than any label of the run."""
        return self.traffic_end_us + int((self.parameters.labels.max_delay_days + 1) * DAY_US)

    def check_before(self, now: datetime) -> None:
        """Refuse a run whose simulated clock would pass the real one.

        Raises:
            InputError: It would; the sentence names the last start that works.
        """
        end = datetime.fromtimestamp(self.end_us / 1e6, UTC)
        if end >= now:
            latest = (now - timedelta(microseconds=self.end_us - self.start_us)).date()
            raise InputError(
                f"The run would end on {end:%Y-%m-%d}, after today: use fewer --days, or --start {latest} or before."
            )

    @cached_property
    def tag(self) -> str:
        """Six hex digits in every id, so that two different runs never share one."""
        # Figures that were not given count for nothing, so that a new optional one renames no run.
        figures = self.parameters.model_dump_json(exclude_defaults=True)
        text = f"{figures}/{self.purchases}/{self.days}/{self.seed}/{self.base_currency}"
        return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()


class World:
    """Everything that is drawn before the first purchase."""

    def __init__(self, plan: Plan) -> None:
        """Draw it.

        Args:
            plan: What the run shall hold.
        """
        self.plan = plan
        parameters = plan.parameters
        self.parameters = parameters
        figures = parameters.customers
        count = max(20, round(plan.purchases / (plan.days * figures.purchases_per_day)))
        rank = np.arange(1, parameters.merchants.count + 1)
        merchant_rng = stream(plan.seed, "merchants")
        self.merchant_weights: Floats = merchant_rng.permutation(1.0 / rank**parameters.merchants.popularity)
        self.merchant_cumulative = np.cumsum(self.merchant_weights / self.merchant_weights.sum())
        self.compromised = self._compromised(merchant_rng)
        self.population: Population = populate(parameters, plan.seed, count, plan.traffic_end_us, self.merchant_weights)
        self.classes: tuple[ProductClass, ...] = tuple(parameters.amounts.classes)
        self.channels: tuple[Channel, ...] = tuple(parameters.channels.shares)
        quantiles = np.array(parameters.amounts.quantiles)
        self.splines = tuple(
            QuantileSpline(quantiles, np.array(knots, dtype=float)) for knots in parameters.amounts.classes.values()
        )
        self._margin = self._margin_of(parameters)
        self.store_city: Ints = np.array([self._city(city) for _, city, _ in STORES], dtype=np.int64)
        self._name()

    def _name(self) -> None:
        tag = self.plan.tag
        per_class = self.parameters.reference.products_per_class
        self.customer_ids = [f"c-{tag}-{i:06d}" for i in range(len(self.population))]
        self.merchant_ids = [f"m-{tag}-{i:04d}" for i in range(self.parameters.merchants.count)]
        self.store_ids = [f"s-{tag}-{i:02d}" for i in range(len(STORES))]
        self.product_ids = [f"p-{tag}-{name}-{i:02d}" for name in self.classes for i in range(per_class)]

    @staticmethod
    def _city(name: str) -> int:
        return next(index for index, city in enumerate(CITIES) if city.name == name)

    def _compromised(self, rng: np.random.Generator) -> Ints:
        """Choose compromised merchants among the least popular quarter: small shops guard their pages worst."""
        count = max(1, round(self.parameters.merchants.compromised_share * len(self.merchant_weights)))
        small = np.argsort(self.merchant_weights, kind="stable")[: max(count, len(self.merchant_weights) // 4)]
        return np.sort(rng.choice(small, size=count, replace=False))

    def purchases_a_customer(self) -> Floats:
        """Return how much each customer buys in the hours of traffic, relative to the others.

        Hours that are given for the whole let those who shop at other hours buy less than their own activity says.
        """
        people, rhythm = self.population, self.parameters.rhythm
        present = 1 - np.maximum(people.joined_us - self.plan.start_us, 0) / (self.plan.days * DAY_US)
        if rhythm.hours is None:
            return np.asarray(people.activity * present)
        bought = np.zeros(len(people))
        for hour, share in enumerate(rhythm.hours):
            density = people.hour_density(hour * 60 + 30, self.plan.start_us, rhythm)
            weights = people.activity * density * present
            bought += share * weights / weights.sum()
        return bought

    def _margin_of(self, parameters: Parameters) -> Margin | None:
        """Return the map from amounts of the classes to amounts of the margin, where the figures have one."""
        figures = parameters.amounts.margin
        if figures is None:
            return None
        people, count = self.population, len(self.population)
        # What this world's customers buy, not what shares and tastes say of a large one: the margin shall be met in
        # every run. Each customer's own quantiles begin elsewhere, so that few of them make a smooth whole.
        points = int(np.clip(1_000_000 // count, 4, 100))
        begin = (np.arange(count) * GOLDEN)[:, np.newaxis]
        u = (np.arange(points) + begin % 1) / points
        normal = np.linspace(-5, 5, 4001)
        score = np.interp(u, normal_cdf(normal), normal)
        rank = rank_of(people.taste[:, np.newaxis], score, parameters.customers.spend_consistency).ravel()
        bought, main = np.repeat(self.purchases_a_customer(), points), parameters.customers.main_class_share
        of_any = parameters.customers.any_class_share
        own = (1 - of_any) * np.array((main, 1 - main))
        parts = [
            (self._of_classes(np.repeat(classes, points), rank), bought * share)
            for classes, share in zip((people.main_class, people.second_class), own.tolist(), strict=True)
        ]
        if of_any > 0:
            spread = np.arange(len(rank)) * GOLDEN**2 % 1
            chosen = choose(list(parameters.amounts.shares.values()), spread)
            parts.append((self._of_classes(chosen, rank), bought * of_any))
        target = QuantileSpline(np.array(figures.quantiles), np.array(figures.amounts, dtype=float))
        amounts, mass = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Margin(amounts, mass, target)

    def amounts(self, classes: Ints, ranks: Floats) -> Floats:
        """Return amounts in minor units (not yet whole) of these classes at these quantiles."""
        result = self._of_classes(classes, ranks)
        return result if self._margin is None else self._margin(result)

    def _of_classes(self, classes: Ints, ranks: Floats) -> Floats:
        result = np.empty(len(classes))
        for index, spline in enumerate(self.splines):
            mine = classes == index
            if mine.any():
                result[mine] = spline(ranks[mine])
        return result

    def priced(self, amounts: Floats, rng: np.random.Generator) -> Ints:
        """Round amounts to whole minor units, a share of them to the nearest price ending."""
        figures = self.parameters.amounts
        endings = np.array(list(figures.price_endings))
        shares = np.cumsum(list(figures.price_endings.values()))
        u = rng.random((2, len(amounts)))
        ending = endings[np.searchsorted(shares, u[0], side="right").clip(0, len(endings) - 1)]
        pointed = np.floor(amounts / 100) * 100 + ending
        moved = (u[1] < figures.price_point_share) & (amounts >= 100)
        if self._margin is not None:
            # A flat stretch of the margin is a price already; nothing else comes out whole.
            moved &= np.abs(amounts - np.rint(amounts)) > 1e-6
        whole = np.where(moved, pointed, np.rint(amounts))
        rounded: Ints = np.maximum(whole, 1).astype(np.int64)
        return rounded

    def product_of(self, classes: Ints, ranks: Floats) -> Ints:
        """Return the product bought: dearer purchases of a class are of its dearer products."""
        per_class = self.parameters.reference.products_per_class
        tier: Ints = np.minimum((ranks * per_class).astype(np.int64), per_class - 1)
        return np.asarray(classes * per_class + tier)

    def usual_amount(self, customer: int) -> float:
        """Return the mean amount, in minor units, that the customer spends on a purchase of their own."""
        grid = np.linspace(-2.2, 2.2, 23)
        weights = np.exp(-(grid**2) / 2)
        people = self.population
        ranks = rank_of(people.taste[customer], grid, self.parameters.customers.spend_consistency)
        share = self.parameters.customers.main_class_share
        usual = 0.0
        for index, part in ((people.main_class[customer], share), (people.second_class[customer], 1 - share)):
            paid = self.amounts(np.full(len(ranks), int(index)), np.asarray(ranks))
            usual += part * float(np.average(paid, weights=weights))
        return usual
