"""Whatever bytes lie where a public file should be: they are read, or refused in one sentence."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamflow.datasets.ieee_cis import load_ieee_cis
from streamflow.datasets.ulb import load_ulb
from streamflow.errors import InputError
from tests.unit.datasets.made_files import IEEE_HEADER, IEEE_ROWS, ULB_HEADER, ulb_line

ULB = "\n".join([",".join(ULB_HEADER), *(ulb_line(n, f"{n}.5", n % 2) for n in range(6))]).encode()
IEEE = "\n".join([",".join(IEEE_HEADER), *IEEE_ROWS]).encode()


def _packed(text: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(text, 1, mtime=0)
    if how == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("creditcard.csv", text)
        return packed.getvalue()
    return text


mutations = st.lists(
    st.tuples(
        st.sampled_from(["cut", "insert", "replace", "tail"]),
        st.floats(0, 1, exclude_max=True),
        st.one_of(
            st.binary(min_size=1, max_size=4),
            st.sampled_from([b"\n", b",", b'"', b";", b"\x00", b"nan", b"1e999", b"-", b"\xff\xfe", "ü".encode()]),
        ),
    ),
    max_size=4,
)


def _mutated(raw: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    for kind, share, piece in changes:
        at = int(share * len(raw))
        if kind == "tail":
            raw = raw[:at]
        else:
            after = at + (len(piece) if kind in ("cut", "replace") else 0)
            raw = raw[:at] + (b"" if kind == "cut" else piece) + raw[after:]
    return raw


@pytest.mark.parametrize("which", ["ulb", "ieee_cis"])
@given(how=st.sampled_from(["plain", "gzip", "zip"]), inside=mutations, outside=mutations)
@settings(max_examples=150, deadline=None)
def test_a_mutated_file_is_read_or_refused_in_one_sentence(
    which: str, how: str, inside: list[tuple[str, float, bytes]], outside: list[tuple[str, float, bytes]]
) -> None:
    """Bytes changed in the CSV and, where it is packed, in the archive."""
    raw = _mutated(_packed(_mutated(ULB if which == "ulb" else IEEE, inside), how), outside if how != "plain" else [])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "creditcard.csv"
        path.write_bytes(raw)
        try:
            read = load_ulb(path, whole=False) if which == "ulb" else load_ieee_cis(path, whole=False)
        except InputError as error:
            sentence = str(error)
            assert sentence[-1] in ".?"
            assert "\n" not in sentence
        else:
            table = read.table()
            assert len(table) + sum(table.set_aside.values()) == read.source.rows
            assert read.source.kind == "file"
        assert [one.name for one in Path(folder).iterdir()] == ["creditcard.csv"]
