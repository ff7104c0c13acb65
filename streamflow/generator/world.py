"""The world of a run: who lives in it, what is sold where, how much things cost, and how its ids are spelt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from streamflow.errors import InputError
from streamflow.generator.parameters import Channel, Parameters, ProductClass
from streamflow.generator.places import CITIES, STORES
from streamflow.generator.population import Ints, Population, populate, rank_of
from streamflow.generator.randomness import stream
from streamflow.generator.spline import Floats, Margin, QuantileSpline

DAY_US = 86_400_000_000
MAX_PURCHASES = 1_000_000_000


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
        text = f"{self.parameters.model_dump_json()}/{self.purchases}/{self.days}/{self.seed}/{self.base_currency}"
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

    def _margin_of(self, parameters: Parameters) -> Margin | None:
        """Return the map from amounts of the classes to amounts of the margin, where the figures have one."""
        if parameters.amounts.margin is None:
            return None
        people, main = self.population, parameters.customers.main_class_share
        # What this world's customers buy, not what the shares say of a large one: the margin shall be met either way.
        mix = np.bincount(people.main_class, people.activity * main, len(self.classes)).astype(np.float64)
        mix += np.bincount(people.second_class, people.activity * (1 - main), len(self.classes))
        figures = parameters.amounts.margin
        target = QuantileSpline(np.array(figures.quantiles), np.array(figures.amounts, dtype=float))
        return Margin(self.splines, mix, target)

    def amounts(self, classes: Ints, ranks: Floats) -> Floats:
        """Return amounts in minor units (not yet whole) of these classes at these quantiles."""
        result = np.empty(len(classes))
        for index, spline in enumerate(self.splines):
            mine = classes == index
            if mine.any():
                result[mine] = spline(ranks[mine])
        return result if self._margin is None else self._margin(result)

    def priced(self, amounts: Floats, rng: np.random.Generator) -> Ints:
        """Round amounts to whole minor units, a share of them to the nearest price ending."""
        figures = self.parameters.amounts
        endings = np.array(list(figures.price_endings))
        shares = np.cumsum(list(figures.price_endings.values()))
        u = rng.random((2, len(amounts)))
        ending = endings[np.searchsorted(shares, u[0], side="right").clip(0, len(endings) - 1)]
        pointed = np.floor(amounts / 100) * 100 + ending
        whole = np.where((u[1] < figures.price_point_share) & (amounts >= 100), pointed, np.rint(amounts))
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
