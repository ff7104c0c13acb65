"""Which column says what is fraud, which says when that became known, and which would give it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streamflow.generator.suggestion.names import is_verdict, listed, name_score, words
from streamflow.generator.suggestion.profile import Profile
from streamflow.generator.suggestion.times import TimeFit

FRAUD_WORDS = frozenset(
    listed(
        "1 1.0 true t yes y fraud fraudulent fraudster is_fraud chargeback charged_back charged-back betrug "
        "betrugsfall ja j si sí fraude fraudulento fraudulenta oui o v vrai wahr verdadero bad"
    )
)
OTHER_WORDS = frozenset(
    listed(
        "0 0.0 -1 false f no n none ok legit legitimate genuine good normal paid valid clean not_fraud non- "
        "fraud nein non nicht falsch faux falso legítimo bezahlt pagado payé completed settled approved"
    )
)
OPEN_WORDS = frozenset(listed("pending open unknown review in_review under_review ? offen pendiente suspected"))
_KNOWN_WORDS = FRAUD_WORDS | OTHER_WORDS | OPEN_WORDS
MOST_VALUES = 12
FEWEST_FRAUDS = 5
MOST_FRAUD = 0.5


@dataclass(frozen=True)
class LabelFit:
    """The label.

    Attributes:
        column: Its column.
        positive: Values that mean fraud.
        negative: Values that mean none.
        open: Values that mean neither, so that their rows are set aside.
        share: Share of fraud in the sample.
        score: How much speaks for it.
        why: In words.
    """

    column: str
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    open: tuple[str, ...]
    share: float
    score: float
    why: str


def label_fit(profile: Profile) -> LabelFit | None:
    """Return how a column says what is fraud; None when it does not."""
    if not 1 <= profile.distinct <= MOST_VALUES:
        return None
    named = name_score("label", profile.name)
    values = sorted(profile.counts)
    positive = tuple(value for value in values if value.lower() in FRAUD_WORDS or _speaks_of_fraud(value))
    known = [value for value in values if value.lower() in _KNOWN_WORDS or _speaks_of_fraud(value)]
    why = f"values {', '.join(values[:4])}"
    guessed = False
    if not positive and profile.distinct == 2 and named >= 0.8:
        positive, guessed = (min(values, key=lambda value: profile.counts[value]),), True
        why += f"; the rarer one, {positive[0]}, is taken for fraud"
    if not positive:
        if named < 0.8 or not known:
            return None
        # No fraud in the sample; the file may hold some.
        positive = (
            {"0": "1", "0.0": "1.0", "false": "true", "False": "True", "No": "Yes", "no": "yes", "N": "Y"}.get(
                values[0], "1"
            ),
        )
        why += f"; the sample holds no fraud, {positive[0]} is taken for it"
        guessed = True
    share = sum(profile.counts[value] for value in positive) / len(profile.filled)
    if share > MOST_FRAUD and len(values) > 1:
        return None
    waiting = tuple(value for value in values if value.lower() in OPEN_WORDS)
    negative = tuple(value for value in values if value not in positive and value not in waiting)
    two_sided = 0.5 if len(known) == len(values) == 2 else 0.2 if len(known) == len(values) else 0.0
    if any(map(_speaks_of_fraud, positive)):
        two_sided += 0.4
    verdict = named and _only_says_so(profile.name)
    score = (named + two_sided - (0.3 if guessed else 0.0)) * (0.3 if verdict else 1.0)
    if named == 0 and not (two_sided >= 0.5 and 0 < share < 0.2):
        return None
    return LabelFit(profile.name, positive, negative, waiting, share, score, why)


def _speaks_of_fraud(value: str) -> bool:
    plain = value.lower().replace("-", "_").replace(" ", "_")
    if plain.startswith(("not_", "non_", "no_", "kein")):
        return False
    return any(word in plain for word in ("fraud", "betrug", "chargeback", "charged_back"))


def _only_says_so(name: str) -> bool:
    """Return whether a name speaks of what a system thought, as isFlaggedFraud, not of what turned out."""
    return bool({"flagged", "predicted", "prediction", "score", "alert", "rule", "risk", "scenario"} & set(words(name)))


def known_at_fit(label: LabelFit, profiles: Mapping[str, Profile], fits: Mapping[str, TimeFit]) -> TimeFit | None:
    """Return the column of times that is there for fraud and hardly else."""
    is_fraud = _fraud_rows(profiles[label.column], label)
    found = []
    for column, fit in fits.items():
        there = [bool(value) for value in profiles[column].values]
        among_fraud = sum(map(bool.__and__, there, is_fraud))
        named = name_score("known_at", column)
        if among_fraud and among_fraud >= 0.8 * sum(there) and (sum(there) < 0.6 * len(there)):
            found.append((named, column, fit))
    return max(found)[2] if found else None


def leaks(label: LabelFit, profiles: Mapping[str, Profile]) -> dict[str, str]:
    """Return, by column that gives the label away, why it is no field.

    A column does when its name speaks of a verdict, or when few values, or being there at all, tell fraud apart.
    """
    is_fraud = _fraud_rows(profiles[label.column], label)
    frauds = sum(is_fraud)
    told: dict[str, str] = {}
    for column, profile in profiles.items():
        if column == label.column:
            continue
        if is_verdict(column):
            told[column] = "its name speaks of what was made of the purchase later"
        elif frauds >= FEWEST_FRAUDS and _separates(profile, is_fraud, frauds):
            told[column] = "it tells fraud from the rest without a mistake, so that it was filled in later"
    return told


def _separates(profile: Profile, is_fraud: list[bool], frauds: int) -> bool:
    """Return whether the column's few values say who is fraud: nearly all frauds, and next to nobody else."""
    values = (
        profile.values if profile.distinct <= MOST_VALUES else ["there" if value else "" for value in profile.values]
    )
    by_value: dict[str, list[int]] = {}
    for value, fraud in zip(values, is_fraud, strict=True):
        by_value.setdefault(value, [0, 0])[fraud] += 1
    if len(by_value) < 2:
        return False
    caught = sum(count[1] for count in by_value.values() if count[1] > 0.95 * sum(count))
    return caught > 0.95 * frauds


def _fraud_rows(profile: Profile, label: LabelFit) -> list[bool]:
    positive = set(label.positive)
    return [value in positive for value in profile.values]
