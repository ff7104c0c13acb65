"""What the five rules observe of each purchase, before any limit: the engine's own scalar arithmetic, kept as columns.

A calibration needs the measures themselves, under several windows at once, so that it can choose limits afterwards.
The engine runs as it does in the stream; in place of a scorecard stands an `Observer` that notes what it saw, and
flags what a given rule set would flag, because flagged amounts do not raise a customer's mean.

Values are *scaled* as the rules compare them: integers of 1 / 10^digits of the measure's unit, -1 where there was
nothing to observe.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.datasets.table import Codes, Floats, Ints, PurchaseTable
from streamflow.rules.blacklist import Entry
from streamflow.rules.book import Activation, RuleBook
from streamflow.rules.compiler import compile_rule_set
from streamflow.rules.engine import Engine
from streamflow.rules.geographic import LEAST_HOURS, distance_km
from streamflow.rules.history import CustomerState, Sums
from streamflow.rules.ladder import round_scaled
from streamflow.rules.model import Position, Purchase
from streamflow.rules.scorecard import Assessment, Scorecard
from streamflow.rules.time_anomaly import DAY_MIN, deviation_min, mean_minute, minute_of_day
from streamflow.rules.velocity import window_start

NOTHING = -1
PROGRESS_EVERY = 20_000
_FOREVER_US = 2**62


@dataclass(frozen=True)
class Observations:
    """One entry a row of the table in every array; a dictionary has one array a window, by its seconds.

    Attributes:
        scored: Whether the row entered evaluation; false for what came late or twice.
        ratio: high_value, amount over the customer's legitimate mean; NOTHING without earlier legitimate purchases.
        legitimate: high_value, earlier legitimate purchases of the customer.
        amount: high_value, minor units.
        purchases: velocity, purchases in the window, this one included.
        distance: geographic, the longest distance within the window.
        speed: geographic, the highest speed within the window.
        apart_min: time_anomaly, minutes round the clock from the customer's mean hour; NaN without earlier purchases.
        spread_min: time_anomaly, circular standard deviation of the customer's hours, minutes.
        earlier: time_anomaly, earlier purchases of the customer.
        risk: blacklist, the listed merchant's risk; NOTHING where the merchant is not listed.
    """

    scored: npt.NDArray[np.bool_]
    ratio: Ints
    legitimate: Ints
    amount: Ints
    purchases: dict[int, Ints]
    distance: dict[int, Ints]
    speed: dict[int, Ints]
    apart_min: Floats
    spread_min: Floats
    earlier: Ints
    risk: Ints

    def deviation(self, min_sigma_min: float, min_history: int, scale: int) -> Ints:
        """Return time_anomaly's measure under a least deviation and a history; the same numbers as the rule's own."""
        usable = (self.earlier >= max(min_history, 1)) & ~np.isnan(self.apart_min)
        apart, spread = self.apart_min[usable], self.spread_min[usable]
        result = np.full(len(self.scored), NOTHING, dtype=np.int64)
        result[usable] = np.floor(apart / np.maximum(spread, min_sigma_min) * scale + 0.5).astype(np.int64)
        return result

    def ratio_from(self, min_history: int) -> Ints:
        """Return high_value's ratio where the mean rests on at least so many purchases."""
        return np.where(self.legitimate >= min_history, self.ratio, NOTHING)


def _column(codes: Codes | None, rows: int) -> list[str | None]:
    if codes is None:
        return [None] * rows
    names = codes.names
    return [names[code] if code >= 0 else None for code in codes.codes.tolist()]


