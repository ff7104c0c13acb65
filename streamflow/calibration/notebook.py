"""What a notebook's result names: the notebook, the hash of its code and the parameters it ran with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from streamflow.contracts.calibrations import Notebook
from streamflow.contracts.rule_sets import CHECKOUT
from streamflow.errors import InputError

NOTEBOOKS = CHECKOUT.parent / "notebooks"
INJECTED = "injected-parameters"


def code_sha256(path: Path) -> str:
    """Return the hash of a notebook's code cells, outputs and injected parameters aside.

    Raises:
        InputError: It is missing or no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [
            "".join(cell["source"])
            for cell in cells
            if cell["cell_type"] == "code" and INJECTED not in cell["metadata"].get("tags", [])
        ]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path} is no notebook.") from None
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def notebook_run(name: str, parameters: Mapping[str, Any]) -> Notebook:
    """Return what a calibration says of the notebook that computed it.

    Args:
        name: The notebook's name below notebooks/, as `calibrate`.
        parameters: What it ran with; a path is kept as its file's name, since folders are those of one machine.

    Raises:
        InputError: There is no such notebook.
    """
    kept = {key: Path(value).name if isinstance(value, str | Path) else value for key, value in parameters.items()}
    return Notebook(path=f"notebooks/{name}.ipynb", sha256=code_sha256(NOTEBOOKS / f"{name}.ipynb"), parameters=kept)
