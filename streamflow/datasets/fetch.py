"""Fetch a public file with Kaggle's own client and the user's own token, and put it in place once it is verified.

The client logs in as soon as it is imported, and ends the process when it cannot: it runs as a process of its own. Its
output may hold what nobody should read, so only a reason that we know is told, never the output.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from streamflow.datasets.facts import Facts, dataset_named, facts
from streamflow.datasets.raw_file import MAX_UNPACKED_BYTES, zip_names
from streamflow.datasets.raw_folder import RAW, Entry, cli_name, load_dataset, look
from streamflow.errors import EnvironmentNotReady, InputError, StreamFlowError

TIMEOUT_S = 3600
PARTS = ".download"
TOKEN_FILES = ("kaggle.json", "access_token", "access_token.txt")
_CHUNK = 1 << 20


def fetch(
    dataset: str,
    folder: Path = RAW,
    environment: Mapping[str, str] | None = None,
    say: Callable[[str], object] = print,
) -> Entry:
    """Bring a dataset into a folder; what is there and verified is left alone.

    Args:
        dataset: ulb or ieee-cis.
        folder: Where to.
        environment: Of the client; the process's own when not given. The token is looked for in it and in the home
            that it names.
        say: Gets a line a step.

    Returns:
        What is there afterwards, verified.

    Raises:
        InputError: There is no such dataset, or what came is not what is published; nothing is put in place then.
        EnvironmentNotReady: There is no token, no client, no network, or Kaggle refuses; with the steps by hand.
    """
    known = facts(dataset_named(dataset))
    present = look(known.dataset, folder)
    if present.state == "verified":
        return present
    if present.state in ("wrong", "part"):
        say(f"not the whole file, so it is fetched again: {present.says}")
    values = os.environ if environment is None else environment
    if not has_token(values):
        raise EnvironmentNotReady(f"There is no Kaggle token, so fetch the file by hand: {by_hand(known, folder)}")
    if importlib.util.find_spec("kaggle") is None:
        raise EnvironmentNotReady(f"Kaggle's client is not installed: run 'make setup', or {by_hand(known, folder)}")
    parts = folder / PARTS / known.dataset
    parts.mkdir(parents=True, exist_ok=True)
    say(f"fetching {known.slug} from Kaggle ...")
    _download(known, parts, values, folder)
    _unpack(known, parts)
    say("verifying rows and columns ...")
    try:
        load_dataset(known.dataset, parts / known.files[0].name)
    except InputError:
        # What is wrong is not gone on with the next time.
        shutil.rmtree(parts)
        raise
    for file in known.files:
        (parts / file.name).replace(folder / file.name)
    shutil.rmtree(parts)
    return look(known.dataset, folder)


def has_token(environment: Mapping[str, str]) -> bool:
    """Return whether the client would find a token; its content is not read."""
    if environment.get("KAGGLE_API_TOKEN"):
        return True
    if environment.get("KAGGLE_USERNAME") and environment.get("KAGGLE_KEY"):
        return True
    home = Path(environment.get("HOME") or Path.home())
    folders = [home / ".kaggle", Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "kaggle"]
    if environment.get("KAGGLE_CONFIG_DIR"):
        folders = [Path(environment["KAGGLE_CONFIG_DIR"])]
    return any((folder / name).is_file() for folder in folders for name in TOKEN_FILES)


def by_hand(known: Facts, folder: Path) -> str:
    """Return the manual steps as the rest of a sentence."""
    rules = "accept the rules, " if known.kaggle == "competition" else ""
    return (
        f"sign in at {known.page}, {rules}press Download, put the zip file as {folder / known.archive}, and run "
        f"'streamflow data list'; or save a token from kaggle.com/settings as ~/.kaggle/kaggle.json and run "
        f"'streamflow data fetch {cli_name(known.dataset)}' again."
    )


def _download(known: Facts, parts: Path, environment: Mapping[str, str], folder: Path) -> None:
    if known.kaggle == "dataset":
        calls = [["datasets", "download", known.slug]]
    else:
        calls = [["competitions", "download", known.slug, "-f", file.name] for file in known.files]
    for call in calls:
        command = [sys.executable, "-m", "kaggle.cli", *call, "--path", str(parts), "--quiet"]
        try:
            done = subprocess.run(
                command, env=dict(environment), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise EnvironmentNotReady(
                f"Kaggle's client was not done after {TIMEOUT_S} s: run the command again, it goes on where it stopped."
            ) from None
        if done.returncode != 0:
            raise EnvironmentNotReady(
                f"Kaggle's client failed: {_reason(done.stdout + done.stderr)}; or {by_hand(known, folder)}"
            )


def _reason(output: str) -> str:
    """Name what went wrong, by what the client is known to say; never its own words."""
    for words, reason in (
        (("403", "Forbidden"), "Kaggle refuses the download, as it does before the competition's rules are accepted"),
        (("401", "Unauthorized", "must authenticate", "Missing username", "Missing key"), "it does not take the token"),
        (("404", "Not Found"), "there is no such file any more"),
        (("429",), "Kaggle asks to wait, for there were too many requests"),
        (("ConnectionError", "Max retries", "NameResolution", "Connection refused"), "Kaggle cannot be reached"),
        (("No space left",), "the disk is full"),
    ):
        if any(word in output for word in words):
            return reason
    return "for a reason that it did not name"


def _unpack(known: Facts, parts: Path) -> None:
    """Unpack the files we know to names we give; what else an archive holds, wherever it points, stays in it."""
    unpacked: dict[Path, Path] = {}
    archives = set()
    for file in known.files:
        target = parts / file.name
        if target.is_file() and not zipfile.is_zipfile(target):
            continue
        archive, member = _archive_of(file.name, parts)
        archives.add(archive)
        unpacked[target] = target.with_suffix(".unpacked")
        _copy_out(archive, member, unpacked[target])
    # Only now: one archive may hold several files, and may have the name of one of them.
    for archive in archives:
        archive.unlink()
    for target, copy in unpacked.items():
        copy.replace(target)


def _copy_out(archive: Path, member: str, target: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            size = opened.getinfo(member).file_size
            if size > MAX_UNPACKED_BYTES:
                raise InputError(f"{archive.name} holds {member} of {size} bytes; that is no such file.")
            free = shutil.disk_usage(target.parent).free
            if size > free:
                raise EnvironmentNotReady(f"{member} needs {size} bytes and {free} are free: free some space.")
            with opened.open(member) as source, target.open("wb") as out:
                # zipfile reads no more than the size that was checked above.
                shutil.copyfileobj(source, out, _CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        archive.unlink()
        target.unlink(missing_ok=True)
        raise InputError(f"{archive.name} came damaged ({error}): run the command again.") from None


def _archive_of(name: str, parts: Path) -> tuple[Path, str]:
    for archive in sorted(parts.iterdir()):
        if archive.is_file() and zipfile.is_zipfile(archive):
            for member in zip_names(archive):
                if Path(member).name == name:
                    return archive, member
    raise StreamFlowError(f"Kaggle's client brought no {name}: it brought {sorted(p.name for p in parts.iterdir())}.")
