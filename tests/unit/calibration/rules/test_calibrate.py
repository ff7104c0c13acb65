"""From a table to a proposal: the same bytes each time, nothing measured that is not, no label used too early."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from streamflow.calibration.calibrate import Calibrated, Request, calibrate
from streamflow.calibration.proposal_folder import write_proposal
from streamflow.calibration.rules.threshold import Budget
from streamflow.contracts.calibrations import Notebook, Source, training_path
from streamflow.contracts.proposals import read_proposal
from streamflow.contracts.review import review
from streamflow.contracts.rule_sets import CHECKOUT, load_rule_set
from streamflow.datasets.table import PurchaseTable
from streamflow.errors import InputError
from streamflow.generator.parameters import load_parameters
from tests.unit.calibration.rules.tables import shop

pytestmark = pytest.mark.unit

NOTEBOOK = Notebook(path="notebooks/calibrate.ipynb", sha256="0" * 64, parameters={})
REQUEST = Request(Budget(20, 500), simulated_purchases=10_000)


def as_file(table: PurchaseTable) -> PurchaseTable:
    """Return the same rows as if they came from a real file."""
    return dataclasses.replace(table, source=Source(kind="file", name="shop.csv", sha256="1" * 64, rows=len(table)))


@pytest.fixture(scope="module")
def purchases() -> PurchaseTable:
    """A simulated shop, taken for a file."""
    return as_file(shop(14_000, fraud=0.05))


@pytest.fixture(scope="module")
def calibrated(purchases: PurchaseTable) -> Calibrated:
    """What it gives."""
    return calibrate(purchases, REQUEST, NOTEBOOK)


@pytest.fixture(scope="module")
def without_customers(purchases: PurchaseTable) -> Calibrated:
    """What the same amounts give when nobody knows the customers."""
    bare = PurchaseTable(
        dataset="own",
        source=purchases.source,
        event_us=purchases.event_us,
        amount_minor=purchases.amount_minor,
        weight=purchases.weight,
        fraud=purchases.fraud,
    )
    return calibrate(bare, REQUEST, NOTEBOOK)


def test_every_rule_that_the_file_identifies_is_measured(calibrated: Calibrated) -> None:
    """A file with customers, places and merchants measures its windows, bounds, weights and threshold."""
    statuses = {path: figure.status for path, figure in calibrated.calibration.figures.items()}
    assert statuses["rules.prior_ulo"] == statuses["rules.alert_threshold_ulo"] == "measured"
    weights = [path for path in statuses if path.endswith(".weight_ulo")]
    assert len(weights) >= 6
    assert {statuses[path] for path in weights} == {"measured"}


def test_a_file_without_customers_measures_amounts_and_simulates_the_rest(without_customers: Calibrated) -> None:
    """Velocity is never measured on rows whose customer nobody knows, and its figures say why."""
    figures = without_customers.calibration.figures
    velocity = [figure for path, figure in figures.items() if path.startswith("rules.velocity.purchases.")]
    assert velocity
    assert {figure.status for figure in velocity} == {"simulated"}
    assert all("no customer column" in figure.reason for figure in velocity)
    amounts = [figure for path, figure in figures.items() if path.startswith("rules.high_value.amount_minor.")]
    assert amounts
    assert {figure.status for figure in amounts} == {"measured"}
    assert without_customers.calibration.sources["simulation"].kind == "generator"


def test_no_measured_figure_rests_on_generated_rows(calibrated: Calibrated, without_customers: Calibrated) -> None:
    """Whatever is called measured has a file of real rows behind it."""
    for one in (calibrated.calibration, without_customers.calibration):
        measured = [figure for figure in one.figures.values() if figure.status == "measured"]
        assert len(measured) > 10
        assert {one.sources[figure.source].kind for figure in measured} == {"file"}


def test_a_score_is_called_calibrated_only_if_real_labels_agreed(
    calibrated: Calibrated, without_customers: Calibrated
) -> None:
    """A threshold that comes from a simulated run is no checked probability."""
    assert not without_customers.rule_set.score_calibrated
    judgement = calibrated.final.judgement
    assert judgement is not None
    assert calibrated.rule_set.score_calibrated == judgement.score_holds


def test_the_same_inputs_give_the_same_bytes(purchases: PurchaseTable, calibrated: Calibrated) -> None:
    """Calibration, rule set and generator parameters are equal to the last digit."""
    again = calibrate(purchases, REQUEST, NOTEBOOK)
    assert again.calibration.text() == calibrated.calibration.text()
    assert again.rule_set_text == calibrated.rule_set_text
    assert again.generator_text == calibrated.generator_text


def test_a_fraud_that_nobody_had_reported_by_then_teaches_nothing(
    purchases: PurchaseTable, calibrated: Calibrated
) -> None:
    """Hiding every label that was not known when training ended changes no figure of the rule set."""
    assert purchases.known_us is not None
    unknown = purchases.known_us > calibrated.data.until_us
    assert purchases.fraud[unknown].sum() > 50
    hidden = dataclasses.replace(purchases, fraud=purchases.fraud & ~unknown)
    blind = calibrate(hidden, REQUEST, NOTEBOOK).calibration.figures
    rules = {path: figure for path, figure in calibrated.calibration.figures.items() if path.startswith("rules.")}
    assert len(rules) > 20
    # The learned blacklist is told day by day, so it too knows nothing of them within the training period.
    assert {path: blind[path] for path in rules} == rules


def test_a_calibration_says_until_when_it_was_trained(calibrated: Calibrated, without_customers: Calibrated) -> None:
    """A backtest on the same purchases judges by later ones only; a source without dates has no such moment."""
    path = training_path("data")
    figure = calibrated.calibration.figure(path)
    assert (figure.value, figure.status) == (calibrated.data.until_us, calibrated.data.table.status)
    assert figure.n == (calibrated.data.fit.train & calibrated.data.fit.usable).sum() > 1000
    assert without_customers.simulated is not None
    assert path in without_customers.calibration.figures or not without_customers.data.table.has_date
    simulated = without_customers.calibration.figure(training_path("simulation"))
    assert (simulated.value, simulated.status) == (without_customers.simulated.until_us, "simulated")


def test_a_proposal_reads_back_as_what_was_fitted(calibrated: Calibrated, tmp_path: Path) -> None:
    """Three files that name each other; written twice, they are as they were."""
    folder = write_proposal(calibrated, tmp_path)
    first = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert len(first) == 3
    proposal = read_proposal(folder)
    assert proposal.calibrations[calibrated.calibration.id] == calibrated.calibration
    version = calibrated.rule_set.version
    assert load_rule_set(version, folder) == calibrated.rule_set
    world = load_parameters(folder / "generator" / f"{calibrated.calibration.generator}.yaml")
    assert world.calibration == calibrated.calibration.id
    assert write_proposal(calibrated, tmp_path) == folder
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()} == first


def test_a_proposal_takes_the_number_that_its_differences_ask_for(calibrated: Calibrated, tmp_path: Path) -> None:
    """Reviewed beside what was released, neither number is contradicted."""
    reviewed = review(CHECKOUT, read_proposal(write_proposal(calibrated, tmp_path)))
    files = {one.subject.family: one for one in reviewed if one.difference is not None}
    assert set(files) == {"fraud_rules", "generator"}
    for one in files.values():
        assert one.difference is not None
        assert one.subject.version == one.difference.needed_version


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"budget": Budget(0, 1)}, "alert_budget must lie above 0"),
        ({"budget": Budget(10, -1)}, "review_cost must not be negative"),
        ({"train_share": 0.99}, "train_share must lie between 0.1 and 0.95"),
        ({"simulated_purchases": 5}, "simulated_purchases must be at least 10000"),
    ],
)
def test_a_parameter_without_sense_is_one_sentence(changes: dict[str, object], said: str) -> None:
    """The name that the user wrote stands in it."""
    with pytest.raises(InputError, match=said):
        Request(**({"budget": Budget(10, 1)} | changes))  # type: ignore[arg-type]


def test_labels_that_come_after_training_are_one_sentence(purchases: PurchaseTable) -> None:
    """Nothing was known yet: the sentence says what to change."""
    late = dataclasses.replace(purchases, known_us=np.full(len(purchases), 2**60))
    with pytest.raises(InputError, match=r"No fraud of shop.csv was known when the training period ended"):
        calibrate(late, REQUEST, NOTEBOOK)
