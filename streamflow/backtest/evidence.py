"""Evidence for a promotion: what the gate found about one rule set against another, as a file that cannot be edited.

Evidence is `<state>/evidence/<id>.json`, canonical JSON. Its id ends in the first twelve hex digits of the sha256 of
its content, so that a file changed by hand is found out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from streamflow.contracts.calibrations import Sha256
from streamflow.contracts.canonical_json import canonical, content_sha256, hold_id, parse_object, read_object
from streamflow.contracts.odcs import Version
from streamflow.contracts.rule_sets import Part
from streamflow.contracts.strict import convert_mapping
from streamflow.contracts.timestamps import format_us, parse_us
from streamflow.errors import InputError

if TYPE_CHECKING:
    from streamflow.contracts.rule_sets import RuleSet
    from streamflow.settings import Settings

MAX_BYTES = 1_048_576
FIRST_PROMOTION = "No rule set is live yet, so there is nothing to compare with."

Result = Literal["passed", "failed", "insufficient"]
Verdict = Literal["passed", "failed", "insufficient", "first"]


class Subject(Part, frozen=True):
    """A rule set, by version and content."""

    version: Version
    sha256: Sha256


class Range(Part, frozen=True):
    """A half-open range of event times, RFC 3339, and what lies in it.

    Attributes:
        from_time: Its first moment.
        to_time: The first moment after it.
        purchases: Purchases that judged.
        frauds: Of them, fraud that was known by `as_of`.
        customers: Customers that they are of.
    """

    from_time: str
    to_time: str
    purchases: Annotated[int, Meta(ge=0)]
    frauds: Annotated[int, Meta(ge=0)]
    customers: Annotated[int, Meta(ge=0)]


class Gate(Part, frozen=True):
    """One gate.

    Attributes:
        name: alert_volume, recall or value_recall.
        result: passed; failed where the value is beyond the limit; insufficient where the rows cannot tell.
        unit: Of value, interval and limit.
        limit: What the worse end of the interval is held against.
        sentence: The gate in words.
        value: Alert volume; of recall the candidate's less the live one's; None where there is nothing to compute.
        interval: Its 95 % interval.
        candidate: Of recall, the candidate's own.
        against: Of recall, that of the rule set in force, within the same volume.
        against_all: Of recall, that of the rule set in force with all its alerts, where they exceed that volume.
        period: The rows that it rests on; None where there are none.
    """

    name: Literal["alert_volume", "recall", "value_recall"]
    result: Result
    unit: str
    limit: float
    sentence: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    candidate: float | None = None
    against: float | None = None
    against_all: float | None = None
    period: Range | None = None


class Rows(Part, frozen=True):
    """What was judged; see `streamflow.backtest.scored.Origin`."""

    kind: Literal["file", "log"]
    name: str
    sha256: Sha256
    rows: Annotated[int, Meta(ge=0)]
    from_time: str
    to_time: str
    offsets: dict[str, tuple[int, int]] | None = None
    detail: str = ""


class Evidence(Part, frozen=True):
    """What the gate found.

    Attributes:
        id: `<candidate's version>-<first 12 hex digits of the content's sha256>`.
        candidate: The rule set to promote.
        against: The one in force; None for a first promotion.
        verdict: passed, failed, insufficient; first when there was nothing to judge by and nothing to compare with.
        gates: Each gate.
        allowed: The settings of the gate that it was judged by.
        budget: Alerts in a thousand purchases that the volume was held against.
        package: Version of streamflow.
        created_at: When, RFC 3339.
        origin: What was judged; None without rows.
        as_of: Labels known later than this did not count.
        trained_until: Where the candidate's training ended; None when it was fitted on other rows or on none.
        notes: What a reader should know.
    """

    id: Annotated[str, Meta(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+-[0-9a-f]{12}$")]
    candidate: Subject
    against: Subject | None
    verdict: Verdict
    gates: tuple[Gate, ...]
    allowed: dict[str, float]
    budget: float | None
    package: str
    created_at: str
    origin: Rows | None = None
    as_of: str | None = None
    trained_until: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Hold the verdict against the gates."""
        if self.verdict != ("first" if not self.gates else verdict_of(self.gates)):
            raise ValueError(f"the verdict '{self.verdict}' is not that of the gates")
        if self.verdict == "first" and self.against is not None:
            raise ValueError("only a first promotion goes without gates")

    def gate(self, name: str) -> Gate | None:
        """Return a gate by its name."""
        return next((one for one in self.gates if one.name == name), None)

    def text(self) -> str:
        """Return the file's bytes as text."""
        return canonical(msgspec.to_builtins(self), indent=1) + "\n"


def verdict_of(gates: Iterable[Gate]) -> Result:
    """Return what gates say together: failed if one does, else insufficient if one is, else passed."""
    results = {one.result for one in gates}
    return "failed" if "failed" in results else "insufficient" if "insufficient" in results else "passed"


def subject(rule_set: RuleSet) -> Subject:
    """Return what evidence says of a rule set."""
    return Subject(version=rule_set.version, sha256=rule_set.sha256)


