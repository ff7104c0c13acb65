"""A candidate beside the rule set in force: what it would have alerted on, from decisions that both made.

Only purchases whose event time lies where both ran count: those that the stream judged, and late ones that the batch
has judged by both. Silver keeps a decision where a rule had something to say; a purchase without one is no alert of
either. Labels are those known so far, and precision counts purchases old enough for their labels to have come.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from streamflow.contracts.rule_sets import RULES
from streamflow.contracts.timestamps import format_us
from streamflow.errors import EnvironmentNotReady, InputError, nearest
from streamflow.quality.statements import statement
from streamflow.quality.stream_checks import read_book
from streamflow.reader import reading
from streamflow.statistics.intervals import Share, wilson

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composable

    from streamflow.rules.book import RuleBook
    from streamflow.settings import Settings

LABEL_DELAY_DAYS = 7.0
EXAMPLES = 5
FETCH_ROWS = 5000
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Side = Literal["both", "gained", "lost"]
SIDES: tuple[Side, ...] = ("both", "gained", "lost")
Span = tuple[int, int | None]
"""A half-open range of event times, epoch microseconds; None where it is not over."""


@dataclass
class Tally:
    """Alerts of one kind.

    Attributes:
        alerts: How many.
        money_minor: Their money, minor units.
        frauds: Of them, known to be fraud by now.
        frauds_minor: Money of those.
        cleared: Of them, that an analyst called legitimate.
        mature: Alerts on purchases old enough for their labels to have come.
        mature_frauds: Of those, fraud.
        late: Alerts on purchases that came late, which the batch gave.
    """

    alerts: int = 0
    money_minor: int = 0
    frauds: int = 0
    frauds_minor: int = 0
    cleared: int = 0
    mature: int = 0
    mature_frauds: int = 0
    late: int = 0

    def add(self, amount_minor: int, is_fraud: bool | None, *, is_mature: bool, is_late: bool) -> None:
        """Count one alert; `is_fraud` is None while nobody has said."""
        self.alerts += 1
        self.money_minor += amount_minor
        self.frauds += is_fraud is True
        self.frauds_minor += amount_minor if is_fraud else 0
        self.cleared += is_fraud is False
        self.mature += is_mature
        self.mature_frauds += is_mature and is_fraud is True
        self.late += is_late

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    @property
    def precision(self) -> Share:
        """Share of the mature alerts that are fraud, with Wilson's interval."""
        return wilson(self.mature_frauds, self.mature)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        share = self.precision
        counted = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**counted, "precision": share.value, "precision_interval": [share.low, share.high]}


Tallies = dict[Side, Tally]


def _tallies() -> Tallies:
    return {side: Tally() for side in SIDES}


@dataclass(frozen=True, order=True)
class Example:
    """One alert that only one of the two raised; its customer is nobody's business here."""

    amount_minor: int
    transaction_id: str
    alert_id: str
    event_timestamp: datetime
    fired: tuple[str, ...]
    is_fraud: bool | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "alert_id": self.alert_id,
            "transaction_id": self.transaction_id,
            "event_timestamp": self.event_timestamp.isoformat(),
            "amount_minor": self.amount_minor,
            "fired": list(self.fired),
            "is_fraud": self.is_fraud,
        }


