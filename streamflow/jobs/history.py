"""What was submitted, and what each job can go on from: a record a job under the state directory.

The cluster forgets its jobs when its job manager dies; this record and the retained checkpoints do not.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import unquote, urlparse

import msgspec

from streamflow.errors import InputError
from streamflow.jobs.plan import Plan
from streamflow.settings import Settings

FOLDER = "jobs"
KEPT_RUNS = 20


class Run(msgspec.Struct, kw_only=True):
    """One submission.

    Attributes:
        job_id: Flink's id.
        submitted_at: Epoch seconds.
        log_ids: Kafka's id of each source topic then.
        contract_build: The contracts then.
        restored_from: The savepoint or checkpoint that it began with, None for the beginning of the log.
        savepoint: The one that it was stopped with.
        ended: Somebody stopped or cancelled it; a job that is gone without that is lost.
    """

    job_id: str
    submitted_at: float
    log_ids: dict[str, str]
    contract_build: str
    restored_from: str | None = None
    savepoint: str | None = None
    ended: bool = False


class RestorePoint(msgspec.Struct, frozen=True):
    """A state to go on from.

    Attributes:
        path: The folder of the savepoint or checkpoint.
        made_at: Epoch seconds.
        run: The submission that made it.
    """

    path: Path
    made_at: float
    run: Run


def _file(settings: Settings, job: str) -> Path:
    return settings.state / FOLDER / f"{job}.json"


def runs(settings: Settings, job: str) -> list[Run]:
    """Return the submissions of a job, oldest first.

    Raises:
        InputError: The record cannot be read.
    """
    path = _file(settings, job)
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Run])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"The record of submissions {path} cannot be read: {error}.") from error


def _write(settings: Settings, job: str, records: list[Run]) -> None:
    path = _file(settings, job)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".new")
    whole.write_bytes(msgspec.json.format(msgspec.json.encode(records[-KEPT_RUNS:])))
    whole.replace(path)


def remember(settings: Settings, plan: Plan, job_id: str, restored_from: Path | None) -> None:
    """Record a submission."""
    run = Run(
        job_id=job_id,
        submitted_at=time.time(),
        log_ids={topic.name: topic.log_id for topic in plan.topics},
        contract_build=plan.contract_build,
        restored_from=None if restored_from is None else str(restored_from),
    )
    _write(settings, plan.job, [*runs(settings, plan.job), run])


def remember_end(settings: Settings, job: str, job_id: str, savepoint: str | None = None) -> None:
    """Record that a run was ended on purpose, and with what savepoint."""
    records = runs(settings, job)
    for run in records:
        if run.job_id == job_id:
            run.ended, run.savepoint = True, savepoint
    _write(settings, job, records)


def local_path(uri: str) -> Path | None:
    """Return the folder behind a file URI, None for another file system (there the operator restores, not we)."""
    parts = urlparse(uri)
    return Path(unquote(parts.path)) if parts.scheme in ("", "file") else None


def savepoint_dir(settings: Settings, job: str) -> str:
    """Return where the savepoints of a job go, as a URI."""
    base = local_path(settings.flink.checkpoint_dir)
    if settings.flink.checkpoint_dir and base is None:
        return f"{settings.flink.checkpoint_dir.rstrip('/')}/savepoints/{job}"
    return (settings.state / "flink" / "savepoints" / job).as_uri()


def _checkpoint_dir(settings: Settings) -> Path | None:
    given = settings.flink.checkpoint_dir
    return local_path(given) if given else settings.state / "flink" / "checkpoints"


def restore_points(settings: Settings, job: str) -> list[RestorePoint]:
    """Return every state that a job could go on from, newest first; only complete ones, which have their metadata."""
    checkpoints = _checkpoint_dir(settings)
    found = []
    for run in runs(settings, job):
        folders = list((checkpoints / run.job_id).glob("chk-*")) if checkpoints is not None else []
        savepoint = local_path(run.savepoint) if run.savepoint else None
        if savepoint is not None:
            folders.append(savepoint)
        for folder in folders:
            metadata = folder / "_metadata"
            if metadata.exists():
                found.append(RestorePoint(folder, metadata.stat().st_mtime, run))
    return sorted(found, key=lambda point: point.made_at, reverse=True)
