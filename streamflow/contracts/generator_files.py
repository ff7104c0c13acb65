"""Generator parameters as a versioned file: figures with their evidence, read without knowing what they mean.

What a figure means, and which values fit, is held by `streamflow.generator.parameters`; here figures are compared,
released and shown.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from streamflow.contracts.odcs import Version
from streamflow.contracts.rule_sets import Part, Status
from streamflow.contracts.strict import Document, convert
from streamflow.errors import nearest


class FileHead(Part, frozen=True):
    """A parameter file.

    Attributes:
        version: Its version.
        figures: Groups of figures.
        calibration: Id of the calibration that measured it; None while nobody did.
    """

    version: Version
    figures: dict[str, Any]
    calibration: str | None = None


class StatedFigure(Part, frozen=True):
    """One figure as the file states it; see the file's head for what a status means."""

    value: Any
    status: Status
    reason: str = ""
    source: str = ""
    method: str = ""
    n: int | None = None
    interval: Any = None

    @property
    def evidence(self) -> dict[str, Any]:
        """Everything but the value."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return {name: value for name, value in plain.items() if name != "value"}


class GeneratorFile(msgspec.Struct, frozen=True):
    """One version of the generator parameters: figures by path, as `fraud.rate`."""

    version: str
    calibration: str | None
    figures: dict[str, StatedFigure]


def read_generator_file(document: Document) -> GeneratorFile:
    """Turn a parameter file into figures by path.

    Raises:
        InputError: A key is unknown, or a figure lacks value, status or where it comes from; with file and line.
    """
    head = convert(document, FileHead)
    figures: dict[str, StatedFigure] = {}
    _collect(document, head.figures, "", figures)
    return GeneratorFile(head.version, head.calibration, figures)


def _collect(document: Document, node: dict[str, Any], prefix: str, figures: dict[str, StatedFigure]) -> None:
    for name, child in node.items():
        path = f"{prefix}{name}"
        place = f"$.figures.{path}"
        if not isinstance(child, dict):
            raise document.fail(place, f"'{path}' must be a figure with value and status, not a bare value.")
        if "value" not in child and any(isinstance(inner, dict) for inner in child.values()):
            _collect(document, child, f"{path}.", figures)
            continue
        if child.get("status") not in get_args(Status):
            tail = nearest(str(child.get("status")), get_args(Status))
            raise document.fail(place, f"'{path}' has the status '{child.get('status')}'; {tail}")
        figures[path] = convert(document, StatedFigure, place, child)
