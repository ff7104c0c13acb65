"""Notebooks by papermill: parameters are checked before anything runs, copies and pages lie apart from the source."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest

from streamflow.calibration.runs import (
    NotebookFailed,
    RunResult,
    check_parameters,
    find_notebook,
    notebook_parameters,
    prune_runs,
    read_parameters,
    run_folder,
    run_notebook,
)
from streamflow.errors import InputError
from streamflow.settings import load_settings
from tests.commands import in_process
from tests.notebook_cases import write_notebook

SUM = "assert amount > 0\nprint(f'{name}: {amount * share}')"
TOLD = """
from pathlib import Path
from streamflow.calibration.runs import announce
announce(proposal=Path('some') / 'where', passed=True)
announce(passed=False)
"""
REACH = "import os\nprint(os.environ['SEEN_BY_KERNELS'], os.getcwd())"


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write one notebook that works and three that do not."""
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder, "sums", SUM, TOLD, REACH)
    write_notebook(folder, "breaks", "raise ValueError('the file has no rows.\\nTry another.')")
    write_notebook(folder, "sleeps", "import time; time.sleep(60)")
    write_notebook(folder, "dies", "import os; os._exit(1)")
    return folder


@pytest.fixture(scope="module")
def ran(notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """Run the one that works, once for all tests that look at it."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEN_BY_KERNELS", "the caller's environment")
        return run_notebook("sums", {"amount": 40}, folder, notebooks=notebooks, cwd=folder.parent)


def text_of(path: Path) -> str:
    """Return everything that the cells of a notebook printed."""
    cells = nbformat.read(path, as_version=4).cells  # type: ignore[no-untyped-call]
    return "".join(one.get("text", "") for cell in cells for one in cell.get("outputs", ()))


def test_a_run_leaves_a_copy_with_its_parameters_and_the_source_as_it_was(ran: RunResult, notebooks: Path) -> None:
    """The default of one parameter, the given value of the other; no output in the source."""
    assert (ran.notebook, ran.parameters) == ("sums", {"amount": 40})
    assert ran.copy.name == "sums.ipynb"
    assert "shop: 20.0" in text_of(ran.copy)
    assert text_of(notebooks / "sums.ipynb") == ""
    assert {path.name for path in notebooks.iterdir()} == {
        f"{name}.ipynb" for name in ("sums", "breaks", "sleeps", "dies")
    }


def test_a_kernel_sees_the_environment_and_the_directory_that_it_was_given(ran: RunResult) -> None:
    """Not those of a login shell."""
    assert f"the caller's environment {ran.copy.parent.parent}" in text_of(ran.copy)
    assert "SEEN_BY_KERNELS" not in os.environ


def test_the_page_shows_the_outputs_and_loads_nothing_from_elsewhere(ran: RunResult) -> None:
    """One file."""
    page = ran.page.read_text(encoding="utf-8")
    assert "shop: 20.0" in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert {path.name for path in ran.copy.parent.iterdir()} == {"sums.ipynb", "sums.html"}


def test_a_run_returns_what_the_notebook_announced(ran: RunResult) -> None:
    """A path as text; the last word on a name."""
    assert ran.results == {"proposal": str(Path("some") / "where"), "passed": False}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"amuont": 1}, r"notebook sums has no parameter 'amuont'; did you mean 'amount'\?"),
        ({"amount": "1"}, r"'amount' of notebook sums must be an integer, as 42, not '1'"),
        ({"amount": 1.5}, r"'amount' of notebook sums must be an integer, as 42, not 1\.5"),
        ({"amount": True}, r"'amount' of notebook sums must be an integer"),
        ({"share": "half"}, r"'share' of notebook sums must be a number, as 0\.5, not 'half'"),
        ({"share": True}, r"'share' of notebook sums must be a number"),
        ({"name": 5}, r"'name' of notebook sums must be a text, not 5"),
        ({"careful": 1}, r"'careful' of notebook sums must be true or false, not 1"),
        ({"cells": "1,2"}, r"'cells' of notebook sums must be a list"),
    ],
)
def test_a_wrong_parameter_fails_before_anything_runs(
    notebooks: Path, tmp_path: Path, given: dict[str, Any], sentence: str
) -> None:
    """One sentence with the nearest name, or the type that the default has; no folder is made."""
    with pytest.raises(InputError, match=sentence):
        run_notebook("sums", given, tmp_path / "run", notebooks=notebooks)
    assert list(tmp_path.iterdir()) == []


def test_values_that_mean_the_same_are_taken(notebooks: Path) -> None:
    """A whole number for a float, a path for a text, a tuple for a list, anything for None."""
    known = notebook_parameters(notebooks / "sums.ipynb")
    assert list(known) == ["amount", "share", "name", "careful", "cells", "free"]
    assert known["amount"].help == "minor units"
    given = {"share": 1, "name": Path("a"), "cells": (3,), "free": 2.5}
    assert check_parameters("sums", known, given) == {"share": 1.0, "name": "a", "cells": [3], "free": 2.5}


def test_texts_of_the_command_line_are_read_by_the_type_of_the_default(notebooks: Path) -> None:
    """A text stays one even where it looks like a number."""
    known = notebook_parameters(notebooks / "sums.ipynb")
    texts = ["amount=7", "share=2", "name=12", "careful=false", "cells=[3]", "free=word"]
    assert read_parameters("sums", known, texts) == {
        "amount": 7,
        "share": 2.0,
        "name": "12",
        "careful": False,
        "cells": [3],
        "free": "word",
    }


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["amount"], r"given as name=value, not as 'amount'"),
        (["amount=1", "amount=2"], r"'amount' is given twice"),
        (["amount=many"], r"'amount' of notebook sums must be an integer, as 42, not 'many'"),
        (["sahre=1"], r"no parameter 'sahre'; did you mean 'share'\?"),
    ],
)
def test_a_wrong_text_of_the_command_line_is_one_sentence(notebooks: Path, texts: list[str], sentence: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(InputError, match=sentence):
        read_parameters("sums", notebook_parameters(notebooks / "sums.ipynb"), texts)


def test_a_cell_that_raises_is_one_sentence_with_the_cell_and_the_copy_that_shows_it(
    notebooks: Path, tmp_path: Path
) -> None:
    """The copy and its page are kept."""
    with pytest.raises(NotebookFailed) as caught:
        run_notebook("breaks", {}, tmp_path, notebooks=notebooks)
    copy = tmp_path / "breaks.ipynb"
    assert str(caught.value) == f"The notebook breaks failed in cell In [2]: ValueError: the file has no rows ({copy})"
    assert copy.exists()
    assert "the file has no rows." in (tmp_path / "breaks.html").read_text(encoding="utf-8")


def test_a_cell_that_takes_too_long_is_stopped_and_named(notebooks: Path, tmp_path: Path) -> None:
    """A timeout is a sentence, not a hang."""
    with pytest.raises(NotebookFailed, match=r"the cell 'import time; time\.sleep\(60\)' ran longer than 1 s"):
        run_notebook("sleeps", {}, tmp_path, notebooks=notebooks, cell_timeout_s=1)


def test_a_kernel_that_dies_is_one_sentence(notebooks: Path, tmp_path: Path) -> None:
    """As it does when memory runs out."""
    with pytest.raises(NotebookFailed, match=r"dies lost its kernel in the cell 'import os; os\._exit\(1\)'"):
        run_notebook("dies", {}, tmp_path, notebooks=notebooks)


def test_a_run_never_writes_among_the_notebooks(notebooks: Path) -> None:
    """Not even when it is told to."""
    before = (notebooks / "sums.ipynb").read_bytes()
    with pytest.raises(InputError, match="lies among the notebooks"):
        run_notebook("sums", {}, notebooks, notebooks=notebooks)
    assert (notebooks / "sums.ipynb").read_bytes() == before


def test_an_unknown_notebook_is_named_with_the_nearest(notebooks: Path, tmp_path: Path) -> None:
    """And a folder without notebooks says that it is one."""
    with pytest.raises(InputError, match=r"no notebook 'sum'; did you mean 'sums'\?"):
        find_notebook("sum.ipynb", notebooks)
    with pytest.raises(InputError, match="holds no notebook"):
        find_notebook("sums", tmp_path)


def test_a_file_that_is_no_notebook_or_has_no_parameters_says_so(tmp_path: Path) -> None:
    """Broken JSON, and a notebook that takes nothing."""
    (tmp_path / "broken.ipynb").write_text("no notebook", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.ipynb cannot be read as a notebook"):
        notebook_parameters(tmp_path / "broken.ipynb")
    bare = write_notebook(tmp_path, "bare", "x = 1", parameters="# nothing")
    with pytest.raises(InputError, match="no cell tagged 'parameters'"):
        notebook_parameters(bare)


def test_a_run_id_becomes_a_folder_and_old_runs_are_removed(tmp_path: Path) -> None:
    """Airflow's ids have colons and plus signs; the newest runs stay."""
    settings = load_settings(home=tmp_path).model_copy(update={"home": tmp_path})
    folder = run_folder(settings, "calibration", "manual__2026-01-05T00:00:00+00:00")
    assert folder == tmp_path / "runs" / "calibration" / "manual__2026-01-05T00-00-00-00-00"
    for number in range(5):
        path = tmp_path / "runs" / "cli" / f"r{number}"
        path.mkdir(parents=True)
        os.utime(path, (number, number))
    assert prune_runs(tmp_path / "runs" / "cli", kept=2) == 3
    assert {path.name for path in (tmp_path / "runs" / "cli").iterdir()} == {"r3", "r4"}


def streamflow(home: Path, notebooks: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a folder of notebooks."""
    places = {"STREAMFLOW_HOME": str(home), "STREAMFLOW_NOTEBOOKS": str(notebooks)}
    return in_process("notebooks", *arguments, **places)


def test_the_command_runs_a_notebook_and_says_where_its_copy_is(notebooks: Path, tmp_path: Path) -> None:
    """Under the state directory, with what the notebook announced."""
    write_notebook(tmp_path / "own", "sums", SUM, TOLD)
    done = streamflow(tmp_path / "home", tmp_path / "own", "run", "sums", "-p", "amount=6", "-p", "name=a b", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["parameters"] == {"amount": 6, "name": "a b"}
    assert told["results"]["passed"] is False
    copy = Path(told["copy"])
    assert copy.is_relative_to(tmp_path / "home" / "runs" / "cli")
    assert "a b: 3.0" in text_of(copy)


def test_the_command_refuses_an_unknown_parameter_with_exit_2_and_a_failing_cell_with_1(
    notebooks: Path, tmp_path: Path
) -> None:
    """One sentence each, no stack trace."""
    places = {"STREAMFLOW_HOME": str(tmp_path), "STREAMFLOW_NOTEBOOKS": str(notebooks)}
    unknown = in_process("notebooks", "run", "sums", "-p", "amuont=6", **places)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "error: The notebook sums has no parameter 'amuont'; did you mean 'amount'?" in unknown.stderr
    assert not (tmp_path / "runs").exists()
    broken = in_process("notebooks", "run", "breaks", **places)
    assert broken.returncode == 1
    assert "error: The notebook breaks failed in cell In [2]: ValueError: the file has no rows" in broken.stderr
    assert "Traceback" not in broken.stderr


def test_the_command_lists_notebooks_with_parameters_and_defaults(notebooks: Path, tmp_path: Path) -> None:
    """What can be given, without opening Jupyter."""
    done = in_process("notebooks", "list", STREAMFLOW_HOME=str(tmp_path), STREAMFLOW_NOTEBOOKS=str(notebooks))
    assert done.returncode == 0, done.stderr
    assert re.search(r"sums +amount +10 +minor units", done.stdout)
