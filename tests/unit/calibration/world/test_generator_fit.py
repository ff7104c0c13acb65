"""Generator parameters are found again on runs whose world is known, and say so where a table cannot tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from streamflow.calibration.world.behaviour import shared_widely
from streamflow.calibration.world.evidence import Prepared
from streamflow.calibration.world.fit import (
    generator_document,
    generator_figures,
    generator_parameters,
    generator_sources,
    parameter_values,
)
from streamflow.calibration.world.simulated import simulated_table
from streamflow.contracts.calibrations import Figure, Notebook, Source, new_calibration
from streamflow.datasets.table import Codes, PurchaseTable
from streamflow.errors import InputError
from streamflow.generator.parameters import load_parameters
from tests.unit.generator.worlds import shipped

PURCHASES, DAYS = 40_000, 20
ID = "own-0123456789ab"


@cache
def table() -> PurchaseTable:
    """Return a run of the shipped world."""
    return simulated_table(shipped(), PURCHASES, DAYS, 3)


@cache
def figures() -> dict[str, Figure]:
    """Return what is found on it."""
    return generator_figures(table(), shipped(), seed=1)


def bare() -> PurchaseTable:
    """Return the run as a real file with nothing but times, amounts and labels, half the rows standing for three."""
    weight = np.where(np.arange(len(table())) % 2, 3.0, 1.0)
    real = Source(kind="file", name="bare.csv", sha256="0" * 64, rows=len(table()))
    return replace(
        table(),
        source=real,
        weight=weight,
        has_date=False,
        missing={},
        customer=None,
        merchant=None,
        card=None,
        device=None,
        product=None,
        latitude=None,
        longitude=None,
        offset_min=None,
    )


@pytest.mark.parametrize(
    ("path", "truth"),
    [
        ("amounts.price_point_share", 0.45),
        ("channels.no_merchant_share", 0.02),
        ("customers.favourite_share", 0.75),
        ("customers.main_class_share", 0.85),
        ("customers.main_item_share", 0.85),
        ("customers.purchases_per_day", 4.0),
        ("customers.spend_consistency", 0.45),
        ("fraud.rate", 0.01),
        ("fraud.warm_up_share", 0.2),
        ("merchants.popularity", 0.8),
        ("rhythm.second_basket_share", 0.03),
    ],
)
def test_a_parameter_is_found_again_inside_its_interval(path: str, truth: float) -> None:
    """The intervals are of 95 %; a tenth of the value beyond them is granted for what an estimate leaves out."""
    figure = figures()[path]
    low, high = figure.interval
    assert low - 0.1 * truth <= truth <= high + 0.1 * truth, figure
    assert abs(figure.value - truth) < 0.25 * truth
    assert figure.n is not None
    assert figure.n > 100


def test_shares_of_customers_are_found_again() -> None:
    """Cards, devices and how strict customers are about their hours."""
    assert np.allclose(figures()["customers.cards"].value[:3], [0.6, 0.3, 0.1], atol=0.06)
    assert np.allclose(figures()["customers.devices"].value[:3], [0.5, 0.35, 0.15], atol=0.07)
    kappas = np.array(figures()["rhythm.concentration"].value)
    weights = np.array(figures()["rhythm.concentration_weights"].value)
    assert abs(weights[kappas < 2].sum() - 0.25) < 0.08
    assert abs(weights[kappas > 4.5].sum() - 0.3) < 0.12
    endings = figures()["amounts.price_endings"].value
    assert list(endings) == ["0", "50", "95", "99"]
    assert np.allclose(list(endings.values()), [0.2, 0.1, 0.2, 0.5], atol=0.02)


def test_every_parameter_has_a_figure_and_each_status_its_reason() -> None:
    """On generated rows nothing is measured."""
    found = figures()
    assert {path for path, _ in parameter_values(shipped())} <= set(found)
    statuses = Counter(figure.status for figure in found.values())
    assert statuses["measured"] == 0
    assert statuses["simulated"] > 50
    assert found["fraud.shares"].status == "assumed"
    assert found["fraud.shares"].reason.endswith("not identifiable: no source names scenarios")
    observed = [path for path in found if path.startswith("observed.")]
    assert len(observed) >= 12


def test_a_table_without_customers_measures_amounts_hours_and_fraud_and_nothing_else() -> None:
    """What carries over names the missing column; real rows are measured."""
    found = generator_figures(bare(), shipped(), seed=1)
    measured = {path for path, figure in found.items() if figure.status == "measured"}
    assert {"amounts.margin", "rhythm.hours", "fraud.rate", "fraud.hours", "fraud.amounts"} <= measured
    assert not any(path.startswith(("customers.", "channels.")) and path != "customers.even" for path in measured)
    assert found["customers.cards"].reason.endswith("not identifiable: no customer column")
    assert found["rhythm.week"].reason.endswith("not identifiable: no dates, so no weekdays")
    assert found["amounts.classes"].status == "anchored"
    assert "by its convention" in found["rhythm.hours"].method


def test_weights_are_respected() -> None:
    """A row of weight three counts as three, and says no more than one."""
    rows = bare()
    found = generator_figures(rows, shipped(), seed=1)
    rate = found["fraud.rate"]
    assert rate.value == pytest.approx(float(np.average(rows.fraud, weights=rows.weight)))
    assert rate.n == pytest.approx(len(rows) * 0.8, rel=0.01)


@cache
def odd() -> dict[str, Figure]:
    """Return what is found where a fifth of the purchases cost 19.99 exactly and products have other names."""
    amounts = np.where(np.arange(PURCHASES) % 5, table().amount_minor, 1999)
    products = Codes(np.array([0, 1, 1, 1, 2] * (PURCHASES // 5)), ("C", "W", "Z"))
    return generator_figures(replace(table(), amount_minor=amounts, product=products), shipped(), seed=1)


def test_price_points_are_found_and_come_back_from_the_calibrated_world() -> None:
    """A fifth of the purchases cost 19.99 exactly."""
    found = odd()
    margin = found["amounts.margin"].value
    flat = [q for q, amount in zip(margin["quantiles"], margin["amounts"], strict=True) if amount == 1999]
    assert flat[-1] - flat[0] == pytest.approx(0.2, abs=0.01)
    world = generator_parameters(shipped(), found)
    run = simulated_table(world, PURCHASES, DAYS, 9)
    assert float((run.amount_minor == 1999).mean()) == pytest.approx(0.2, abs=0.01)


def test_products_of_other_names_are_classes_by_rank() -> None:
    """The contracts fix the classes' names; the method says which product is which."""
    found = odd()
    assert list(found["amounts.shares"].value) == ["grocery", "fashion", "home"]
    assert found["amounts.shares"].value["grocery"] == pytest.approx(0.6, abs=0.01)
    assert "W is grocery" in found["amounts.shares"].method


