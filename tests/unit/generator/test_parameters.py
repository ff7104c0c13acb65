"""The world's figures are read strictly, and each says where it comes from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from streamflow.errors import InputError
from streamflow.generator.parameters import load_parameters, parameter_file, parameter_versions
from streamflow.generator.population import rank_of
from streamflow.generator.spline import QuantileSpline, normal_cdf
from tests.unit.generator.worlds import PARAMETERS, shipped

IEEE_CIS = {0.25: 43.32, 0.5: 68.77, 0.75: 125.0, 0.95: 474.0, 0.99: 1104.0}
"""Published quantiles of TransactionAmt, 590,540 rows."""


def broken(tmp_path: Path, old: str, new: str) -> str:
    """Return the sentence that a changed parameter file is refused with."""
    text = PARAMETERS.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path = tmp_path / "1.0.0.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_parameters(path)
    return str(caught.value)


def test_every_figure_has_a_status_and_none_pretends_to_be_measured() -> None:
    """No source of the project's has been measured yet."""
    statuses = Counter(figure.status for figure in shipped().figures.values())
    assert statuses.total() > 50
    assert set(statuses) <= {"assumed", "anchored"}
    assert all(figure.source for figure in shipped().figures.values())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "  rate: {value: 0.01",
            "  rat: {value: 0.01",
            "line 74: there is no figure 'fraud.rat'; did you mean 'rate'?",
        ),
        ("  week: {", "  weeks: {", "there is no figure 'rhythm.weeks'; did you mean 'week'?"),
        ("    rate: {value: 0.01,", "    rate: {value: 3,", "'fraud.rate' is wrong"),
        ("{value: 4.0, status: assumed,", "{value: 4.0, status: guessed,", "needs a status (assumed"),
        ("purchases_per_day: {value: 4.0,", "purchases_per_day: {valu: 4.0,", "valu' must be a figure"),
        ("{value: 4.0, status", "{value: 4.0, statu: x, status", "has no part 'statu'; did you mean 'status'?"),
        ("web: 0.42", "web: 0.4", "shares must sum to 1, not 0.98"),
        ("grocery: [200, 1200,", "grocery: [1200, 200,", "the amounts of 'grocery' must rise"),
        ("version: 1.0.0", "version: 2.0.0", "the version is '2.0.0'"),
        ("p95_delay_days: {value: 6.0", "p95_delay_days: {value: 1.0", "the delays must rise"),
    ],
)
def test_a_wrong_figure_is_refused_with_its_name_and_the_nearest(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    """One sentence, with the line."""
    assert sentence in broken(tmp_path, old, new)


def test_a_version_that_is_not_there_names_one_that_is(tmp_path: Path) -> None:
    """The nearest file."""
    del tmp_path
    with pytest.raises(InputError, match=r"1\.0\.9\.yaml; did you mean '1\.0\.0'\?"):
        load_parameters(PARAMETERS.with_name("1.0.9.yaml"))


def test_the_mixture_of_amounts_lies_near_the_published_quantiles() -> None:
    """Within 15 %, which is what "anchored" claims."""
    figures = shipped().amounts
    rng = np.random.default_rng(0)
    quantiles = np.array(figures.quantiles)
    parts = [
        QuantileSpline(quantiles, np.array(figures.classes[name], dtype=float))(rng.random(int(400_000 * share)))
        for name, share in figures.shares.items()
    ]
    amounts = np.concatenate(parts) / 100
    for quantile, published in IEEE_CIS.items():
        assert abs(float(np.quantile(amounts, quantile)) / published - 1) < 0.15, quantile


def test_a_spline_is_monotone_and_meets_its_knots() -> None:
    """A quantile function never falls."""
    quantiles = np.array([0.0, 0.1, 0.5, 0.9, 1.0])
    amounts = np.array([100.0, 101.0, 5000.0, 5001.0, 900_000.0])
    spline = QuantileSpline(quantiles, amounts)
    assert np.allclose(spline(quantiles), amounts)
    assert (np.diff(spline(np.linspace(0, 1, 5001))) >= 0).all()


def test_habit_leaves_the_margin_of_amounts_as_it_is() -> None:
    """Ranks stay uniform however consistent customers are."""
    rng = np.random.default_rng(1)
    ranks = rank_of(np.repeat(rng.normal(size=20_000), 5), rng.normal(size=100_000), 0.45)
    assert np.abs(np.quantile(ranks, [0.1, 0.5, 0.9]) - [0.1, 0.5, 0.9]).max() < 0.01
    assert abs(float(normal_cdf(np.array([1.959964]))[0]) - 0.975) < 1e-6


def test_the_newest_released_version_is_used_and_a_proposal_is_not(tmp_path: Path) -> None:
    """By number, not by text; what the lock does not name is a proposal."""
    folder = tmp_path / "generator"
    folder.mkdir()
    with pytest.raises(InputError, match="There are no generator parameters"):
        parameter_file(folder)
    for name in ("1.9.0", "1.10.0", "2.0.0", "draft"):
        (folder / f"{name}.yaml").write_text("", encoding="utf-8")
    assert parameter_versions(folder) == ("1.9.0", "1.10.0", "2.0.0")
    lock = "".join(f"{'0' * 64}  generator/{name}.yaml\n" for name in ("1.9.0", "1.10.0"))
    (tmp_path / "released.lock").write_text(lock, encoding="utf-8")
    assert parameter_file(folder).name == "1.10.0.yaml"
    assert parameter_file(folder, "2.0.0").name == "2.0.0.yaml"
