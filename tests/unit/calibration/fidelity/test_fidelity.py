"""A run that is like its source passes every gate; each of four spoiled runs is caught by the gate made for it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from streamflow.calibration.fidelity.gates import Fidelity, fidelity, regenerate
from streamflow.calibration.fidelity.spoiled import SPOILS
from streamflow.calibration.world.fit import generator_figures, generator_parameters
from streamflow.calibration.world.simulated import simulated_table
from streamflow.datasets.table import PurchaseTable
from tests.unit.generator.worlds import shipped

PURCHASES, DAYS = 40_000, 8
OF_CUSTOMERS = {
    "burst_length",
    "card_reuse",
    "device_reuse",
    "hour_regularity",
    "inter_event_times",
    "merchant_reuse",
    "purchases_a_customer",
    "spending_a_customer",
}


@cache
def source() -> PurchaseTable:
    """Return what stands for a file: a run of another world than the shipped one."""
    base = shipped()
    other = base.model_copy(
        update={
            "customers": base.customers.model_copy(
                update={"purchases_per_day": 3.0, "activity_shape": 0.9, "cards": (0.3, 0.5, 0.1, 0.1)}
            ),
            "fraud": base.fraud.model_copy(update={"rate": 0.02}),
        }
    )
    return simulated_table(other, PURCHASES, DAYS, 41)


@cache
def regenerated() -> PurchaseTable:
    """Return a run of the world that was calibrated on the source."""
    return regenerate(generator_parameters(shipped(), generator_figures(source(), shipped(), seed=1)), source(), 42)


@cache
def unspoiled() -> Fidelity:
    """Return the comparison of the two."""
    return fidelity(source(), regenerated(), 1)


def test_a_run_calibrated_on_its_source_passes_every_gate() -> None:
    """None is left out: this source has all columns."""
    result = unspoiled()
    assert result.failed == (), result.text()
    assert result.passed
    assert len(result.checks) == 20
    verdicts = [check.verdict for check in result.checks]
    assert verdicts.count("passed") == 20, result.text()


def test_a_run_of_the_same_world_with_another_seed_passes() -> None:
    """Noise alone fails no gate where there are customers enough to tell."""
    base = shipped()
    many = base.model_copy(update={"customers": base.customers.model_copy(update={"purchases_per_day": 0.5})})
    one, other = (simulated_table(many, 100_000, 10, seed) for seed in (21, 22))
    result = fidelity(one, other, 1)
    assert result.failed == (), result.text()
    assert sum(check.verdict == "passed" for check in result.checks) == 20


def test_the_shipped_world_is_not_taken_for_the_source() -> None:
    """Without calibration the gates notice other customers and other fraud."""
    result = fidelity(source(), regenerate(shipped(), source(), 42), 1)
    assert {"purchases_a_customer", "fraud_rate.all"} <= set(result.failed), result.text()


@pytest.mark.parametrize("name", SPOILS)
def test_a_spoiled_run_is_caught_by_the_gate_made_for_it(name: str) -> None:
    """Each way of spoiling fails gates that the unspoiled run passes."""
    spoil, expected = SPOILS[name]
    result = fidelity(source(), spoil(regenerated(), np.random.default_rng(5)), 1)
    assert set(expected) <= set(result.failed), result.text()
    assert not result.passed


def test_four_ways_of_spoiling_are_known() -> None:
    """Those that the issue of the gate names."""
    assert list(SPOILS) == ["amounts + 20 %", "hours shuffled", "one customer a row", "labels shuffled"]


def test_what_a_source_lacks_is_not_identifiable_and_never_passed() -> None:
    """A source with times, amounts and labels only, as ULB."""
    bare = replace(
        source(),
        customer=None,
        merchant=None,
        card=None,
        device=None,
        product=None,
        latitude=None,
        longitude=None,
        offset_min=None,
        has_date=False,
    )
    result = fidelity(bare, regenerated(), 1)
    verdicts = {check.name: check.verdict for check in result.checks}
    unknown = {name for name, verdict in verdicts.items() if verdict == "not identifiable"}
    assert unknown == OF_CUSTOMERS | {
        "fraud_rate.local_hours",
        "fraud_rate.products",
        "products.variation",
        "weekdays.variation",
    }
    assert verdicts["amounts.wasserstein"] == verdicts["hours.variation"] == "passed"


def test_a_source_too_small_for_a_limit_says_so() -> None:
    """A few dozen customers lie further apart than the limit themselves."""
    few, other = (simulated_table(shipped(), 3000, 20, seed) for seed in (1, 2))
    verdicts = {check.name: check.verdict for check in fidelity(few, other, 1).checks}
    assert verdicts["products.variation"] == "not identifiable"
    assert verdicts["amounts.kolmogorov_smirnov"] == "not identifiable"
    assert verdicts["fraud_rate.hours"] == "not identifiable"


def test_the_result_reads_as_a_table_and_as_json() -> None:
    """One line a gate, and the same bytes every time."""
    result = unspoiled()
    assert len(result.text().splitlines()) == len(result.checks) + 1
    content = json.loads(result.json())
    assert content["passed"] is True
    assert content["source"]["sha256"] == source().source.sha256
    assert [check["name"] for check in content["checks"]] == [check.name for check in result.checks]
    assert fidelity(source(), regenerated(), 1).json() == result.json()
