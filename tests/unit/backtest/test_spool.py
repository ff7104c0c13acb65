"""What waits on disk comes back as it was, or says that it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streamflow.backtest.names import NameFile, Numbered
from streamflow.backtest.spool import Column, Spool


def test_a_column_comes_back_whole_however_it_was_added(tmp_path: Path) -> None:
    """Pieces of any length, an empty one among them; nothing is left in the folder's listing."""
    column = Column(tmp_path, np.int64)
    for piece in ([1, 2, 3], [], [-(2**62)], list(range(100_000))):
        column.add(np.array(piece, dtype=np.int64))
    whole = column.whole()
    assert len(whole) == 100_004
    assert whole[:4].tolist() == [1, 2, 3, -(2**62)]
    assert np.array_equal(whole[4:], np.arange(100_000))
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_fewer_bytes_than_asked_is_an_error_and_no_endless_wait(tmp_path: Path) -> None:
    """Somebody else may have cut it."""
    spool = Spool(tmp_path)
    spool.write(b"four")
    with pytest.raises(EOFError, match="5 bytes were asked of a file of 4"):
        spool.read_into(memoryview(bytearray(5)))


def test_names_come_back_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    """Empty ones and other alphabets too; a sequence of them equals a list of them."""
    file = NameFile(tmp_path)
    assert file.add(["ada", "", "Łódź"]) + file.add(["bob"]) == 4
    names = file.ordered(np.array([3, 2, 0, 1]))
    assert names == ["bob", "Łódź", "ada", ""]
    assert names[-1] == ""
    assert names[1:3] == ["Łódź", "ada"]
    with pytest.raises(IndexError, match="there are 4 names, none at 4"):
        names[4]
    assert Numbered(3) == ["0", "1", "2"]
