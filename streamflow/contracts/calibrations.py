"""Calibrations as data: figures with their evidence, and where each comes from.

A calibration is `contracts/calibrations/<id>.json`, canonical JSON: sorted keys, ten significant digits, one line end.
Its id ends in the first twelve hex digits of the sha256 of its content, so that a changed figure is another calibration
and a file that was edited by hand is found out. What a status needs is held here: a default that pretends to be
measured is refused.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from streamflow.contracts.canonical_json import canonical, content_sha256, hold_id, parse_object, read_object
from streamflow.contracts.rule_sets import CHECKOUT, Part, Status
from streamflow.contracts.strict import convert_mapping
from streamflow.errors import InputError, nearest

FOLDER = "calibrations"
SIGNIFICANT_DIGITS = 10
MAX_BYTES = 16_777_216

Kind = Literal["file", "sample", "generator", "publication", "choice"]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]

# Which kinds of source a status may rest on. Rows that were generated measure nothing.
SOURCES_OF: dict[str, frozenset[str]] = {
    "measured": frozenset({"file"}),
    "anchored": frozenset({"publication"}),
    "simulated": frozenset({"generator", "sample"}),
    "assumed": frozenset({"choice"}),
}


class Source(Part, frozen=True):
    """Where figures come from.

    Attributes:
        kind: file (real rows), sample (generated rows in a file's shape), generator (a simulated run), publication
            or choice.
        name: What a person knows it by; a file's name without its folder.
        sha256: Hash of the file's bytes; of the generator's parameters for a run.
        rows: Rows of the file or purchases of the run.
        detail: What else identifies it: weights, plan of the run, where it was published.
    """

    kind: Kind
    name: Annotated[str, Meta(min_length=1)]
    sha256: Sha256 | None = None
    rows: Annotated[int, Meta(ge=0)] | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        """Rows that somebody could look at are named by their hash."""
        if self.kind in ("file", "sample", "generator") and (self.sha256 is None or self.rows is None):
            raise ValueError(f"the source '{self.name}' is a {self.kind}, so it needs sha256 and rows")


class Figure(Part, frozen=True):
    """One figure.

    Attributes:
        value: A number, a list of numbers, or numbers by name.
        unit: Its unit.
        status: measured, anchored, simulated or assumed.
        method: How it was computed or chosen, in a few words.
        source: Key of the calibration's sources.
        n: Rows that it rests on (the effective number where rows have weights); None unless measured or simulated.
        interval: Its 95 % confidence interval, of the value's own shape: `[low, high]`, or lists or mappings of them.
        reason: Why it is not measured; needed by every other status.
        tolerance: How far live data may move before drift is reported, in the unit of the value.
    """

    value: Any
    unit: str
    status: Status
    method: Annotated[str, Meta(min_length=1)]
    source: str
    n: Annotated[int, Meta(ge=0)] | None = None
    interval: Any = None
    reason: str = ""
    tolerance: float | None = None

    def __post_init__(self) -> None:
        """Hold status and evidence against each other."""
        if self.status in ("measured", "simulated") and (self.n is None or self.interval is None):
            raise ValueError(f"a {self.status} figure needs n and interval")
        if self.status != "measured" and not self.reason:
            raise ValueError(f"a figure that is {self.status} needs the reason why it is not measured")


class Notebook(Part, frozen=True):
    """What computed it: the notebook, the hash of its code cells and the parameters it ran with."""

    path: str
    sha256: Sha256
    parameters: dict[str, Any]


class Calibration(Part, frozen=True):
    """One calibration; see the module's docstring.

    Attributes:
        id: `<dataset>-<first 12 hex digits of the content's sha256>`.
        dataset: What it was computed on: a dataset's name, or `own`.
        rule_set: Version of the rule set that it proposes.
        generator: Version of the generator parameters that it proposes.
        package: Version of streamflow that computed it.
        notebook: What ran.
        sources: Where figures come from.
        figures: By path: `amounts.legitimate`, `rules.velocity.purchases.from_6.weight`...
    """

    id: Annotated[str, Meta(pattern="^[a-z0-9_]+-[0-9a-f]{12}$", max_length=64)]
    dataset: Annotated[str, Meta(pattern="^[a-z0-9_]+$")]
    rule_set: str
    generator: str
    package: str
    notebook: Notebook
    sources: dict[str, Source]
    figures: Annotated[dict[str, Figure], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Hold each figure against its source."""
        for path, figure in self.figures.items():
            source = self.sources.get(figure.source)
            if source is None:
                raise ValueError(f"the figure '{path}' names the source '{figure.source}', which is not listed")
            if source.kind not in SOURCES_OF[figure.status]:
                raise ValueError(f"the figure '{path}' is {figure.status}, but its source is a {source.kind}")

    @property
    def sha256(self) -> str:
        """Hash of the canonical content, the id aside."""
        return _content_hash(_plain(self))

    def text(self) -> str:
        """Return the file's bytes as text."""
        return canonical(_plain(self), indent=1) + "\n"

    def by_status(self, prefix: str = "") -> dict[str, int]:
        """Count figures by status, those under a prefix only if one is given."""
        counted: Counter[str] = Counter(
            figure.status for path, figure in self.figures.items() if path.startswith(prefix)
        )
        return {status: counted[status] for status in SOURCES_OF}

    def figure(self, path: str) -> Figure:
        """Return a figure; raises InputError with the nearest path when there is none."""
        try:
            return self.figures[path]
        except KeyError:
            raise InputError(f"Calibration {self.id} has no figure '{path}'; {nearest(path, self.figures)}") from None


def training_path(source: str) -> str:
    """Return the path of the figure that says at which event time training on a source ended, epoch microseconds."""
    return f"training.{source}.until_us"


def rounded(value: Any) -> Any:
    """Round every float to ten significant digits, at any depth: what sums in another order may differ in is beyond."""
    if isinstance(value, bool) or value is None or isinstance(value, int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a figure must be a finite number")
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(value, Mapping):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    # numpy's scalars and arrays, without importing it here
    return rounded(value.tolist())


def new_calibration(
    *,
    dataset: str,
    rule_set: str,
    generator: str,
    package: str,
    notebook: Notebook,
    sources: Mapping[str, Source],
    figures: Mapping[str, Figure],
) -> Calibration:
    """Return a calibration with the id that its content gives it.

    Raises:
        InputError: A figure lacks what its status needs.
    """
    content: dict[str, Any] = {
        "dataset": dataset,
        "rule_set": rule_set,
        "generator": generator,
        "package": package,
        "notebook": msgspec.to_builtins(notebook),
        "sources": {key: msgspec.to_builtins(source) for key, source in sources.items()},
        "figures": {path: msgspec.to_builtins(figure) for path, figure in figures.items()},
    }
    content = rounded(content)
    content["id"] = f"{dataset}-{_content_hash(content)[:12]}"
    return convert_mapping(content, Calibration, "The calibration")


def parse_calibration(text: str, path: Path) -> Calibration:
    """Read a calibration from the text of its file.

    Args:
        text: What the file holds.
        path: Where from, for errors.

    Raises:
        InputError: It is no JSON, breaks the format, or its content does not have the hash that its id states.
    """
    return _held(parse_object(text, path), path)


def _held(data: dict[str, Any], path: Path) -> Calibration:
    calibration = convert_mapping(data, Calibration, str(path))
    wanted = f"{calibration.dataset}-{_content_hash(data)[:12]}"
    hold_id(path, calibration.id, wanted, "restore it, or calibrate anew")
    return calibration


def calibration_ids(root: Path | None = None) -> tuple[str, ...]:
    """Return the calibrations on file; `root` is the contracts folder."""
    return tuple(sorted(path.stem for path in ((root or CHECKOUT) / FOLDER).glob("*.json")))


def load_calibration(calibration_id: str, root: Path | None = None) -> Calibration:
    """Read a calibration from contracts/calibrations.

    Args:
        calibration_id: Its id.
        root: The contracts folder; that of the checkout when not given.

    Raises:
        InputError: There is none of that id, or its content does not have the hash that the id states.
    """
    known = calibration_ids(root)
    if calibration_id not in known:
        tail = nearest(calibration_id, known) if known else "run notebooks/calibrate.ipynb to make one."
        raise InputError(f"There is no calibration {calibration_id}; {tail}")
    path = (root or CHECKOUT) / FOLDER / f"{calibration_id}.json"
    calibration = _held(read_object(path, MAX_BYTES), path)
    if calibration.id != calibration_id:
        raise InputError(f"{path}: the id {calibration.id} is not that of its file.")
    return calibration


def _plain(calibration: Calibration) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(calibration)
    return plain


def _content_hash(content: Mapping[str, Any]) -> str:
    # Defaults that a file leaves out count as written: the hash is of the meaning, not of the spelling.
    sources = {key: _full(Source, value) for key, value in content["sources"].items()}
    figures = {key: _full(Figure, value) for key, value in content["figures"].items()}
    return content_sha256({**content, "sources": sources, "figures": figures})


def _full(model: type[Source] | type[Figure], given: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        field.encode_name: field.default
        for field in msgspec.structs.fields(model)
        if field.default is not msgspec.NODEFAULT
    }
    return {**defaults, **given}
