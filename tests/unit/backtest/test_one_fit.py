"""A calibration and a backtest that fits are one fit: the same rows and labels give the same rules."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest

from streamflow.backtest.fitting import Fit
from streamflow.bench.handbook import MAPPING, simulate, write_csv
from streamflow.calibration.calibrate import Calibrated, Request, calibrate
from streamflow.calibration.own import own_table
from streamflow.calibration.rules.composition import missing_rules
from streamflow.calibration.rules.threshold import Budget
from streamflow.contracts import Catalogue, build_validator
from streamflow.contracts.calibrations import Notebook
from streamflow.contracts.released import newest_released
from streamflow.contracts.rule_sets import CHECKOUT, RuleSet, load_horizons, load_rule_set
from tests.unit.backtest.file_cases import backtest_of, mapping_of

BUDGET = Budget(20, 500)
NOTEBOOK = Notebook(path="notebooks/calibrate.ipynb", sha256="0" * 64, parameters={})


@dataclass(frozen=True)
class Both:
    """What both made of one file."""

    calibrated: Calibrated
    backtested: RuleSet


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Thirty days of a small town without coordinates, calibrated, and fitted up to the same moment by a backtest."""
    folder = tmp_path_factory.mktemp("one_fit")
    path, mapping = folder / "purchases.csv", mapping_of(folder, MAPPING)
    write_csv(simulate(customers=90, terminals=200, days=30, seed=5, radius=15), path)
    table = own_table(path, mapping, build_validator(Catalogue.load(CHECKOUT), "USD"))
    calibrated = calibrate(table, Request(BUDGET, simulated_purchases=10_000), NOTEBOOK)
    base = load_rule_set(newest_released(CHECKOUT, "fraud_rules"))
    fit = Fit(base, load_horizons(), BUDGET, None, calibrated.data.until_us, seed=1)
    return Both(calibrated, backtest_of(path, mapping, fit=fit).backtest.scored.rule_set)


def without_places(rule_set: RuleSet) -> RuleSet:
    """Return what both can know: no rule about places, and not what a file is called."""
    elsewhere = load_rule_set("1.0.0").rules.geographic
    return msgspec.structs.replace(
        rule_set,
        version="1.0.0",
        calibration=None,
        score_calibrated=False,
        rules=msgspec.structs.replace(rule_set.rules, geographic=elsewhere),
    )


def test_calibration_and_backtest_fit_the_same_rules_on_the_same_rows(both: Both) -> None:
    """Bands, weights, intervals, histories, prior and threshold: all but the rule about places, which none saw."""
    assert list(missing_rules(both.calibrated.data)) == ["geographic"]
    assert sum(len(measure.bands) for _, _, measure in both.backtested.measures()) > 10
    assert without_places(both.calibrated.rule_set) == without_places(both.backtested)


def test_a_rule_that_was_simulated_moves_no_threshold_of_the_files_own_purchases(both: Both) -> None:
    """Geographic has bands from a simulated run; alerts on the file's rows use the budget that they were given."""
    calibrated = both.calibrated
    assert calibrated.simulated is not None
    geographic = calibrated.rule_set.rules.geographic.measures
    assert {band.status for band in geographic.speed_kmh.bands} == {"simulated"}
    figures = calibrated.calibration.figures
    assert figures["rules.alert_threshold_ulo"].status == figures["rules.prior_ulo"].status == "measured"
    fit = calibrated.final.fit
    learned = fit.train & fit.usable
    alerts = 1000 * np.mean(fit.scores[learned] >= calibrated.rule_set.alert_threshold_ulo)
    assert 0.5 * BUDGET.alerts_per_1000 <= alerts <= BUDGET.alerts_per_1000
    assert not calibrated.rule_set.score_calibrated


def test_a_proposal_says_how_many_customers_stay_flagged(both: Both) -> None:
    """Never silent: the figure stands beside precision and recall."""
    locked = both.calibrated.final.fit.locked
    figure = both.calibrated.calibration.figures["evaluation.locked_in_customers"]
    assert locked is not None
    assert figure.n == locked.customers > 30
    assert figure.value == locked.locked / locked.customers
