"""Java archives by coordinate: fetched once, checked against the lock, never resolved transitively."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from streamflow.errors import EnvironmentNotReady

LOCK = Path(__file__).with_name("jars.lock")
THREADS = 8
ATTEMPTS = 3


@dataclass(frozen=True)
class Jar:
    """One line of the lock.

    Attributes:
        set: Whose class path it stands on: "broker" or "flink".
        coordinate: group:artifact:version.
        sha256: Of the archive, in hexadecimal.
    """

    set: str
    coordinate: str
    sha256: str

    @property
    def file(self) -> str:
        """The name of the archive, unique within its set."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def path(self, downloads: Path) -> Path:
        """Return where the archive belongs."""
        return downloads / self.set / self.file


def read_lock(path: Path = LOCK) -> list[Jar]:
    """Return every archive of the lock file."""
    lines = (line.split("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return [Jar(*fields) for fields in lines if fields]


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def class_path(downloads: Path, name: str) -> list[Path]:
    """Return the archives of one set, in the order of the lock."""
    return [jar.path(downloads) for jar in read_lock() if jar.set == name]


def missing(downloads: Path, jars: Iterable[Jar] | None = None) -> list[Jar]:
    """Return the archives that are not there yet; what is there was checked when it was put there."""
    return [jar for jar in (read_lock() if jars is None else jars) if not jar.path(downloads).is_file()]


def fetch(
    downloads: Path,
    *,
    jars: Iterable[Jar] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """Make every archive of the lock present.

    Args:
        downloads: The folder to keep archives in, one subfolder a set.
        jars: What to fetch; the whole lock by default.
        progress: Called with (fetched, wanted) after each archive.

    Returns:
        How many archives were downloaded; 0 when all were there.

    Raises:
        EnvironmentNotReady: No network, no disk, or an archive that is not what the lock says.
    """
    wanted = missing(downloads, jars)
    if not wanted:
        return 0
    downloads.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix="fetch-", dir=downloads))
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            futures = [pool.submit(_fetch_one, jar, downloads, workplace) for jar in wanted]
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    future.result()
                    progress(done, len(wanted))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return len(wanted)


def _fetch_one(jar: Jar, downloads: Path, workplace: Path) -> None:
    """Download into the workplace, check, then rename: a reader sees a whole archive or none."""
    fetched = _download(jar, workplace)
    check(jar, fetched)
    target = jar.path(downloads)
    target.parent.mkdir(parents=True, exist_ok=True)
    fetched.replace(target)


def check(jar: Jar, fetched: Path) -> None:
    """Compare an archive with the lock.

    Raises:
        EnvironmentNotReady: It is another one.
    """
    found = digest(fetched)
    if found != jar.sha256:
        raise EnvironmentNotReady(
            f"The archive {jar.coordinate} has the SHA-256 {found[:12]}… but the lock says {jar.sha256[:12]}…: "
            "a mirror altered it; ask its keeper, or fetch from another."
        )


def _download(jar: Jar, workplace: Path) -> Path:
    from jgo.maven import MavenContext, PythonResolver

    group, artifact, version = jar.coordinate.split(":")
    reason = ""
    for attempt in range(ATTEMPTS):
        # A cache of its own for each attempt: the resolver refuses to overwrite what a broken one left.
        cache = workplace / f"{jar.set}-{jar.file}-{attempt}"
        context = MavenContext(resolver=PythonResolver(), repo_cache=cache, local_repos=[], timeout=30)
        try:
            component = context.project(group, artifact).at_version(version)
            return Path(component.artifact(classifier="", packaging="jar").resolve())
        except OSError as error:
            # A full disk and an unreachable host are both OSError here (requests derives from it).
            if error.errno is not None and error.strerror:
                reason = os.strerror(error.errno)
                break
            reason = type(error).__name__
        except (RuntimeError, AssertionError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    raise EnvironmentNotReady(
        f"The archive {jar.coordinate} cannot be fetched ({reason}): check the network and the disk, then run it again."
    )


def main() -> int:
    """Fetch every archive of the lock into the checkout, as the set-up does.

    Returns:
        An exit code; a failure is one sentence on stderr.
    """
    import sys

    from rich.console import Console
    from rich.progress import Progress

    from streamflow.errors import StreamFlowError
    from streamflow.settings import load_settings
    from streamflow.stack.layout import Layout

    try:
        downloads = Layout.of(load_settings()).downloads
        with Progress(console=Console(stderr=True)) as progress:
            bar = progress.add_task(
                "fetching jars", total=len(missing(downloads)) or None, visible=bool(missing(downloads))
            )
            fetch(downloads, progress=lambda done, _wanted: progress.update(bar, completed=done))
    except StreamFlowError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
