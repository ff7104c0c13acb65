"""Whether a generated run is like the source it was calibrated on: gates that are known to fail when they should.

Three kinds of gates (docs: notebooks/fidelity.ipynb shows each of them fail):

- Distributions have fixed limits: Wasserstein-1 over the standard deviation at most 0.05, Kolmogorov-Smirnov complement
  at least 0.97 from 10,000 rows on, total variation of categories at most 0.02. Where two halves of the source itself
  lie further apart than the limit, the source cannot say; that is "not identifiable", never passed.
- Fraud rates by kind must lie inside an interval around the source's: a score interval for all rates together (Sidak),
  with customers as clusters, as wide as two runs of these sizes may lie apart.
- Behaviour may lie as far from the source as twice what two random halves of its customers lie apart.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from streamflow.calibration.fidelity.rates import rate_gates
from streamflow.calibration.fidelity.samples import BEHAVIOURS, CATEGORIES, Observed, amounts_of, log_amounts_of, masses
from streamflow.calibration.world.evidence import Prepared
from streamflow.calibration.world.simulated import simulated_table
from streamflow.contracts.calibrations import Source, rounded
from streamflow.datasets.table import Bools, Ints, PurchaseTable
from streamflow.generator.parameters import Parameters
from streamflow.statistics.distances import Sample, halves_apart, kolmogorov_smirnov, total_variation, wasserstein
from streamflow.statistics.intervals import effective_n

Verdict = Literal["passed", "failed", "not identifiable"]

MOST_WASSERSTEIN = 0.05
MOST_KS = 0.03
KS_ROWS = 10_000
MOST_VARIATION = 0.02
FLOORS = 2.0
LEAST_UNITS = 40


@dataclass(frozen=True)
class Check:
    """One gate.

    Attributes:
        name: What is compared, and how: `amounts.wasserstein`.
        value: The distance; for fraud rates, the worst cell's distance from the source over the interval's half width.
            None where there is nothing to compare.
        limit: The most that passes; None where there is nothing to compare.
        floor: The same distance between halves of the source, the median of several; None where it has none.
        verdict: passed, failed or not identifiable.
        note: What it is about, in a sentence.
    """

    name: str
    value: float | None
    limit: float | None
    floor: float | None
    verdict: Verdict
    note: str


@dataclass(frozen=True)
class Fidelity:
    """All gates of one comparison."""

    source: Source
    generated: Source
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no gate failed and at least one could be judged."""
        verdicts = {check.verdict for check in self.checks}
        return "failed" not in verdicts and "passed" in verdicts

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the gates that failed."""
        return tuple(check.name for check in self.checks if check.verdict == "failed")

    def text(self) -> str:
        """Return a table for people, one gate a line."""
        lines = [f"{'gate':<30}{'value':>9}{'limit':>9}{'floor':>9}  verdict"]
        for check in self.checks:
            cells = "".join(
                f"{'-' if one is None else f'{one:.4f}':>9}" for one in (check.value, check.limit, check.floor)
            )
            lines.append(f"{check.name:<30}{cells}  {check.verdict}: {check.note}")
        return "\n".join(lines)

    def json(self) -> str:
        """Return the result as canonical JSON."""
        content = {
            "source": {"name": self.source.name, "sha256": self.source.sha256, "rows": self.source.rows},
            "generated": {"name": self.generated.name, "sha256": self.generated.sha256, "rows": self.generated.rows},
            "passed": self.passed,
            "checks": [_finite(asdict(check)) for check in self.checks],
        }
        return json.dumps(rounded(content), sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def _finite(check: dict[str, object]) -> dict[str, object]:
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in check.items()}


def regenerate(parameters: Parameters, source: PurchaseTable, seed: int, times: float = 1) -> PurchaseTable:
    """Run the generator as the source was: as many purchases, the same days, the same thin tail after them.

    A gate at twice the noise floor fails by chance now and then, because the run has noise as well as the source. A run
    of several times as many customers has less.

    Args:
        parameters: As calibrated on the source.
        source: The table.
        seed: Of the run.
        times: As many purchases as the source has, this many times, by as many more customers.
    """
    traffic = Prepared(source).traffic
    labels = parameters.labels.model_copy(update={"tail_purchases_share": min(traffic.tail_share, 0.5)})
    changes: dict[str, object] = {"labels": labels}
    if source.has_date:
        changes["start"] = datetime.fromtimestamp(traffic.start_us / 1e6, UTC)
    purchases = max(1, round(float(source.weight.sum()) * times))
    return simulated_table(parameters.model_copy(update=changes), purchases, traffic.days, seed)


def compare(source: PurchaseTable, generated: PurchaseTable, seed: int) -> list[Check]:
    """Hold a generated run against its source.

    Args:
        source: The table that the run was calibrated on.
        generated: The run.
        seed: Of the random halves that noise floors come from.

    Returns:
        One check a gate, in the same order every time.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    one, other = Prepared(source), Prepared(generated)
    checks = _amounts(one, other, rng)
    checks += [_category(name, note, of(one), of(other), rng) for name, note, of in CATEGORIES]
    for name, outcome in rate_gates(one, other):
        if isinstance(outcome, str):
            checks.append(_unknown(f"fraud_rate.{name}", outcome))
        else:
            verdict: Verdict = "passed" if outcome.worst <= 1 else "failed"
            checks.append(Check(f"fraud_rate.{name}", outcome.worst, 1.0, None, verdict, outcome.note))
    checks += [_behaviour(name, note, of(one), of(other), rng) for name, note, of in BEHAVIOURS]
    return checks