@dataclass
class Comparison:
    """A candidate beside another rule set, on the purchases that both ran on.

    Attributes:
        candidate: Its version.
        against: The other one's.
        spans: Event times in which both ran.
        as_of: By which moment labels are known.
        label_delay_days: After which a purchase without report counts as no fraud.
        purchases: Purchases that both ran on.
        frauds: Of them, known to be fraud by now.
        frauds_minor: Money of those.
        late: Purchases of those that came late, judged by the batch.
        late_waiting: Further late purchases that the batch has still to judge; they do not count.
        sides: Alerts of both, of the candidate alone (gained), of the other one alone (lost).
        rules: The same by rule, counting alerts in which the rule's line adds weight.
        days: The same by UTC day of the purchase.
        day_purchases: Purchases of each day.
        examples: The dearest gained and lost alerts.
    """

    candidate: str
    against: str
    spans: tuple[Span, ...]
    as_of: datetime
    label_delay_days: float
    purchases: int = 0
    frauds: int = 0
    frauds_minor: int = 0
    late: int = 0
    late_waiting: int = 0
    sides: Tallies = field(default_factory=_tallies)
    rules: dict[str, Tallies] = field(default_factory=lambda: {rule: _tallies() for rule in RULES})
    days: dict[date, Tallies] = field(default_factory=dict)
    day_purchases: dict[date, int] = field(default_factory=dict)
    examples: dict[Side, tuple[Example, ...]] = field(default_factory=dict)

    @property
    def mature_until(self) -> datetime:
        """The event time up to which labels have come."""
        return self.as_of - timedelta(days=self.label_delay_days)

    def whole(self, tallies: Mapping[Side, Tally] | None = None) -> tuple[Tally, Tally]:
        """Return all alerts of the candidate and all of the other one."""
        found = self.sides if tallies is None else tallies
        return found["both"] + found["gained"], found["both"] + found["lost"]

    def recall(self) -> tuple[Share, Share]:
        """Return the share of the fraud known by now that each alerts on."""
        mine, theirs = self.whole()
        return wilson(mine.frauds, self.frauds), wilson(theirs.frauds, self.frauds)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""

        def plain(tallies: Mapping[Side, Tally]) -> dict[str, Any]:
            return {side: tally.as_dict() for side, tally in tallies.items()}

        return {
            "candidate": self.candidate,
            "against": self.against,
            "spans": [[format_us(begin), None if end is None else format_us(end)] for begin, end in self.spans],
            "as_of": self.as_of.isoformat(),
            "label_delay_days": self.label_delay_days,
            "mature_until": self.mature_until.isoformat(),
            "purchases": self.purchases,
            "frauds": self.frauds,
            "frauds_minor": self.frauds_minor,
            "late": self.late,
            "late_waiting": self.late_waiting,
            "alerts": {
                version: {**tally.as_dict(), "recall": share.value, "recall_interval": [share.low, share.high]}
                for version, tally, share in zip(
                    (self.candidate, self.against), self.whole(), self.recall(), strict=True
                )
            },
            "sides": plain(self.sides),
            "rules": {rule: plain(tallies) for rule, tallies in self.rules.items()},
            "days": [
                {"day": day.isoformat(), "purchases": count, **plain(self.days.get(day) or _tallies())}
                for day, count in sorted(self.day_purchases.items())
            ],
            "examples": {side: [one.as_dict() for one in found] for side, found in self.examples.items()},
        }


def compare(
    settings: Settings,
    candidate: str,
    against: str | None = None,
    *,
    since_us: int | None = None,
    label_delay_days: float = LABEL_DELAY_DAYS,
) -> Comparison:
    """Compare what two rule sets decided in the stream.

    Args:
        settings: Say where the databases are, and by which clock labels age.
        candidate: Version of the rule set in question.
        against: Version of the other one; by default the one that was live beside it last.
        since_us: Purchases before this event time do not count, epoch microseconds.
        label_delay_days: After which a purchase without report counts as no fraud.

    Raises:
        InputError: One of them never ran, or they never ran together.
        EnvironmentNotReady: The databases are not there, or not migrated.
    """
    from psycopg.errors import UndefinedTable

    if label_delay_days < 0:
        raise InputError(f"The label delay must not be negative, as {label_delay_days:g} days are.")
    try:
        with reading(settings, "bronze_db") as bronze:
            book = read_book(settings, bronze)
        other = against or beside(book, candidate)
        spans = together(book, candidate, other, since_us)
        with reading(settings, "silver_db") as silver:
            return _compare(settings, silver, Comparison(candidate, other, spans, EPOCH, label_delay_days))
    except UndefinedTable:
        raise EnvironmentNotReady("The warehouse has no tables yet: run 'streamflow warehouse migrate'.") from None


def beside(book: RuleBook, candidate: str) -> str:
    """Return the rule set that was live beside a candidate last.

    Raises:
        InputError: The candidate never ran beside a live one.
    """
    _known(book, candidate)
    for begin, _ in reversed(_segments(book)):
        force = book.in_force(begin)
        if force.live is not None and candidate in {card.version for card in force.shadows}:
            return force.live.version
    raise InputError(
        f"Rule set {candidate} never ran as a shadow: run 'streamflow rules publish {candidate} --shadow', or name "
        f"another one with --with."
    )


