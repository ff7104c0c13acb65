"""Runs notebooks by papermill: parameters are checked first, the executed copy and its page lie in a run folder.

Papermill only warns about an unknown parameter, and the run then shows the defaults' figures under the user's name for
them; here it fails before anything runs. Nothing is ever written beside the notebooks themselves.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from streamflow.errors import EnvironmentNotReady, InputError, StreamFlowError, nearest

if TYPE_CHECKING:
    from streamflow.settings import Settings

KEPT_RUNS: Final = 20
CELL_TIMEOUT_S: Final = 1800
START_TIMEOUT_S: Final = 60
SOCKET_PATH_LENGTH: Final = 100
SOCKET_NAME_LENGTH: Final = 52
RESULT_MIME: Final = "application/vnd.streamflow.result+json"

_UNSTATED: Final = object()
_REMOTE: Final = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?https?://""", re.IGNORECASE)
_KINDS: Final[dict[type, str]] = {
    bool: "true or false",
    int: "an integer, as 42",
    float: "a number, as 0.5",
    str: "a text",
    list: "a list, as [1, 2]",
    dict: 'a mapping, as {"a": 1}',
}


class NotebookFailed(StreamFlowError):
    """A cell of a notebook raised, ran too long or killed its kernel."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook, as its cell tagged `parameters` states it.

    Attributes:
        name: Its name.
        default: Its default; a marker of this module where that is an expression and no plain value.
        help: The comment behind it.
    """

    name: str
    default: Any
    help: str = ""

    @property
    def kind(self) -> type | None:
        """The type that a value must have; None where the default does not say."""
        return type(self.default) if type(self.default) in _KINDS else None

    @property
    def shown(self) -> str:
        """The default as a person reads it."""
        return "computed" if self.default is _UNSTATED else repr(self.default)


@dataclass(frozen=True)
class RunResult:
    """A notebook that ran to its end.

    Attributes:
        notebook: Its name, without `.ipynb`.
        parameters: What was given; the rest are the notebook's defaults.
        copy: The executed notebook.
        page: The same as one HTML file that loads nothing from elsewhere.
        seconds: Wall time, export included.
        results: What the notebook announced.
    """

    notebook: str
    parameters: dict[str, Any]
    copy: Path
    page: Path
    seconds: float
    results: dict[str, Any] = field(default_factory=dict)


def announce(**results: Any) -> None:
    """Say from inside a notebook what it made, for whoever runs it: the folder of a proposal, a verdict.

    The last word on a name counts; `RunResult.results` holds them after the run.

    Args:
        **results: Plain values; paths become text.
    """
    from IPython.display import display

    plain = {name: str(value) if isinstance(value, Path) else value for name, value in results.items()}
    told = "\n".join(f"{name}: {value}" for name, value in plain.items())
    display({RESULT_MIME: plain, "text/plain": told}, raw=True)  # type: ignore[no-untyped-call]


def notebook_names(folder: Path) -> tuple[str, ...]:
    """Return the notebooks of a folder, without `.ipynb`."""
    return tuple(sorted(path.stem for path in folder.glob("*.ipynb")))


def find_notebook(name: str, folder: Path) -> Path:
    """Return the path of a notebook.

    Raises:
        InputError: The folder holds none of that name.
    """
    known = notebook_names(folder)
    stem = name.removesuffix(".ipynb")
    if stem not in known:
        tail = nearest(stem, known) if known else f"{folder} holds no notebook."
        raise InputError(f"There is no notebook '{stem}'; {tail}")
    return folder / f"{stem}.ipynb"


def notebook_parameters(source: Path) -> dict[str, Parameter]:
    """Return what a notebook can be given, in the order of its parameters cell.

    Raises:
        InputError: The file is no notebook, or has no cell tagged `parameters`.
    """
    import papermill

    try:
        stated = papermill.inspect_notebook(str(source))
    except Exception as error:  # noqa: BLE001 - papermill and nbformat have no common error for "no notebook"
        raise InputError(f"{source} cannot be read as a notebook: {_first_line(error)}.") from None
    if not stated:
        raise InputError(f"{source} has no cell tagged 'parameters', so nothing can be given to it.")
    return {name: Parameter(name, _literal(one["default"]), one["help"]) for name, one in stated.items()}


