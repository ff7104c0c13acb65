"""Fetching with Kaggle's own client, against a server on this machine that answers as Kaggle's does."""

from __future__ import annotations

import http.server
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from streamflow.datasets.fetch import fetch, has_token
from streamflow.datasets.raw_folder import chosen, find_raw, load_dataset, look, look_at_all
from streamflow.errors import EnvironmentNotReady, InputError
from tests.unit.datasets.made_files import IEEE_HEADER, IEEE_ROWS, whole_ulb_text

SECRET = "kgat-2f9a-never-to-be-seen"


@dataclass
class Kaggle:
    """The server.

    Attributes:
        archive: What a download gives.
        refuse: Status of a refusal; 0 for none.
        asked: Paths and the authorisation that they came with.
    """

    archive: bytes = b""
    refuse: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    def environment(self, home: Path) -> dict[str, str]:
        """What the client needs to speak to this server, and a token."""
        proxy = f"http://127.0.0.1:{self.port}"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
            "HTTP_PROXY": proxy,
            "http_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "KAGGLE_USERNAME": "somebody",
            "KAGGLE_KEY": SECRET,
        }


@pytest.fixture
def kaggle() -> Iterator[Kaggle]:
    """A server on a free port."""
    state = Kaggle()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append((self.path.rsplit("/", 1)[-1], self.headers.get("Authorization", "")))
            if state.refuse:
                self.send_error(state.refuse)
            elif "GetDatasetMetadata" in self.path:
                self._send(json.dumps({"info": {"licenses": [{"name": "DbCL-1.0"}]}}).encode(), "application/json")
            else:
                self._send(state.archive, "application/zip")

        do_GET = do_POST  # noqa: N815

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()


def _zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_dataset_is_fetched_verified_and_put_in_place_once(kaggle: Kaggle, tmp_path: Path) -> None:
    """The second time nothing is asked of Kaggle; nothing but the one file is unpacked, wherever others point."""
    folder, said = tmp_path / "data" / "raw", list[str]()
    kaggle.archive = _zip({"../../escape.txt": b"out", "creditcard.csv": whole_ulb_text()})
    entry = fetch("ulb", folder, kaggle.environment(tmp_path), said.append)
    assert (entry.state, entry.path) == ("verified", folder / "creditcard.csv")
    assert "284,807 rows, 492 frauds" in entry.says
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["creditcard.csv"]
    assert not list(tmp_path.rglob("escape.txt"))
    asked = len(kaggle.asked)
    assert asked >= 1
    assert all(authorisation.startswith("Basic ") for _, authorisation in kaggle.asked)
    again = fetch("ulb", folder, kaggle.environment(tmp_path), said.append)
    assert again == entry
    assert len(kaggle.asked) == asked
    assert SECRET not in " ".join(said)


