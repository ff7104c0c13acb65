"""The steps of a scheduled calibration: what each takes, and what happens when a notebook does not play along."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamflow.calibration.parameters import DATASETS, PARAMETERS, STEPS
from streamflow.calibration.runs import find_notebook, notebook_parameters
from streamflow.calibration.steps import TAKES, StepFailed, run_step
from streamflow.settings import Settings, load_settings
from tests.notebook_cases import write_notebook


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """Give settings with a folder of notebooks to fill."""
    return load_settings().model_copy(update={"home": tmp_path / "state", "notebooks": tmp_path / "notebooks"})


@pytest.mark.parametrize(
    ("step", "notebooks"),
    [("profile", ("profile_ulb", "profile_ieee_cis")), ("calibrate", ("calibrate",)), ("fidelity", ("fidelity",))],
)
def test_the_notebooks_of_the_checkout_take_what_their_step_gives_them(step: str, notebooks: tuple[str, ...]) -> None:
    """An unknown parameter would fail the run on its first day."""
    folder = load_settings().notebooks_dir
    for name in notebooks:
        assert set(TAKES[step]) <= set(notebook_parameters(find_notebook(name, folder)))


def test_every_parameter_of_the_run_reaches_a_step_and_every_step_takes_known_ones() -> None:
    """None is lost, none is made up."""
    assert set(TAKES) == set(STEPS) - {"review"}
    assert {name for taken in TAKES.values() for name in taken} == set(PARAMETERS)
    assert PARAMETERS["dataset"]["enum"] == [None, *DATASETS]


@pytest.mark.parametrize(
    ("step", "pool", "sentence"),
    [
        ("calibrat", {}, r"no step 'calibrat'; did you mean 'calibrate'\?"),
        ("fidelity", {}, r"no notebook 'fidelity'; valid: calibrate"),
        ("calibrate", {"path": "a.csv"}, r"notebook calibrate has no parameter 'path'; valid: seed"),
        ("calibrate", {"seed": "one"}, r"'seed' of notebook calibrate must be an integer, as 42, not 'one'"),
        ("review", {"proposal": "nowhere"}, r"nowhere"),
    ],
)
def test_what_no_second_try_can_mend_fails_with_a_sentence(
    small: Settings, step: str, pool: dict[str, object], sentence: str
) -> None:
    """Before anything runs."""
    write_notebook(small.notebooks_dir, "calibrate", "x = seed", parameters="seed = 1")
    with pytest.raises(StepFailed, match=sentence):
        run_step(small, step, "run", pool)
    assert not list(small.runs_dir.rglob("*.ipynb"))


def test_a_calibration_that_announces_no_proposal_fails(small: Settings) -> None:
    """Else the review would have nothing to show, and nobody would know why."""
    write_notebook(small.notebooks_dir, "calibrate", "x = seed", parameters="seed = 1")
    with pytest.raises(StepFailed, match="calibrate announced no proposal"):
        run_step(small, "calibrate", "run", {"seed": 2, "path": None}, None)
