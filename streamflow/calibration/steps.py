"""The steps of a calibration as a scheduler runs them: profile, calibrate, fidelity, each a notebook; then a review.

The parameters of a run are a pool from which each step takes what is its own; one that is None is left to the
notebook's default. Nothing here releases or promotes: a run ends with a proposal and the words for whoever decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamflow.calibration.parameters import DATASETS, STEPS
from streamflow.calibration.runs import NotebookFailed, notebook_names, prune_runs, run_folder, run_notebook
from streamflow.contracts.proposals import read_proposal
from streamflow.contracts.review import review
from streamflow.errors import InputError, StreamFlowError, nearest
from streamflow.log import get_logger

if TYPE_CHECKING:
    from streamflow.settings import Settings

CALLER: Final = "calibration"
PROPOSAL: Final = "proposal"
TAKES: Final[dict[str, tuple[str, ...]]] = {
    "profile": ("path",),
    "calibrate": ("dataset", "path", "mapping", "alert_budget", "review_cost", "seed"),
    "fidelity": ("dataset", "path", "mapping", "seed"),
}
"""What each notebook takes from the parameters of the run. From the same file and seed, fidelity has the generator
parameters that calibrate proposes."""


class StepFailed(StreamFlowError):
    """A step cannot succeed, however often it is tried: a wrong parameter, or a cell that failed."""


def run_step(settings: Settings, step: str, run_id: str, *pools: Any) -> dict[str, Any]:
    """Run one step.

    Args:
        settings: Say where notebooks, contracts and state are.
        step: profile, calibrate, fidelity or review.
        run_id: Names the run folder, which all steps of a run share.
        *pools: Mappings or None: the parameters of the run, and what the step before returned; a parameter that is
            None is left to the notebook.

    Returns:
        Plain data: what this step says and made, and the proposal once there is one.

    Raises:
        StepFailed: The notebook is missing, a parameter is wrong, or a cell failed; trying again changes nothing.
        EnvironmentNotReady: No kernel started.
    """
    if step not in STEPS:
        raise StepFailed(f"There is no step '{step}'; {nearest(step, STEPS)}")
    log = get_logger(run=run_id, step=step)
    pool: dict[str, Any] = {}
    for one in pools:
        pool |= dict(one or {})
    try:
        if step == "review":
            told = {"says": review_words(settings, Path(str(pool.get(PROPOSAL))))}
        else:
            told = _run(settings, step, pool, run_id)
    except (InputError, NotebookFailed) as error:
        raise StepFailed(str(error)) from None
    log.info("step ended", **told)
    carried = {PROPOSAL: pool[PROPOSAL]} if pool.get(PROPOSAL) else {}
    return carried | told


def review_words(settings: Settings, folder: Path) -> str:
    """Return what a proposal would change, in plain words, and the command that would release it.

    Args:
        settings: Say where the contracts are.
        folder: The proposal.

    Raises:
        InputError: The folder is no proposal.
    """
    told = ["\n".join(one.lines()) for one in review(settings.contracts_dir, read_proposal(folder))]
    return "\n\n".join([f"Proposal: {folder}", *told, f"Nothing was released: streamflow contracts release {folder}"])


def _run(settings: Settings, step: str, pool: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    folder = run_folder(settings, CALLER, run_id)
    name = step
    if step == "profile":
        prune_runs(folder.parent)
        dataset = pool.get("dataset") or DATASETS[0]
        name = f"profile_{dataset}"
        if name not in notebook_names(settings.notebooks_dir):
            return {"says": f"There is no notebook {name}: the dataset '{dataset}' is calibrated without a profile."}
    given = {key: pool[key] for key in TAKES[step] if pool.get(key) is not None}
    done = run_notebook(name, given, folder, notebooks=settings.notebooks_dir, cwd=settings.root)
    if step == "calibrate" and PROPOSAL not in done.results:
        raise NotebookFailed(f"The notebook {name} announced no proposal ({done.copy})")
    return {"notebook": name, "copy": str(done.copy), "page": str(done.page)} | done.results