def new_evidence(**content: Any) -> Evidence:
    """Return evidence with the id, package and, unless given, the time that its content has.

    Raises:
        InputError: The content breaks the format.
    """
    plain: dict[str, Any] = {
        "package": package_version("streamflow"),
        "created_at": format_us(_now_us()),
        **{name: msgspec.to_builtins(value) for name, value in content.items()},
    }
    plain["id"] = "0.0.0-000000000000"
    # Twice, so that defaults which were left out are hashed as they are written.
    full: dict[str, Any] = msgspec.to_builtins(convert_mapping(_json(plain), Evidence, "The evidence"))
    return convert_mapping(_json({**full, "id": _id(full)}), Evidence, "The evidence")


def parse_evidence(text: str, path: Path) -> Evidence:
    """Read evidence from the text of its file.

    Args:
        text: What the file holds.
        path: Where from, for errors.

    Raises:
        InputError: It is no JSON, breaks the format, or its content does not have the hash that its id states.
    """
    return _held(parse_object(text, path), path)


def _held(data: dict[str, Any], path: Path) -> Evidence:
    evidence = convert_mapping(data, Evidence, str(path))
    hold_id(path, evidence.id, _id(msgspec.to_builtins(evidence)), "remove it, and run the backtest again")
    return evidence


def save(settings: Settings, evidence: Evidence) -> Path:
    """Write evidence into the state directory; return its path."""
    folder = settings.evidence_dir
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{evidence.id}.json"
    scratch = path.with_suffix(".json.writing")
    scratch.write_text(evidence.text(), encoding="utf-8")
    scratch.replace(path)
    return path


def kept(settings: Settings) -> tuple[Evidence, ...]:
    """Return all evidence of the state directory, oldest first.

    Raises:
        InputError: A file was changed after it was written.
    """
    return tuple(sorted(map(_read, settings.evidence_dir.glob("*.json")), key=lambda one: (_time_us(one), one.id)))


def find(settings: Settings, sha256: str, against_sha256: str | None) -> Evidence | None:
    """Return the newest evidence for exactly these two rule sets, or None.

    Args:
        settings: Say where the state directory is.
        sha256: Of the candidate.
        against_sha256: Of the one in force; None for a first promotion.

    Raises:
        InputError: A file was changed after it was written.
    """
    mine = [
        one
        for one in kept(settings)
        if one.candidate.sha256 == sha256 and (one.against.sha256 if one.against else None) == against_sha256
    ]
    return mine[-1] if mine else None


def require_evidence(
    settings: Settings, candidate: RuleSet, live: RuleSet | None, *, now_us: int | None = None
) -> Evidence:
    """Return the evidence on which a rule set may be promoted.

    Args:
        settings: Say where evidence is kept and what the operator allows.
        candidate: The rule set to promote.
        live: The one in force; None for the first promotion, which needs no evidence and must not have failed one.
        now_us: The wall clock, epoch microseconds; evidence grows old by it.

    Returns:
        Evidence whose verdict is `passed`; `first` for a first promotion without any.

    Raises:
        InputError: There is none, it did not pass, is too old, or was judged by other settings; the sentence says what
            to run.
    """
    found = find(settings, candidate.sha256, live.sha256 if live else None)
    against = f" --against {live.version}" if live else ""
    run = f"run 'streamflow backtest table --rules {candidate.version}{against}'"
    if live is None:
        if found is None:
            return first_promotion(settings, candidate)
        if found.verdict != "failed":
            return found
    if found is None:
        other = f" against {live.version}" if live else ""
        raise InputError(f"There is no evidence for rule set {candidate.version}{other}; {run}.")
    pair = f"rule set {candidate.version}" + (f" against {live.version}" if live else "")
    if found.verdict != "passed":
        said = next(one.sentence for one in found.gates if one.result == found.verdict)
        word = "failed" if found.verdict == "failed" else "is insufficient evidence"
        raise InputError(
            f"The newest backtest of {pair} {word}: {said} Evidence {found.id}; {run} on more or newer purchases."
        )
    age_days = ((_now_us() if now_us is None else now_us) - _time_us(found)) / 86_400_000_000
    if age_days > settings.gate.evidence_days:
        raise InputError(
            f"The evidence {found.id} for {pair} is {age_days:.0f} days old, over the {settings.gate.evidence_days} "
            f"that count; {run}."
        )
    if found.allowed != allowed(settings):
        raise InputError(f"The evidence {found.id} for {pair} was judged by other settings of the gate; {run}.")
    return found


def first_promotion(settings: Settings, candidate: RuleSet) -> Evidence:
    """Return what is recorded of a first promotion that nobody backtested."""
    return new_evidence(
        candidate=subject(candidate),
        against=None,
        verdict="first",
        gates=(),
        allowed=allowed(settings),
        budget=None,
        notes=(FIRST_PROMOTION,),
    )


def allowed(settings: Settings) -> dict[str, float]:
    """Return what the operator allows, by name; the age of evidence is no part of a judgement."""
    return {name: float(value) for name, value in settings.gate.model_dump(exclude={"evidence_days"}).items()}


def _read(path: Path) -> Evidence:
    return _held(read_object(path, MAX_BYTES), path)


def _time_us(evidence: Evidence) -> int:
    time_us = parse_us(evidence.created_at)
    if time_us is None:
        raise InputError(f"The evidence {evidence.id} was created at no time: {evidence.created_at!r}.")
    return time_us


def _now_us() -> int:
    return (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _json(content: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(canonical(content))
    return plain


def _id(content: dict[str, Any]) -> str:
    return f"{content['candidate']['version']}-{content_sha256(content)[:12]}"
