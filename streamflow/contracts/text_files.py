"""Reading a file of text whose size has a bound."""

from __future__ import annotations

from pathlib import Path

from streamflow.errors import InputError


def read_text(path: Path, max_bytes: int) -> str:
    """Read a file.

    Args:
        path: The file.
        max_bytes: What it may have at most.

    Raises:
        InputError: It cannot be read, is too large or no UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(raw) > max_bytes:
        raise InputError(f"{path} has {len(raw)} bytes; at most {max_bytes} are read.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no UTF-8 (byte {error.start}).") from None
