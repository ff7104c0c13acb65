"""Published facts: what they count, that they agree with each other, and that they anchor figures."""

from __future__ import annotations

import pytest

from streamflow.contracts.calibrations import Notebook, new_calibration
from streamflow.datasets.facts import DATASETS, anchor_sources, anchors, dataset_named, facts
from streamflow.errors import InputError


def test_the_columns_are_those_of_the_real_files() -> None:
    """Spans are written out, with the zeros of `id_01`."""
    counted = [(file.name, len(file.names)) for name in DATASETS for file in facts(name).files]
    assert counted == [("creditcard.csv", 31), ("train_transaction.csv", 394), ("train_identity.csv", 41)]
    assert facts("ulb").files[0].names[:2] == ("Time", "V1")
    assert facts("ieee_cis").files[1].names[1] == "id_01"


@pytest.mark.parametrize("dataset", DATASETS)
def test_counts_and_rates_agree(dataset: str) -> None:
    """The published rate is the published frauds over the published rows, and so on."""
    known, file = facts(dataset).figures, facts(dataset).files[0]
    assert file.fraud is not None
    assert known["rows"].value == file.rows
    assert known["fraud.purchases"].value == file.fraud
    assert known["fraud.rate"].value == pytest.approx(file.fraud / file.rows, rel=2e-4)


def test_rates_by_product_add_up_to_the_rate_of_the_whole() -> None:
    """They were published apart; together they are 3.5 %."""
    known = facts("ieee_cis").figures
    shares, rates = known["product.shares"].value, known["fraud.rate_by_product"].value
    assert len(shares) == 5
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    assert sum(shares[name] * rates[name] for name in shares) == pytest.approx(known["fraud.rate"].value, rel=2e-3)


@pytest.mark.parametrize(("dataset", "least"), [("ulb", 16), ("ieee_cis", 28)])
def test_anchors_fit_a_calibration_and_none_is_measured(dataset: str, least: int) -> None:
    """Figures and sources go into a calibration as they are."""
    figures = anchors(dataset)
    assert len(figures) >= least
    made = new_calibration(
        dataset=dataset,
        rule_set="1.0.0",
        generator="1.0.0",
        package="0.1.0",
        notebook=Notebook(path="notebooks/none.ipynb", sha256="0" * 64, parameters={}),
        sources=anchor_sources(dataset),
        figures=figures,
    )
    assert made.by_status() == {"measured": 0, "anchored": len(figures), "simulated": 0, "assumed": 0}


def test_quantiles_rise() -> None:
    """In every published quantile function, from its minimum to its maximum."""
    functions = [
        fact.value for name in DATASETS for path, fact in facts(name).figures.items() if path.endswith("quantiles")
    ]
    assert len(functions) == 13
    for quantiles in functions:
        assert [float(key) for key in quantiles] == sorted(float(key) for key in quantiles)
        assert list(quantiles.values()) == sorted(quantiles.values())


def test_an_unknown_dataset_names_the_nearest() -> None:
    """Hyphens and capitals do not matter, letters do."""
    assert dataset_named("IEEE-CIS") == "ieee_cis"
    with pytest.raises(InputError, match=r"There is no dataset 'ulp'; did you mean 'ulb'\?"):
        anchors("ulp")