def test_the_document_reads_back_as_the_same_world_and_is_the_same_again(tmp_path: Path) -> None:
    """Values, statuses and short sources; rerun, the same bytes."""
    text = generator_document(shipped(), figures(), "1.1.0", ID)
    assert text == generator_document(shipped(), generator_figures(table(), shipped(), seed=1), "1.1.0", ID)
    path = tmp_path / "1.1.0.yaml"
    path.write_text(text, encoding="utf-8")
    read = load_parameters(path)
    provenance = {"figures", "version", "calibration"}
    expected = generator_parameters(shipped(), figures())
    assert read.model_dump(exclude=provenance) == expected.model_dump(exclude=provenance)
    assert (read.version, read.calibration) == ("1.1.0", ID)
    assert read.figures["customers.cards"].status == "simulated"
    assert max(len(line) for line in text.splitlines()) < 4000


def test_a_calibration_takes_the_figures_with_their_sources() -> None:
    """Every figure has the evidence that its status needs."""
    calibration = new_calibration(
        dataset="own",
        rule_set="1.1.0",
        generator="1.1.0",
        package="0",
        notebook=Notebook(path="notebooks/calibrate.ipynb", sha256="0" * 64, parameters={}),
        sources=generator_sources(table(), shipped()),
        figures=figures(),
    )
    assert len(calibration.figures) == len(figures()) > 90


def test_a_table_of_a_few_rows_is_refused() -> None:
    """One sentence with both numbers."""
    with pytest.raises(InputError, match="has 500 purchases; generator parameters need at least 1000"):
        generator_figures(simulated_table(shipped(), 500, 2, 1), shipped(), seed=1)


def test_devices_that_many_customers_share_are_kinds_of_devices() -> None:
    """A column of browsers tells nothing about how many devices a customer has."""
    habits = Prepared(table()).habits
    assert habits is not None
    assert table().device is not None
    browsers = Codes(np.arange(len(table())) % 5, tuple(f"browser {number}" for number in range(5)))
    assert shared_widely(habits, browsers)
    assert not shared_widely(habits, table().device or browsers)
    assert figures()["customers.devices"].status == "simulated"