def test_a_download_that_is_not_the_published_file_is_not_put_in_place(kaggle: Kaggle, tmp_path: Path) -> None:
    """Nor is it gone on with the next time."""
    folder = tmp_path / "raw"
    kaggle.archive = _zip({"creditcard.csv": whole_ulb_text(rows=142_403)})
    with pytest.raises(InputError, match=r"142,403 of 284,807 rows"):
        fetch("ulb", folder, kaggle.environment(tmp_path), lambda _: None)
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_an_archive_that_came_damaged_is_removed_and_told(kaggle: Kaggle, tmp_path: Path) -> None:
    """Its directory is whole and its content is not."""
    whole = _zip({"creditcard.csv": whole_ulb_text(rows=5000)})
    kaggle.archive = whole[:200] + bytes(400) + whole[600:]
    with pytest.raises(InputError, match=r"creditcardfraud\.zip came damaged .* run the command again"):
        fetch("ulb", tmp_path / "raw", kaggle.environment(tmp_path), lambda _: None)
    assert not [path for path in (tmp_path / "raw").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("status", "dataset", "reason"),
    [
        (403, "ieee-cis", "before the competition's rules are accepted"),
        (401, "ulb", "does not take the token"),
        (404, "ulb", "no such file any more"),
    ],
)
def test_a_refusal_is_one_sentence_with_the_steps_by_hand(
    kaggle: Kaggle, tmp_path: Path, status: int, dataset: str, reason: str
) -> None:
    """Never the client's own words, which may hold more than one wants to read."""
    kaggle.refuse = status
    with pytest.raises(EnvironmentNotReady, match=reason) as caught:
        fetch(dataset, tmp_path / "raw", kaggle.environment(tmp_path), lambda _: None)
    sentence = str(caught.value)
    assert kaggle.asked
    assert SECRET not in sentence
    assert "https://www.kaggle.com/" in sentence
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("dataset", "steps"),
    [
        ("ulb", ["kaggle.com/datasets/mlg-ulb/creditcardfraud", "creditcardfraud.zip"]),
        ("ieee-cis", ["competitions/ieee-fraud-detection/data", "accept the rules", "ieee-fraud-detection.zip"]),
    ],
)
def test_without_a_token_the_manual_steps_are_told(tmp_path: Path, dataset: str, steps: list[str]) -> None:
    """Which page, which file, where to put it; nothing is written."""
    with pytest.raises(EnvironmentNotReady, match="There is no Kaggle token") as caught:
        fetch(dataset, tmp_path / "raw", {"HOME": str(tmp_path)}, lambda _: None)
    for step in [*steps, str(tmp_path / "raw"), "~/.kaggle/kaggle.json"]:
        assert step in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_token_is_found_where_the_client_looks_for_it(tmp_path: Path) -> None:
    """In the environment, in the home, in the folder that a variable names."""
    home = {"HOME": str(tmp_path)}
    assert not has_token(home)
    assert not has_token({**home, "KAGGLE_USERNAME": "somebody"})
    assert has_token({**home, "KAGGLE_USERNAME": "somebody", "KAGGLE_KEY": "x"})
    assert has_token({**home, "KAGGLE_API_TOKEN": "x"})
    (tmp_path / ".kaggle").mkdir()
    (tmp_path / ".kaggle" / "kaggle.json").write_text("{}")
    assert has_token(home)
    assert not has_token({**home, "KAGGLE_CONFIG_DIR": str(tmp_path / "other")})


def test_a_folder_is_told_as_it_is(tmp_path: Path) -> None:
    """Absent, wrong with its sentence, and verified in whatever packing the web page gave it."""
    assert [entry.state for entry in look_at_all(tmp_path)] == ["absent", "absent"]
    (tmp_path / "creditcard.csv").write_text("a;b\n")
    wrong = look("ulb", tmp_path)
    assert wrong.state == "wrong"
    assert "creditcard.csv line 1" in wrong.says
    (tmp_path / "creditcard.csv").unlink()
    (tmp_path / "creditcardfraud.zip").write_bytes(_zip({"creditcard.csv": whole_ulb_text()}))
    assert find_raw("ulb", tmp_path) == tmp_path / "creditcardfraud.zip"
    assert look("ulb", tmp_path).state == "verified"


def test_a_dataset_that_is_not_there_names_the_command_that_fetches_it() -> None:
    """Unless the developer has the file."""
    if find_raw("ieee_cis") is not None:
        pytest.skip("the file is in data/raw")
    with pytest.raises(InputError, match=r"run 'streamflow data fetch ieee-cis'"):
        load_dataset("ieee-cis")


def test_a_notebook_s_parameter_names_a_file_in_three_ways(tmp_path: Path) -> None:
    """Empty for the sample, raw for the user's own, else a path, from the checkout as well."""
    assert chosen("ulb").name == "ulb_sample.csv.gz"
    assert chosen("ieee_cis").is_file()
    own = tmp_path / "mine.csv"
    own.write_text("x")
    assert chosen("ulb", str(own)) == own
    assert chosen("ulb", "data/sample/ulb_sample.csv.gz").is_file()
    if find_raw("ulb") is None:
        with pytest.raises(InputError, match=r"creditcard\.csv is not in data/raw: run 'streamflow data fetch ulb'"):
            chosen("ulb", "raw")


def test_the_files_of_a_competition_are_asked_for_one_by_one_and_verified(kaggle: Kaggle, tmp_path: Path) -> None:
    """What comes here has four rows, so it is unpacked, read, refused and removed."""
    rows = "\n".join([",".join(IEEE_HEADER), *IEEE_ROWS])
    kaggle.archive = _zip({"train_transaction.csv": rows.encode(), "train_identity.csv": b"TransactionID\n1\n"})
    folder = tmp_path / "raw"
    with pytest.raises(InputError, match=r"train_transaction\.csv has 12 of 394 columns"):
        fetch("ieee-cis", folder, kaggle.environment(tmp_path), lambda _: None)
    assert [path for path, _ in kaggle.asked].count("DownloadDataFile") == 2
    assert not [path for path in folder.rglob("*") if path.is_file()]
