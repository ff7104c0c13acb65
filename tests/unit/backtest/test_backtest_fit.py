"""Rules fitted before a moment: only labels known by then count, and a plain baseline is fitted beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamflow.backtest.fitting import Fit
from streamflow.backtest.run import Trial
from streamflow.bench.handbook import MAPPING, START, Simulated, simulate, write_csv
from streamflow.calibration.rules.threshold import Budget
from streamflow.contracts.rule_sets import load_horizons, load_rule_set
from streamflow.errors import InputError
from streamflow.statistics.ranking import Ranking
from tests.unit.backtest.file_cases import backtest_of, mapping_of

DAY_US = 86_400_000_000
START_US = int(START.astype("datetime64[us]").astype(np.int64))
UNTIL_US = START_US + 30 * DAY_US


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    """Forty days of a small town after the Handbook's description; much of what is bought there is fraud."""
    return simulate(customers=40, terminals=150, days=40, seed=5, radius=20)


def fit_on(simulated: Simulated, folder: Path, from_us: int | None = None, until_us: int = UNTIL_US) -> Trial:
    """Fit up to day 30 and judge what comes after it."""
    path = folder / "purchases.csv"
    write_csv(simulated, path)
    fit = Fit(load_rule_set("1.0.0"), load_horizons(), Budget(20, 500), from_us, until_us, seed=1)
    return backtest_of(path, mapping_of(folder, MAPPING), fit=fit)


def test_rules_are_fitted_on_labels_known_by_then_and_on_nothing_else(simulated: Simulated, tmp_path: Path) -> None:
    """Labels of the last seven days before the end of training, and all later ones, could be anything."""
    trial = fit_on(simulated, tmp_path).backtest
    known = simulated.second < (30 - 7) * 86_400
    assert trial.training is not None
    assert trial.training.purchases == int(known.sum()) > 1000
    assert trial.training.frauds == int(simulated.fraud[known].sum()) > 100
    other = replace(simulated, fraud=np.where(known, simulated.fraud, ~simulated.fraud))
    again = fit_on(other, tmp_path).backtest
    assert again.scored.rule_set == trial.scored.rule_set
    assert again.training is not None
    assert again.training.plain is not None
    assert trial.training.plain is not None
    assert again.training.plain.rule_set == trial.training.plain.rule_set

    rule_set, plain = trial.scored.rule_set, trial.training.plain.rule_set
    assert (rule_set.version, rule_set.status, rule_set.calibration) == ("1.1.0", "draft", None)
    assert any(measure.bands for _, _, measure in rule_set.measures())
    limits = {f"{rule}.{name}": len(measure.bands) for rule, name, measure in plain.measures() if measure.bands}
    # One limit each, and the cuts at which a budget can end.
    assert set(limits.values()) <= {1, 2, 3, 4}
    assert set(limits) <= {"high_value.amount_minor", "high_value.ratio_to_mean", "velocity.purchases"}

    later = trial.period.of(trial.purchases.event_us)
    fraud = trial.purchases.fraud[later].astype(np.float64)
    ranking = Ranking.of(trial.scored.log_odds_ulo[later].astype(np.float64))
    assert trial.period.from_us == UNTIL_US
    assert ranking.average_precision(np.ones(len(fraud)), fraud) > 1.2 * fraud.mean()


def test_a_fit_without_a_known_fraud_is_refused(simulated: Simulated, tmp_path: Path) -> None:
    """The sentence says what to change."""
    with pytest.raises(InputError, match=r"No fraud of purchases\.csv was known by 2018-04-05.*move --train-until"):
        fit_on(simulated, tmp_path, until_us=START_US + 4 * DAY_US)
    with pytest.raises(InputError, match="among purchases since 2018-04-28"):
        fit_on(simulated, tmp_path, from_us=START_US + 27 * DAY_US)