def check_parameters(notebook: str, known: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Hold values against a notebook's parameters.

    Args:
        notebook: Its name, for errors.
        known: Its parameters.
        given: Values by name; a whole number may stand for a float, a path for a text.

    Returns:
        The values as the notebook gets them.

    Raises:
        InputError: A name is unknown, or a value's type is not that of the default.
    """
    checked: dict[str, Any] = {}
    for name, value in given.items():
        kind = _known(notebook, known, name).kind
        plain = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
        if kind is float and type(plain) is int:
            plain = float(plain)
        if kind is not None and type(plain) is not kind:
            raise InputError(f"The parameter '{name}' of notebook {notebook} must be {_KINDS[kind]}, not {value!r}.")
        checked[name] = plain
    return checked


def read_parameters(notebook: str, known: Mapping[str, Parameter], texts: Sequence[str]) -> dict[str, Any]:
    """Read `name=value` texts, each value by the type of the parameter's default.

    Raises:
        InputError: A text has no '=', a name is unknown or given twice, or a value is not of the default's type.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"A parameter is given as name=value, not as '{text}'.")
        if name in values:
            raise InputError(f"The parameter '{name}' is given twice.")
        kind = _known(notebook, known, name).kind
        values[name] = value
        if kind is not str:
            try:
                values[name] = json.loads(value)
            except ValueError:
                # What is no JSON stays a text; where the default asks for another type, the check says so.
                values[name] = value
    return check_parameters(notebook, known, values)


def run_folder(settings: Settings, caller: str, run_id: str) -> Path:
    """Return where a run keeps its copies: `runs/<caller>/<run id>` of the state directory.

    Args:
        settings: Say where the state directory is.
        caller: `cli`, or the DAG.
        run_id: Any name; what a folder cannot hold becomes a dash.
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", run_id).strip("-.") or "run"
    return settings.runs_dir / caller / safe


def prune_runs(folder: Path, kept: int = KEPT_RUNS) -> int:
    """Remove all but the newest run folders of one caller; return how many were removed."""
    runs = sorted((path for path in folder.glob("*") if path.is_dir()), key=lambda path: path.stat().st_mtime_ns)
    old = runs[: max(0, len(runs) - kept)]
    for path in old:
        shutil.rmtree(path)
    return len(old)


def run_notebook(
    name: str,
    parameters: Mapping[str, Any],
    folder: Path,
    *,
    notebooks: Path,
    cwd: Path | None = None,
    cell_timeout_s: int = CELL_TIMEOUT_S,
) -> RunResult:
    """Run a notebook in a kernel of this environment.

    Args:
        name: Which one, with or without `.ipynb`.
        parameters: Values that differ from its defaults.
        folder: Gets `<name>.ipynb` and `<name>.html`; a run before is replaced.
        notebooks: The folder that holds the notebooks; nothing is written there.
        cwd: Where relative paths start; the caller's directory when not given.
        cell_timeout_s: The longest that one cell may take.

    Returns:
        The run.

    Raises:
        InputError: Notebook or parameter is unknown, or a value has the wrong type; nothing has run then.
        NotebookFailed: A cell failed; the copy and its page show it.
        EnvironmentNotReady: No kernel started.
    """
    started = time.monotonic()
    source = find_notebook(name, notebooks)
    given = check_parameters(source.stem, notebook_parameters(source), parameters)
    copy = folder.resolve() / source.name
    if copy.is_relative_to(notebooks.resolve()):
        raise InputError(f"The run folder {folder} lies among the notebooks, which a run must not change.")
    folder.mkdir(parents=True, exist_ok=True)
    page = copy.with_suffix(".html")
    for left in (copy, page):
        left.unlink(missing_ok=True)
    try:
        executed = _execute(source, copy, given, cwd, cell_timeout_s)
    except NotebookFailed:
        if copy.exists():
            _export(copy, page)
        raise
    _export(copy, page)
    return RunResult(source.stem, given, copy, page, time.monotonic() - started, _announced(executed))


def _execute(source: Path, copy: Path, given: dict[str, Any], cwd: Path | None, cell_timeout_s: int) -> Any:
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    name = source.stem
    try:
        with _private_kernel() as transport:
            return papermill.execute_notebook(
                str(source),
                str(copy),
                given,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                log_output=True,
                start_timeout=START_TIMEOUT_S,
                execution_timeout=cell_timeout_s,
                cwd=None if cwd is None else str(cwd),
                config=Config({"KernelManager": {"transport": transport}}),
            )
    except PapermillExecutionError as error:
        said = f"{error.ename}: {_first_line(error.evalue)}" if error.evalue else error.ename
        raise NotebookFailed(f"The notebook {name} failed in cell In [{error.exec_count}]: {said} ({copy})") from None
    except CellTimeoutError:
        raise NotebookFailed(
            f"The notebook {name} was stopped: the cell '{_cell_under_way(copy)}' ran longer than {cell_timeout_s} s "
            f"({copy})"
        ) from None
    except DeadKernelError:
        raise NotebookFailed(
            f"The notebook {name} lost its kernel in the cell '{_cell_under_way(copy)}'; out of memory, most likely "
            f"({copy})"
        ) from None
    except RuntimeError as error:
        raise EnvironmentNotReady(f"No kernel started for the notebook {name}: {_first_line(error)}.") from None


@contextmanager
def _private_kernel() -> Iterator[Literal["ipc", "tcp"]]:
    """Keep the kernel's files out of the home, which may not be writable at all; say how to talk to the kernel.

    By sockets in a folder of its own, which nobody else may enter; by TCP on loopback where their paths would be longer
    than the system takes.
    """
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        wanted = {"JUPYTER_RUNTIME_DIR": folder, "IPYTHONDIR": folder}
        added = {name: value for name, value in wanted.items() if name not in os.environ}
        os.environ.update(added)
        runtime = os.environ["JUPYTER_RUNTIME_DIR"]
        try:
            yield "ipc" if len(runtime) + SOCKET_NAME_LENGTH <= SOCKET_PATH_LENGTH else "tcp"
        finally:
            for name in added:
                del os.environ[name]


def _export(copy: Path, page: Path) -> None:
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="lab", mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="", embed_images=True
    )
    notebook = nbformat.read(copy, as_version=4)  # type: ignore[no-untyped-call]
    text, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": copy.stem}})
    remote = _REMOTE.search(text)
    if remote:
        raise StreamFlowError(f"The page of {copy.name} would load from the network ({remote.group(0)[:80]}...).")
    page.write_text(text, encoding="utf-8")


def _announced(executed: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cell in executed.cells:
        for output in cell.get("outputs", ()):
            found.update(output.get("data", {}).get(RESULT_MIME, {}))
    return found


def _cell_under_way(copy: Path) -> str:
    """Return the first line of the cell that ran when the run was cut off."""
    import nbformat

    if not copy.exists():
        return "?"
    cells = nbformat.read(copy, as_version=4).cells  # type: ignore[no-untyped-call]
    begun = [
        cell for cell in cells if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time")
    ]
    return _first_line(begun[-1].source) if begun else "?"


def _known(notebook: str, known: Mapping[str, Parameter], name: str) -> Parameter:
    if name not in known:
        raise InputError(f"The notebook {notebook} has no parameter '{name}'; {nearest(name, known)}")
    return known[name]


def _literal(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return _UNSTATED
    return list(value) if isinstance(value, tuple) else value


def _first_line(said: object, limit: int = 300) -> str:
    line = next((line.strip() for line in str(said).splitlines() if line.strip()), "").rstrip(".")
    return line if len(line) <= limit else line[:limit] + "..."
