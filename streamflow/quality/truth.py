"""Checks against a truth file: what a simulation knows about its own purchases and the platform must never be told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from streamflow.errors import InputError
from streamflow.quality.report import Check
from streamflow.quality.statements import statement

if TYPE_CHECKING:
    from streamflow.quality.table_checks import Layers
    from streamflow.settings import Settings


class TrueLabel(msgspec.Struct, gc=False):
    """One line of a truth file; `streamflow generate --truth` writes them."""

    customer_id: str
    transaction_id: str
    is_fraud: bool


def read_truth(path: Path) -> Iterator[TrueLabel]:
    """Read a truth file, one JSON object a line.

    Raises:
        InputError: The file or a line of it cannot be read.
    """
    decode = msgspec.json.Decoder(TrueLabel).decode
    number = 0
    try:
        with path.open("rb") as lines:
            for line in lines:
                number += 1
                if line.strip():
                    yield decode(line)
    except OSError as error:
        raise InputError(f"The truth file {path} cannot be read: {error.strerror}.") from None
    except msgspec.DecodeError as error:
        raise InputError(f"Line {number} of the truth file {path} is wrong: {error}.") from None


def check_truth(settings: Settings, layers: Layers, path: Path) -> list[Check]:
    """Hold gold against the truth.

    Args:
        settings: Says where the SQL is.
        layers: Connections to the three databases.
        path: The truth file.

    Returns:
        Two checks: every true purchase arrived, and no label contradicts the truth.
    """
    with layers.gold.cursor(name="verify_labels", binary=True) as cursor:
        cursor.itersize = 20_000
        cursor.execute(statement(settings, "labelled_facts"))
        labels: dict[tuple[str, str], bool] = {(row[0], row[1]): row[2] for row in cursor}
    total = lost = wrong = 0
    first_lost = first_wrong = ""
    for label in read_truth(path):
        total += 1
        key = (label.customer_id, label.transaction_id)
        labelled = labels.get(key)
        if labelled is None:
            lost += 1
            first_lost = first_lost or "/".join(key)
        elif labelled and not label.is_fraud:
            wrong += 1
            first_wrong = first_wrong or "/".join(key)
    return [
        Check(
            "truth_arrived",
            total > 0 and lost == 0,
            total - lost,
            total,
            f"{lost} of {total} true purchases are not in gold; the first is {first_lost}."
            if lost
            else f"All {total} purchases of the truth file are in gold."
            if total
            else f"The truth file {path.name} is empty.",
        ),
        Check(
            "labels_agree_with_truth",
            wrong == 0,
            wrong,
            0,
            f"{wrong} purchases are labelled fraud and are none; the first is {first_wrong}."
            if wrong
            else "No label contradicts the truth.",
        ),
    ]
