"""A file of verdicts: CSV with the columns alert_id, or customer_id and transaction_id, then verdict and note."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streamflow.errors import InputError, nearest
from streamflow.warehouse.verdicts import LABELS, Aside, Wish

COLUMNS: Final = ("alert_id", "customer_id", "transaction_id", "verdict", "note")
MAX_NOTE: Final = 512
MAX_LINES: Final = 100_000


def read_verdicts(path: Path) -> tuple[list[Wish], list[Aside]]:
    """Read a file of verdicts.

    Args:
        path: The file, UTF-8, with a header.

    Returns:
        What it says, and the lines that say nothing usable, each with its reason.

    Raises:
        InputError: It cannot be read, has no header, an unknown column, or lacks one that it needs.
    """
    wishes: list[Wish] = []
    aside: list[Aside] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, restkey="beyond", strict=True)
            _check_header(path, reader.fieldnames or [])
            for row in reader:
                one = _wish(reader.line_num, row)
                (wishes if isinstance(one, Wish) else aside).append(one)  # type: ignore[arg-type]
                if len(wishes) > MAX_LINES:
                    raise InputError(f"{path} has more than {MAX_LINES:,} verdicts; send it in parts.")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.") from None
    except csv.Error as error:
        raise InputError(f"{path} is no CSV after line {len(wishes) + len(aside) + 1}: {error}.") from None
    if not wishes and not aside:
        raise InputError(f"{path} holds no verdict: there is nothing below its header.")
    return wishes, aside


def _check_header(path: Path, names: Sequence[str]) -> None:
    given = list(names)
    if not given:
        raise InputError(f"{path} is empty; its first line names the columns, as alert_id,verdict,note.")
    for name in given:
        if name not in COLUMNS:
            raise InputError(f"{path}: there is no column '{name}'; {nearest(name, COLUMNS)}")
        if given.count(name) > 1:
            raise InputError(f"{path}: the column '{name}' stands twice in the header.")
    if "verdict" not in given:
        raise InputError(f"{path} has no column 'verdict'; it says fraud or legitimate.")
    if "alert_id" not in given and not {"customer_id", "transaction_id"} <= set(given):
        raise InputError(f"{path} names no purchase: it needs alert_id, or customer_id and transaction_id.")


def _wish(line: int, row: dict[str, str | None]) -> Wish | Aside:
    if "beyond" in row or None in row.values():
        return Aside(line, "it has another number of columns than the header")
    values = {name: (value or "").strip() for name, value in row.items()}
    label, note = values["verdict"], values.get("note") or None
    alert_id, purchase = values.get("alert_id"), (values.get("customer_id", ""), values.get("transaction_id", ""))
    if label not in LABELS:
        return Aside(line, f"'{label}' is no verdict; {nearest(label, LABELS)}")
    if note is not None and len(note) > MAX_NOTE:
        return Aside(line, f"the note has {len(note)} characters; at most {MAX_NOTE} are kept")
    if alert_id:
        return Wish(line, label, note, alert_id=alert_id)
    if not all(purchase):
        return Aside(line, "it names no purchase: an alert_id, or a customer_id and a transaction_id")
    return Wish(line, label, note, purchase=purchase)