def together(book: RuleBook, candidate: str, against: str, since_us: int | None = None) -> tuple[Span, ...]:
    """Return the spans of event time in which both rule sets ran, oldest first.

    Raises:
        InputError: There is none.
    """
    for version in (candidate, against):
        _known(book, version)
    if candidate == against:
        raise InputError(f"Rule set {candidate} cannot be compared with itself; name another one with --with.")
    found: list[Span] = []
    for begin, end in _segments(book):
        running = {card.version for card, _ in book.in_force(begin).lanes}
        if not {candidate, against} <= running or (since_us is not None and end is not None and end <= since_us):
            continue
        start = begin if since_us is None else max(begin, since_us)
        if found and found[-1][1] == start:
            start = found.pop()[0]
        found.append((start, end))
    if not found:
        since = "" if since_us is None else f" since {format_us(since_us)}"
        raise InputError(
            f"Rule sets {candidate} and {against} never ran on the same purchases{since}: run 'streamflow rules "
            f"publish {candidate} --shadow' and let purchases pass."
        )
    return tuple(found)


def _known(book: RuleBook, version: str) -> None:
    if not book.cards:
        raise InputError(
            "The warehouse holds no published rule set yet: run 'streamflow rules publish', then wait for bronze."
        )
    if version not in book.cards:
        raise InputError(f"Rule set {version} was never published; {nearest(version, book.cards)}")


def _segments(book: RuleBook) -> list[Span]:
    """Return the spans between one change of roles and the next."""
    begins = {item.effective_from_us for item in book.activations}
    ends = {item.until_us for item in book.activations if item.until_us is not None}
    breaks = sorted(begins | ends)
    return list(zip(breaks, [*breaks[1:], None], strict=True))


def _compare(settings: Settings, silver: Connection[tuple[Any, ...]], result: Comparison) -> Comparison:
    from psycopg.sql import Literal as Quoted

    result.as_of = _now(settings, silver)
    parts: dict[str, Composable] = {
        "starts": Quoted([_moment(begin) for begin, _ in result.spans]),
        "ends": Quoted([NEVER if end is None else _moment(end) for _, end in result.spans]),
    }
    for day, purchases, frauds, frauds_minor, late, waiting in silver.execute(
        statement(settings, "shadow_days", **parts)
    ):
        result.day_purchases[day] = purchases
        result.late += late
        result.late_waiting += waiting
        result.purchases += purchases
        result.frauds += frauds
        result.frauds_minor += frauds_minor
    versions = {"candidate": Quoted(result.candidate), "against": Quoted(result.against)}
    with silver.cursor(name="shadow_alerts", binary=True) as cursor:
        cursor.itersize = FETCH_ROWS
        cursor.execute(statement(settings, "shadow_alerts", **parts, **versions))
        _count(cursor, result)
    return result


def _count(rows: Iterator[tuple[Any, ...]], result: Comparison) -> None:
    """Sort alerts into sides, rules and days; keep the dearest that only one of the two raised."""
    dearest: dict[Side, list[Example]] = {"gained": [], "lost": []}
    until = result.mature_until
    for transaction_id, moment, amount, mine, mine_fired, theirs, theirs_fired, is_fraud, is_late in rows:
        side: Side = "lost" if mine is None else "gained" if theirs is None else "both"
        fired = theirs_fired if mine is None else mine_fired
        day = result.days.setdefault(moment.astimezone(UTC).date(), _tallies())
        for tallies in (result.sides, day, *(result.rules[rule] for rule in fired)):
            tallies[side].add(amount, is_fraud, is_mature=moment <= until, is_late=is_late)
        if side != "both":
            example = Example(amount, transaction_id, mine or theirs, moment, tuple(fired), is_fraud)
            kept = dearest[side]
            (heapq.heappush if len(kept) < EXAMPLES else heapq.heappushpop)(kept, example)
    result.examples = {side: tuple(sorted(kept, reverse=True)) for side, kept in dearest.items()}


def _now(settings: Settings, silver: Connection[tuple[Any, ...]]) -> datetime:
    """Return the moment by which labels are known, by the profile's clock."""
    if settings.clock == "wall":
        return datetime.now(UTC)
    row = silver.execute(statement(settings, "drift_now")).fetchone()
    newest: datetime | None = None if row is None else row[0]
    if newest is None:
        raise InputError("Silver holds no purchase yet: run 'streamflow warehouse transform'.")
    return newest.astimezone(UTC)


def _moment(time_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_us)
