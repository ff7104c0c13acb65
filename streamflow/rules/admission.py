"""Which fraud-rules records count: the one check that the detector, the command line and every replay make.

A record that is refused changes nothing; what was in force stays. What the contract says of a record is judged before
this, by the validator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from streamflow.contracts.rule_sets import Horizons, check_horizons
from streamflow.errors import InputError
from streamflow.rules.book import RuleBook


def admit(book: RuleBook, record: Mapping[str, Any], horizons: Horizons) -> RuleBook:
    """Return the book with one more record of the fraud-rules topic.

    Args:
        book: What was admitted so far.
        record: The payload.
        horizons: How far the detector's state reaches.

    Raises:
        InputError: The record is wrong, changes what was published, or asks for more history than state keeps; the
            book in force stays as it is.
    """
    after = book.with_record(record)
    for version, card in after.cards.items():
        if version not in book.cards:
            check_horizons(card.rule_set, horizons)
    return after


def admitted(records: Iterable[Mapping[str, Any]], horizons: Horizons) -> RuleBook:
    """Return the book of those records that count, in the order of their log.

    Args:
        records: Payloads that their contract accepts.
        horizons: How far the detector's state reaches.
    """
    book = RuleBook()
    for record in records:
        try:
            book = admit(book, record, horizons)
        except InputError:
            continue
    return book
