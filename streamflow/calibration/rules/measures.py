"""The rules' measures of a table, under given parameters, and what a table cannot identify."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from streamflow.calibration.rules.bands import Measured, Rows
from streamflow.calibration.rules.choices import Candidate
from streamflow.calibration.rules.learned_risk import learned_risk
from streamflow.contracts.rule_sets import Horizons, RuleSet
from streamflow.datasets.table import Bools, Ints, PurchaseTable
from streamflow.replay.observations import Observations, observe

WINDOWS_S = {"velocity": (600, 1800, 3600, 21600, 86400), "geographic": (3600, 21600, 86400)}
HISTORIES = {"high_value": (3, 1, 5, 10), "time_anomaly": (10, 5, 20)}
LEAST_SIGMAS_MIN = (30.0, 60.0, 120.0)
PARAMETERS = {
    "high_value": ("min_history",),
    "velocity": ("window_s",),
    "geographic": ("window_s",),
    "time_anomaly": ("min_history", "min_sigma_min"),
}
"""Parameters of the rules that a calibration chooses."""

COUNT_TAILS = (0.2, 0.05, 0.02, 0.005, 0.001)
RISK_TAILS = (0.9, 0.5, 0.2, 0.05)

Progress = Callable[[str, int], None]
"""Told what is being done and how many rows of it are."""


def silent(_: str, __: int) -> None:
    """Tell nobody."""


def identifiable(table: PurchaseTable) -> dict[str, str]:
    """Return, for each rule, why the table cannot identify it; the empty text where it can."""
    customer = "" if table.customer is not None else "not identifiable: no customer column"
    place = "" if table.latitude is not None else "not identifiable: no coordinates"
    merchant = "" if table.merchant is not None else "not identifiable: no merchant column"
    dates = "" if table.known_us is not None else "not identifiable: the source does not say when labels were known"
    return {
        "high_value": customer,
        "velocity": customer,
        "geographic": customer or place,
        "time_anomaly": customer,
        "blacklist": customer or merchant or dates,
    }


def rows_of(table: PurchaseTable) -> Rows:
    """Return what a fit needs of a table beside its measures; a row without customer stands for itself."""
    if table.customer is None:
        group = np.arange(len(table), dtype=np.int64)
    else:
        codes = table.customer.codes
        group = np.where(codes >= 0, codes, len(table.customer.names) + np.cumsum(codes < 0) - 1)
    return Rows(table.fraud, table.weight, group, table.event_us, table.amount_minor)


@dataclass(frozen=True)
class Seen:
    """A table as the rules see it.

    Attributes:
        observations: What the engine's rules observed; None for a table without customers.
        usable: Rows that entered evaluation, shape (rows,).
    """

    observations: Observations | None
    usable: Bools


class Measures:
    """Computes the rules' measures of one table.

    Args:
        table: Labelled purchases.
        base: A rule set whose digits, and whose parameters where none are given, count.
        horizons: How far the engine's state reaches.
        run: Runs the table through the engine; `observe`, or what spreads it over processes.
    """

    def __init__(
        self, table: PurchaseTable, base: RuleSet, horizons: Horizons, run: Callable[..., Observations] = observe
    ) -> None:
        self.table, self._base, self._horizons = table, base, horizons
        self._run = run
        self.reasons = identifiable(table)
        self._scale = {f"{rule}.{name}": 10**measure.digits for rule, name, measure in base.measures()}
        digits = base.rules.blacklist.measures.risk.digits
        self._risk = None if self.reasons["blacklist"] else learned_risk(table, digits)

    def see(self, rule_set: RuleSet, progress: Progress, name: str) -> Seen:
        """Run the table through the engine; what `rule_set` flags does not raise a mean."""
        if self.table.customer is None:
            return Seen(None, np.ones(len(self.table), dtype=np.bool_))
        windows = {window for found in WINDOWS_S.values() for window in found}
        windows |= {self._base.rules.velocity.window_s, self._base.rules.geographic.window_s}
        seen = self._run(
            self.table,
            rule_set,
            self._horizons,
            windows=sorted(window for window in windows if window <= self._horizons.max_window_s),
            risk=self._risk,
            progress=lambda done: progress(name, done),
        )
        return Seen(seen, seen.scored)

    def candidates(self, rule: str, seen: Observations) -> list[Candidate]:
        """Return the ways to set a rule's parameters; the one in use first."""
        mine = getattr(self._base.rules, rule)
        settings: list[dict[str, float]]
        if rule in WINDOWS_S:
            windows = dict.fromkeys((mine.window_s, *WINDOWS_S[rule]))
            settings = [{"window_s": float(window)} for window in windows if window in seen.purchases]
        elif rule == "high_value":
            settings = [{"min_history": float(n)} for n in dict.fromkeys((mine.min_history, *HISTORIES[rule]))]
        else:
            settings = [
                {"min_history": float(history), "min_sigma_min": float(sigma)}
                for history in dict.fromkeys((mine.min_history, *HISTORIES[rule]))
                for sigma in dict.fromkeys((mine.min_sigma_min, *LEAST_SIGMAS_MIN))
            ]
        return [Candidate(one, self._history_of(rule, seen, one)) for one in settings]

    def of(self, rule_set: RuleSet, seen: Seen) -> list[Measured]:
        """Return every measure that the table identifies, under the parameters of a rule set."""
        amount = self._measured("high_value", "amount_minor", self.table.amount_minor)
        found: list[Measured] = []
        if seen.observations is not None:
            for rule, names in PARAMETERS.items():
                if not self.reasons[rule]:
                    given = {name: float(getattr(getattr(rule_set.rules, rule), name)) for name in names}
                    found += self._history_of(rule, seen.observations, given)
        found.append(amount)
        if self._risk is not None:
            listed = np.where(self._risk >= 0, self._scale["blacklist.listed"], 0)
            # Listed or not: one bound, wherever the quantiles lie.
            found.append(replace(self._measured("blacklist", "listed", listed), tails=(0.0,), bounds=(1,)))
            found.append(replace(self._measured("blacklist", "risk", self._risk), tails=RISK_TAILS))
        return found

    def _measured(self, rule: str, measure: str, values: Ints) -> Measured:
        return Measured(rule, measure, self._scale[f"{rule}.{measure}"], values)

    def _history_of(self, rule: str, seen: Observations, given: dict[str, float]) -> tuple[Measured, ...]:
        """Return the measures of a rule that looks at a customer's history."""
        if rule == "high_value":
            return (self._measured(rule, "ratio_to_mean", seen.ratio_from(int(given["min_history"]))),)
        if rule == "velocity":
            counts = self._measured(rule, "purchases", seen.purchases[int(given["window_s"])])
            return (replace(counts, least=2, tails=COUNT_TAILS),)
        if rule == "geographic":
            window = int(given["window_s"])
            return (
                self._measured(rule, "distance_km", seen.distance[window]),
                self._measured(rule, "speed_kmh", seen.speed[window]),
            )
        scale = self._scale["time_anomaly.deviation_sigma"]
        deviation = seen.deviation(given["min_sigma_min"], int(given["min_history"]), scale)
        return (self._measured(rule, "deviation_sigma", deviation),)