class Observer:
    """Stands in a book where a scorecard stands, and notes what it is shown; a purchase's digest is its row.

    Args:
        card: Flags purchases as the stream would under this rule set.
        rows: Rows of the table.
        windows: Windows to observe velocity and geographic under, seconds.
        risk: The blacklist's reading of each row, scaled by the rule's digits; NOTHING where not listed.
    """

    def __init__(self, card: Scorecard, rows: int, windows: Sequence[int], risk: Ints) -> None:
        self.rule_set, self.version = card.rule_set, card.version
        self.calibrated, self.calibration_id = card.calibrated, card.calibration_id
        self._card = card
        self._windows = [(window, window * 1_000_000) for window in sorted(windows)]
        self.risk = risk
        self._risks = risk.tolist()
        self._risk_scale = card.blacklist.risk.scale
        self.ratio, self.legitimate = [NOTHING] * rows, [0] * rows
        self.purchases = {window: [0] * rows for window in windows}
        self.distance = {window: [NOTHING] * rows for window in windows}
        self.speed = {window: [NOTHING] * rows for window in windows}
        self.apart, self.spread, self.earlier = [np.nan] * rows, [np.nan] * rows, [0] * rows

    def assess(
        self, purchase: Purchase, sums: Sums, history: CustomerState, end: int, _: Entry | None
    ) -> Assessment | None:
        """Note what there is to see; return an assessment only if the rule set would flag the purchase."""
        row, card = purchase.digest, self._card
        legit_sum, legit_count = sums.lane(self.version)
        self.legitimate[row] = legit_count
        if legit_sum > 0:
            scale = card.high_value.ratio.scale
            self.ratio[row] = (2 * purchase.amount_minor * legit_count * scale + legit_sum) // (2 * legit_sum)
        self._windowed(row, purchase, history, end)
        self.earlier[row] = sums.count
        if sums.count:
            apart = abs(minute_of_day(purchase) - mean_minute(sums))
            self.apart[row] = DAY_MIN - apart if apart > DAY_MIN / 2 else apart
            self.spread[row] = deviation_min(sums)
        entry = self._entry(row)
        total = card.prior_ulo + card.high_value.evaluate(purchase, legit_sum, legit_count)
        total += card.velocity.evaluate(purchase, history, end) + card.geographic.evaluate(purchase, history, end)
        total += card.time_anomaly.evaluate(purchase, sums) + card.blacklist.evaluate(entry)
        if total < card.alert_threshold_ulo:
            return None
        return Assessment(total, 0.0, True, (), ())

    def explain(
        self, purchase: Purchase, sums: Sums, history: CustomerState, end: int, entry: Entry | None
    ) -> Assessment:
        """Do what `assess` does where the engine asks again about a purchase that was flagged."""
        return self.assess(purchase, sums, history, end, entry) or Assessment(0, 0.0, False, (), ())

    def _entry(self, row: int) -> Entry | None:
        risk = self._risks[row]
        if risk == NOTHING:
            return None
        return Entry("", "", 0, None, 0, "", "calibration", risk / self._risk_scale)

    def _windowed(self, row: int, purchase: Purchase, history: CustomerState, end: int) -> None:
        """Go back in time once, noting the extremes as each window's edge is passed."""
        now_us, latitude, longitude = purchase.event_time_us, purchase.latitude, purchase.longitude
        starts = [window_start(history, end, now_us - window_us) for _, window_us in self._windows]
        for (window, _), start in zip(self._windows, starts, strict=True):
            self.purchases[window][row] = end - start + 1
        if latitude is None or longitude is None or starts[-1] == end:
            return
        far = fast = NOTHING
        place = end
        for (window, _), start in zip(self._windows, starts, strict=True):
            while place > start:
                place -= 1
                there_latitude, there_longitude = history.latitudes[place], history.longitudes[place]
                if there_latitude is None or there_longitude is None:
                    continue
                km = distance_km(latitude, longitude, there_latitude, there_longitude)
                hours = max((now_us - history.times[place]) / 3_600_000_000, LEAST_HOURS)
                far = max(far, round_scaled(km, self._card.geographic.distance.scale))
                fast = max(fast, round_scaled(km / hours, self._card.geographic.speed.scale))
            self.distance[window][row], self.speed[window][row] = far, fast


def observe(
    table: PurchaseTable,
    rule_set: RuleSet,
    horizons: Horizons,
    *,
    windows: Sequence[int],
    risk: Ints | None = None,
    progress: Callable[[int], None] | None = None,
) -> Observations:
    """Run purchases through the engine in the order of their event times and keep what the rules observe.

    Args:
        table: Purchases with customers.
        rule_set: Flags purchases; what it flags does not raise a customer's mean.
        horizons: How far the engine's state reaches.
        windows: Windows to observe under, seconds; none longer than the horizons'.
        risk: Of the merchants that the blacklist holds, by row, scaled as the rule does; nobody is listed when None.
        progress: Called now and then with the number of rows done.

    Returns:
        The observations, in the order of the table.

    Raises:
        ValueError: The table has no customers.
    """
    if table.customer is None:
        raise ValueError("rules observe customers, and this table has none")
    rows = len(table)
    observer = Observer(
        compile_rule_set(rule_set),
        rows,
        windows,
        np.full(rows, NOTHING, dtype=np.int64) if risk is None else risk,
    )
    book = RuleBook({rule_set.version: observer}, [Activation(-_FOREVER_US, rule_set.version, "live")])  # type: ignore[dict-item]
    engine = Engine(book, horizons)
    scored = np.zeros(rows, dtype=np.bool_)
    states: dict[str, CustomerState] = {}
    for done, purchase in enumerate(_purchases(table)):
        state = states.get(purchase.customer_id)
        if state is None:
            state = states[purchase.customer_id] = CustomerState()
        outcomes = engine.process_state(state, purchase, Position(0, done))
        scored[purchase.digest] = outcomes[0].kind == "scored"
        if progress is not None and done % PROGRESS_EVERY == 0:
            progress(done)
    return _collected(observer, table, scored)


def _purchases(table: PurchaseTable) -> Sequence[Purchase]:
    rows = len(table)
    customers, merchants = _column(table.customer, rows), _column(table.merchant, rows)
    times, amounts = table.event_us.tolist(), table.amount_minor.tolist()
    offsets = [None] * rows if table.offset_min is None else table.offset_min.tolist()
    latitudes, longitudes = _places(table.latitude, rows), _places(table.longitude, rows)
    return [
        Purchase(
            customers[row] or f"unknown-{row}",
            f"{row:09d}",
            times[row],
            amounts[row],
            offsets[row],
            merchants[row],
            latitudes[row],
            longitudes[row],
            row,
        )
        for row in np.argsort(table.event_us, kind="stable").tolist()
    ]


def _places(values: Floats | None, rows: int) -> list[float | None]:
    if values is None:
        return [None] * rows
    return [None if math.isnan(value) else value for value in values.tolist()]


def _collected(observer: Observer, table: PurchaseTable, scored: npt.NDArray[np.bool_]) -> Observations:
    def whole(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)

    return Observations(
        scored=scored,
        ratio=whole(observer.ratio),
        legitimate=whole(observer.legitimate),
        amount=table.amount_minor,
        purchases={window: whole(values) for window, values in observer.purchases.items()},
        distance={window: whole(values) for window, values in observer.distance.items()},
        speed={window: whole(values) for window, values in observer.speed.items()},
        apart_min=np.array(observer.apart),
        spread_min=np.array(observer.spread),
        earlier=whole(observer.earlier),
        risk=observer.risk,
    )
