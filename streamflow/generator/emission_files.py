"""Emissions as a file: one JSON line each, so that hostile bytes survive and a run can be sent later or twice.

A line is `{"topic", "timestamp_ms", "key" or "key_b64", "value" or "value_b64"}`; text where the bytes are UTF-8 (the
value is then the body as a JSON string), base64 where they are not; `"value": null` is a null value.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import msgspec

from streamflow.errors import InputError
from streamflow.generator.records import Emission, encode

SUFFIXES = (".jsonl", ".jsonl.gz")


class Line(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """One line of the file."""

    topic: str
    timestamp_ms: int
    key: str | msgspec.UnsetType = msgspec.UNSET
    key_b64: str | msgspec.UnsetType = msgspec.UNSET
    value: str | msgspec.UnsetType | None = msgspec.UNSET
    value_b64: str | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(Line).decode


def to_line(emission: Emission) -> bytes:
    """Return the line of an emission, with its line end."""
    line = Line(topic=emission.topic, timestamp_ms=emission.timestamp_ms)
    try:
        line.key = emission.key.decode()
    except UnicodeDecodeError:
        line.key_b64 = base64.b64encode(emission.key).decode()
    try:
        line.value = None if emission.value is None else emission.value.decode()
    except UnicodeDecodeError:
        line.value_b64 = base64.b64encode(emission.value or b"").decode()
    return encode(line) + b"\n"


def from_line(text: bytes, where: str) -> Emission:
    """Return the emission of a line.

    Args:
        text: The line.
        where: How an error names it.

    Raises:
        InputError: It is none.
    """
    try:
        line = _decode(text)
        key = base64.b64decode(line.key_b64, validate=True) if isinstance(line.key_b64, str) else None
        value = base64.b64decode(line.value_b64, validate=True) if isinstance(line.value_b64, str) else None
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError) as error:
        raise InputError(f"{where} is no emission: {error}.") from None
    if key is None:
        if not isinstance(line.key, str):
            raise InputError(f"{where} is no emission: it has neither 'key' nor 'key_b64'.")
        key = line.key.encode()
    if value is None:
        if isinstance(line.value, msgspec.UnsetType):
            raise InputError(f"{where} is no emission: it has neither 'value' nor 'value_b64'.")
        value = None if line.value is None else line.value.encode()
    return Emission(line.topic, key, value, line.timestamp_ms)


@contextmanager
def open_output(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing, gzip where its name ends in .gz (with no time in it: same run, same bytes).

    Raises:
        InputError: It cannot be written.
    """
    try:
        file = path.open("wb")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from None
    with ExitStack() as stack:
        stack.enter_context(file)
        if path.suffix != ".gz":
            yield file
            return
        zipped = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=5)
        yield stack.enter_context(io.BufferedWriter(stack.enter_context(zipped)))


def open_input(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file for reading, gzip by its first bytes.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with path.open("rb") as head:
            zipped = head.read(2) == b"\x1f\x8b"
        return gzip.open(path, "rb") if zipped else path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None


def write(path: Path, emissions: Iterable[Emission], on_emission: Callable[[Emission], None]) -> None:
    """Write emissions; what an interrupt leaves behind is whole lines.

    Args:
        path: Where; `.gz` compresses.
        emissions: In log order.
        on_emission: Called after each.
    """
    with open_output(path) as file:
        for emission in emissions:
            file.write(to_line(emission))
            on_emission(emission)


def read(path: Path) -> Iterator[Emission]:
    """Yield the emissions of a file, in its order.

    Raises:
        InputError: A line is no emission, or time goes backwards in the file.
    """
    last_ms = 0
    with open_input(path) as file:
        try:
            for number, text in enumerate(file, start=1):
                emission = from_line(text, f"{path} line {number}")
                if emission.timestamp_ms < last_ms:
                    raise InputError(f"{path} line {number}: timestamp_ms goes backwards; sort the file by it.")
                last_ms = emission.timestamp_ms
                yield emission
        except (EOFError, gzip.BadGzipFile) as error:
            raise InputError(f"{path} is a damaged gzip file: {error}.") from None