def fidelity(source: PurchaseTable, generated: PurchaseTable, seed: int) -> Fidelity:
    """Return `compare`'s checks together with what was compared."""
    return Fidelity(source.source, generated.source, tuple(compare(source, generated, seed)))


def _unknown(name: str, why: str) -> Check:
    return Check(name, None, None, None, "not identifiable", why)


def _groups(rows: Prepared) -> Ints:
    return np.arange(len(rows.table)) if rows.groups is None else rows.groups


def _resolved(value: float, limit: float, floor: float, enough: bool = True) -> Verdict:
    """Judge a distance with a fixed limit.

    Whole samples lie apart by chance as far as halves do over the root of two. A source whose own noise exceeds the
    limit does not resolve it: a greater distance is a failure only beyond twice that noise.
    """
    noise = floor / np.sqrt(2)
    if enough and value <= limit:
        return "passed"
    if (not enough or noise > limit) and value <= max(FLOORS * noise, limit):
        return "not identifiable"
    return "failed"


def _amounts(one: Prepared, other: Prepared, rng: np.random.Generator) -> list[Check]:
    groups = _groups(one)
    rows = min(effective_n(one.table.weight), effective_n(other.table.weight))
    checks = []
    for name, of in (("amounts", amounts_of), ("log_amounts", log_amounts_of)):
        mine, theirs = of(one), of(other)
        spread = mine.spread or 1.0

        def apart(first: Bools, sample: Sample = mine, scale: float = spread) -> float:
            return wasserstein(sample.where(first), sample.where(~first)) / scale

        value, floor = wasserstein(mine, theirs) / spread, halves_apart(apart, groups, rng)
        verdict = _resolved(value, MOST_WASSERSTEIN, floor)
        note = "Wasserstein-1 over the standard deviation" + (" of logarithms" if name == "log_amounts" else "")
        checks.append(Check(f"{name}.wasserstein", value, MOST_WASSERSTEIN, floor, verdict, note))
    mine, theirs = amounts_of(one), amounts_of(other)
    value = kolmogorov_smirnov(mine, theirs)
    floor = halves_apart(lambda first: kolmogorov_smirnov(mine.where(first), mine.where(~first)), groups, rng)
    verdict = _resolved(value, MOST_KS, floor, rows >= KS_ROWS)
    note = f"one less the Kolmogorov-Smirnov complement, from {KS_ROWS} rows on; here {rows:.0f} effective ones"
    return [*checks, Check("amounts.kolmogorov_smirnov", value, MOST_KS, floor, verdict, note)]


def _category(name: str, note: str, mine: Observed | str, theirs: Observed | str, rng: np.random.Generator) -> Check:
    if isinstance(mine, str):
        return _unknown(f"{name}.variation", mine)
    if isinstance(theirs, str):
        return Check(f"{name}.variation", 1.0, MOST_VARIATION, None, "failed", f"{note}; the run has none: {theirs}")
    kinds = int(max(mine.values.max(initial=0), theirs.values.max(initial=0))) + 1

    def apart(first: Bools) -> float:
        return total_variation(masses(mine, kinds, first), masses(mine, kinds, ~first))

    value = total_variation(masses(mine, kinds), masses(theirs, kinds))
    floor = halves_apart(apart, mine.owners, rng)
    return Check(f"{name}.variation", value, MOST_VARIATION, floor, _resolved(value, MOST_VARIATION, floor), note)


def _behaviour(name: str, note: str, mine: Observed | str, theirs: Observed | str, rng: np.random.Generator) -> Check:
    if isinstance(mine, str):
        return _unknown(name, mine)
    if len(np.unique(mine.owners)) < LEAST_UNITS:
        return _unknown(name, f"fewer than {LEAST_UNITS} customers or cards have any")
    if isinstance(theirs, str):
        return Check(name, float("inf"), None, None, "failed", f"{note}; the run has none: {theirs}")
    sample = Sample(mine.values, mine.weights)
    spread = sample.spread or 1.0
    owners = np.unique(mine.owners, return_inverse=True)[1]

    def apart(first: Bools) -> float:
        return wasserstein(sample.where(first), sample.where(~first)) / spread

    value = wasserstein(sample, Sample(theirs.values, theirs.weights)) / spread
    floor = halves_apart(apart, owners, rng)
    limit = FLOORS * floor
    return Check(name, value, limit, floor, "passed" if value <= limit else "failed", note)
