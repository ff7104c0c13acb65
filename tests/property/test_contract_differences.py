"""Laws of differences: what is told as tightened or loosened is what records show.

a record that passed fails now   <=>  some change is tightened (producers break)
a record that failed passes now  <=>  some change is loosened  (consumers break)
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from streamflow.contracts.dataset import Dataset
from streamflow.contracts.engines.judge import Judge
from streamflow.contracts.subjects import Subject, compare, parse_subject
from streamflow.contracts.versions import LEVELS, bump, level_between, ordered
from tests.unit.contracts.contract_cases import SMALL

VALUES = range(-1, 8)
WORDS = ("a", "b", "c", "dd", "ee", "fff")
bound = st.one_of(st.none(), st.integers(min_value=0, max_value=6))


@st.composite
def contracts(draw: st.DrawFn) -> str:
    """Draw a contract with a bounded number and a text that has a length or a list of values."""
    lines = ["      - name: number", "        logicalType: integer", "        physicalType: integer"]
    lines += ["        required: true"] if draw(st.booleans()) else []
    lines += ["        classification: public", "        description: The number."]
    low, high = draw(bound), draw(bound)
    if low is not None and high is not None:
        low, high = sorted((low, high))
    options = {name: value for name, value in (("minimum", low), ("maximum", high)) if value is not None}
    if options:
        lines.append("        logicalTypeOptions: {" + ", ".join(f"{k}: {v}" for k, v in options.items()) + "}")
    lines += ["      - name: word", "        logicalType: string", "        physicalType: text"]
    lines += ["        classification: public", "        description: The word."]
    allowed = draw(st.one_of(st.none(), st.sets(st.sampled_from(WORDS), min_size=1)))
    if allowed is not None:
        lines.append("        enum: [" + ", ".join(f"{{value: {word}}}" for word in sorted(allowed)) + "]")
    head, tail = SMALL.index("      - name: number"), SMALL.index("servers:")
    return SMALL[:head] + "\n".join(lines) + "\n" + SMALL[tail:]


def _subject(text: str) -> Subject:
    return parse_subject("silver/small", "1.0.0", Path("small.yaml"), text)


def _accepted(subject: Subject) -> set[tuple[int | None, str | None]]:
    assert isinstance(subject.content, Dataset)
    judge = Judge(subject.content, {}, lambda name: None)  # type: ignore[arg-type, return-value]
    rows = [(number, word) for number in (None, *VALUES) for word in (None, *WORDS)]
    return {(number, word) for number, word in rows if judge({"number": number, "word": word})[0] is None}


@given(old=contracts(), new=contracts())
@settings(max_examples=150, deadline=None)
def test_a_change_tightens_or_loosens_exactly_when_some_record_shows_it(old: str, new: str) -> None:
    """Producers break where a record that passed fails; consumers where one that failed passes."""
    before, after = _subject(old), _subject(new)
    difference = compare(before, after)
    tightened = any(change.producers for change in difference.changes)
    loosened = any(change.consumers for change in difference.changes)
    shown_before, shown_after = _accepted(before), _accepted(after)
    assert not (shown_before - shown_after) or tightened
    assert not (shown_after - shown_before) or loosened
    if not tightened and not loosened:
        assert shown_before == shown_after
        assert difference.level in (None, "patch")
    else:
        assert difference.level == "major"


@given(old=contracts(), new=contracts())
@settings(max_examples=60, deadline=None)
def test_the_way_back_tightens_what_the_way_there_loosened(old: str, new: str) -> None:
    """Each change has its mirror, so no direction is ever mistaken."""
    before, after = _subject(old), _subject(new)
    there = sorted(change.kind for change in compare(before, after).changes)
    back = sorted(change.kind for change in compare(after, before).changes)
    mirror = {"tightened": "loosened", "loosened": "tightened"}
    assert sorted(mirror.get(kind, kind) for kind in there) == back


@given(text=contracts())
@settings(max_examples=30, deadline=None)
def test_nothing_differs_from_itself(text: str) -> None:
    """A contract compared with itself has no change and asks for no number."""
    difference = compare(_subject(text), _subject(text))
    assert (difference.changes, difference.needed_version) == ((), None)


numbers = st.tuples(*[st.integers(min_value=0, max_value=40)] * 3).map(lambda parts: ".".join(map(str, parts)))


@given(version=numbers, level=st.sampled_from(LEVELS))
def test_a_number_that_follows_another_says_by_which_level(version: str, level: str) -> None:
    """Each level gives another number, above the old one, and is read back from the two."""
    following = {one: bump(version, one) for one in LEVELS}
    assert len(set(following.values())) == 3
    assert level_between(version, following[level]) == level  # type: ignore[index]
    assert ordered([following[level], version]) == [version, following[level]]
