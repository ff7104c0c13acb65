"""A data file as bytes of CSV or as Parquet: packed or not, recognised by what it holds and not by its name.

What people really have in place of the file (a login page, half a download, an empty file, the archive of something
else) is told in one sentence. Nothing is ever unpacked to disk here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, cast

from streamflow.errors import InputError, nearest

MAX_UNPACKED_BYTES = 8 * 1024**3
HEAD_BYTES = 1_048_576
_PARQUET, _GZIP, _ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"


@dataclass
class RawFile:
    """One file, recognised.

    Attributes:
        path: Where it is.
        sha256: Hash of its bytes as they are on disk.
        kind: csv or parquet.
        member: The file inside, when it is a zip archive.
        packed: gzip, zip or none.
        content_sha256: Hash of the CSV inside once `open` has been read to its end; that of the file when not packed.
        columns: Names of its columns, once it has been read.
    """

    path: Path
    sha256: str
    kind: Literal["csv", "parquet"]
    packed: Literal["none", "gzip", "zip"] = "none"
    member: str = ""
    content_sha256: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How sentences name it."""
        return f"{self.path.name}/{printable(self.member)}" if self.member else self.path.name

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the CSV that it holds.

        Raises:
            InputError: It is damaged, encrypted, or holds more than `MAX_UNPACKED_BYTES`.
        """
        try:
            with self._opened() as raw, _Counted(raw, self) as counted:
                yield io.BufferedReader(counted, 1 << 20)
        except (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, struct.error) as error:
            raise InputError(f"{self.path} is damaged, most likely half a download: {_plain(error)}.") from None
        except (OSError, RuntimeError, NotImplementedError) as error:
            # RuntimeError is zipfile's word for an archive with a password.
            raise InputError(f"{self.path} cannot be read: {_plain(error)}.") from None

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        if self.packed == "zip":
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as file:
                yield file
        elif self.packed == "gzip":
            with gzip.open(self.path, "rb") as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            with self.path.open("rb") as file:
                yield file


class _Counted(io.RawIOBase):
    """A reader that hashes what passes, and stops an archive that unpacks without end."""

    def __init__(self, raw: IO[bytes], file: RawFile) -> None:
        self._raw = raw
        self._file = file
        self._hash = hashlib.sha256()
        self._seen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._raw.read(len(buffer))
        if not chunk:
            self._file.content_sha256 = self._hash.hexdigest()
            return 0
        self._seen += len(chunk)
        if self._seen > MAX_UNPACKED_BYTES:
            raise InputError(f"{self._file.path} holds more than {MAX_UNPACKED_BYTES} bytes; that is no such file.")
        self._hash.update(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)


def recognise(path: Path, wanted: Sequence[str]) -> RawFile:
    """Look at a file's first bytes.

    Args:
        path: CSV, CSV in gzip or zip, or Parquet.
        wanted: Names of the CSV to look for in a zip archive, best first.

    Raises:
        InputError: It is missing, a folder, empty, a web page, no CSV at all, or an archive without the CSV.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name the file in it, as {path / wanted[0]}.")
    if not path.is_file():
        known = sorted(one.name for one in path.parent.glob("*") if one.is_file()) if path.parent.is_dir() else []
        raise InputError(f"There is no file {path}{'; ' + nearest(path.name, known) if known else '.'}")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {_plain(error)}.") from None
    if not head.strip():
        raise InputError(f"{path} is empty: download {wanted[0]} again.")
    if head.startswith(_PARQUET):
        return RawFile(path, sha256, "parquet")
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return RawFile(path, sha256, "csv", "zip", _member(path, wanted))
    if head.startswith(_GZIP):
        return RawFile(path, sha256, "csv", "gzip")
    _refuse_what_is_no_text(path, head, wanted[0])
    return RawFile(path, sha256, "csv", "none", "", sha256)


def zip_names(path: Path) -> list[str]:
    """Return the names of the files in a zip archive; raises InputError when it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [name for name in archive.namelist() if name and not name.endswith("/")]
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, struct.error) as error:
        raise InputError(f"{path} is a damaged zip archive, most likely half a download: {_plain(error)}.") from None


def printable(name: str, most: int = 40) -> str:
    """Return a name from a file so that it fits a sentence: one line, cut, nothing that a terminal would obey."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shown if len(shown) <= most else shown[:most] + "..."


def _plain(error: Exception) -> str:
    """Return an error's own words on one line and without a full stop."""
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(" ".join(words.split()), 200).rstrip(".") or type(error).__name__


def _member(path: Path, wanted: Sequence[str]) -> str:
    names = [name for name in zip_names(path) if not name.startswith("__MACOSX/")]
    by_base = {Path(name).name: name for name in names}
    for name in wanted:
        if name in by_base:
            return by_base[name]
    tables = [name for name in names if name.lower().endswith(".csv")]
    if len(tables) == 1:
        return tables[0]
    held = ", ".join(printable(name) for name in names[:5]) if names else "nothing"
    raise InputError(f"{path} is an archive without {wanted[0]}; it holds {held}.")


def _refuse_what_is_no_text(path: Path, head: bytes, wanted: str) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise InputError(
            f"{path} is a web page and no CSV, most likely the login page that came in place of {wanted}: "
            f"sign in and download it again."
        )
    if b"\x00" in head:
        raise InputError(f"{path} is no CSV: it holds binary data; {wanted} is text with commas.")
