"""Generated files in the shape of IEEE-CIS, drawn from its published figures; no row of the real files is in them.

Holders of cards are drawn first and pay several times, some of it in bursts, because a row by itself has no behaviour.
Shares of products, networks, kinds and e-mail domains, missing shares, fraud rates by product and their drift, and the
quantiles of amounts are those published; how often a holder pays and when in the day is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from streamflow.datasets.facts import facts
from streamflow.datasets.sample_draws import (
    csv_text,
    draw,
    names_by_share,
    pick,
    seconds_of_days,
    through_quantiles,
    zipf_odds,
)
from streamflow.datasets.table import Bools, Floats, Ints

ROWS = 20_000
HOLDERS = 6_000
SEED = 590_540
FIRST_ID = 2_987_000
# Chosen: nights are quiet, and whoever pays then is more often a fraud.
HOURS = (
    6.2, 5.2, 4.0, 2.8, 1.8, 1.1, 0.7, 0.4, 0.3, 0.3, 0.5, 1.0,
    1.8, 3.0, 4.3, 5.4, 6.2, 6.8, 7.0, 7.0, 6.9, 6.8, 6.7, 6.6,
)  # fmt: skip
CARD1_EXPONENT, CARD1_SHIFT = 1.12, 4.0
"""Near 577 distinct values of card1 in 1,500 rows, as published."""
BURST_SHARE = {False: 0.10, True: 0.45}
NOT_NAMED = "other"


def ieee_cis_samples() -> tuple[bytes, bytes]:
    """Return the transactions and the identities as CSV."""
    rng = np.random.default_rng(SEED)
    seconds: Floats = np.sort(seconds_of_days(rng.random(ROWS), _figure("days"), HOURS))
    time_s: Floats = np.asarray(86_400 + np.floor(seconds), dtype=np.float64)
    product = names_by_share(_figure("product.shares"), rng.random(ROWS), "W")
    fraud = _frauds(rng, time_s, product)
    holder, time_s = _holders(rng, time_s, fraud)
    order = np.argsort(time_s, kind="stable")
    product, fraud, holder, time_s = [product[i] for i in order.tolist()], fraud[order], holder[order], time_s[order]
    ids = (FIRST_ID + np.arange(ROWS)).tolist()
    transactions: dict[str, Sequence[object]] = {
        "TransactionID": ids,
        "isFraud": fraud.astype(int).tolist(),
        "TransactionDT": time_s.astype(np.int64).tolist(),
        "TransactionAmt": _amounts(rng, product),
        "ProductCD": product,
        **_cards(rng, holder),
        **_around(rng, holder, time_s),
    }
    return csv_text(transactions), csv_text(_identities(rng, ids, product, holder))


@cache
def transactions_sample() -> bytes:
    """Return the transactions as CSV."""
    return ieee_cis_samples()[0]


@cache
def identities_sample() -> bytes:
    """Return the identities as CSV."""
    return ieee_cis_samples()[1]


def _figure(path: str) -> Any:
    return facts("ieee_cis").figures[path].value


def _frauds(rng: np.random.Generator, time_s: Floats, product: list[str]) -> Bools:
    """By product, higher in quiet hours, rising over the file as the published tenths do; the sum as published."""
    rate = np.array([_figure("fraud.rate_by_product")[name] for name in product])
    low, high = _figure("fraud.rate_by_decile")
    passed = (time_s - time_s[0]) / (time_s[-1] - time_s[0])
    quiet = 1 - np.array(HOURS)[(time_s // 3600 % 24).astype(np.int64)] / max(HOURS)
    odds = rate * (low + (high - low) * np.minimum(passed * 2, 1)) * (1 + 1.5 * quiet)
    odds *= _figure("fraud.rate") / odds.mean()
    return np.asarray(rng.random(len(odds)) < odds)


def _holders(rng: np.random.Generator, time_s: Floats, fraud: Bools) -> tuple[Ints, Floats]:
    """Who pays; in a burst it is whoever paid before, a few minutes ago."""
    activity = rng.gamma(0.8, size=HOLDERS)
    holder = pick(activity / activity.sum(), rng.random(ROWS))
    again = rng.random(ROWS) < np.where(fraud, BURST_SHARE[True], BURST_SHARE[False])
    gap_s = np.floor(20 + rng.exponential(240, ROWS))
    times = time_s.copy()
    for row in np.flatnonzero(again[1:]).tolist():
        holder[row + 1], times[row + 1] = holder[row], times[row] + gap_s[row + 1]
    return holder, times


def _amounts(rng: np.random.Generator, product: list[str]) -> list[str]:
    """Amounts by product, their ranks kept and their values bent to the published quantiles of all together."""
    u = rng.random(ROWS)
    raw = np.empty(ROWS)
    for name in sorted(set(product)):
        rows = np.array([one == name for one in product])
        raw[rows] = draw(through_quantiles(_figure(f"amounts.product.{name}.quantiles")), u[rows])
    rank = np.argsort(np.argsort(raw, kind="stable"), kind="stable")
    # The lower tail is published for the first rows only.
    knots = {**_figure("amounts.head.low_quantiles"), **_figure("amounts.all.quantiles")}
    whole = through_quantiles(dict(sorted(knots.items(), key=lambda knot: float(knot[0]))), _figure("amounts.all.mean"))
    minor = draw(whole, (rank + 0.5) / ROWS)
    ending = names_by_share({"00": 0.62, "95": 0.2, "50": 0.05, "99": 0.03}, rng.random(ROWS))
    # Converted amounts have three decimals; shops have prices.
    return [
        f"{value / 100:.3f}" if name == "C" or not end else f"{max(1, int(value // 100))}.{end}"
        for value, name, end in zip(minor.tolist(), product, ending, strict=True)
    ]


def _cards(rng: np.random.Generator, holder: Ints) -> dict[str, Sequence[object]]:
    """What is printed on a holder's card follows from its card1; where the holder lives does not."""
    distinct, missing = _figure("card.distinct"), _figure("missing.transaction")
    kinds = distinct["card1"]
    card1 = pick(zipf_odds(kinds, CARD1_EXPONENT, CARD1_SHIFT), rng.random(HOLDERS))
    u = rng.random((5, kinds))
    card2 = 100 + pick(zipf_odds(distinct["card2"], 0.8), u[0])
    card3 = 150 + 35 * (u[1] > 0.88) + (u[1] > 0.985) * pick(zipf_odds(distinct["card3"], 1.0), u[2])
    card5 = 100 + pick(zipf_odds(distinct["card5"], 1.2), u[2])
    network = names_by_share(_figure("card.network.shares"), u[3] * 0.9973, "visa")
    kind = names_by_share(_figure("card.kind.shares"), u[4] * 0.9973, "debit")
    numbers = rng.permutation(np.arange(1000, 1000 + kinds))
    addr1 = 100 + pick(zipf_odds(distinct["addr1"], 2.2, 14), rng.random(HOLDERS))
    mine, no_address = card1[holder], rng.random(ROWS) < missing["addr1"]
    gone = {name: rng.random(ROWS) < missing[name] for name in ("card2", "card3", "card4", "card5", "card6")}
    return {
        "card1": numbers[mine].tolist(),
        "card2": _or_none(card2[mine], gone["card2"]),
        "card3": _or_none(card3[mine], gone["card3"]),
        "card4": ["" if no else network[i] for i, no in zip(mine.tolist(), gone["card4"].tolist(), strict=True)],
        "card5": _or_none(card5[mine], gone["card5"]),
        "card6": ["" if no else kind[i] for i, no in zip(mine.tolist(), gone["card6"].tolist(), strict=True)],
        "addr1": _or_none(addr1[holder], no_address),
        "addr2": _or_none(np.where(rng.random(ROWS) < 0.9977, 87, 96), no_address),
    }


def _around(rng: np.random.Generator, holder: Ints, time_s: Floats) -> dict[str, Sequence[object]]:
    """Distances, e-mail domains, counts, days and matches."""
    missing = _figure("missing.transaction")
    distance = draw(through_quantiles(_figure("distance.dist1.quantiles")), rng.random(ROWS))
    first = np.full(HOLDERS, np.inf)
    np.minimum.at(first, holder, time_s)
    days = np.floor((time_s - first[holder]) / 86_400) + np.floor(rng.exponential(90, HOLDERS))[holder]
    mail = names_by_share(_figure("email.purchaser.shares"), rng.random(HOLDERS) * 0.84, NOT_NAMED)
    named = rng.random(ROWS) >= missing["P_emaildomain"]
    return {
        "dist1": _or_none(np.rint(distance), rng.random(ROWS) < missing["dist1"]),
        "P_emaildomain": [mail[i] if has else "" for i, has in zip(holder.tolist(), named.tolist(), strict=True)],
        "R_emaildomain": names_by_share({**_figure("email.recipient.shares"), NOT_NAMED: 0.0343}, rng.random(ROWS)),
        **{name: rng.geometric(0.6, ROWS).tolist() for name in ("C1", "C2", "C13")},
        "D1": _or_none(days, rng.random(ROWS) < missing["D1"]),
        "D4": _or_none(days, rng.random(ROWS) < missing["D4"]),
        "D15": _or_none(days, rng.random(ROWS) < missing["D15"]),
        "M1": names_by_share({"T": 0.540886, "F": 0.000042}, rng.random(ROWS)),
        "M4": names_by_share({"M0": 0.332585, "M1": 0.089454, "M2": 0.101373}, rng.random(ROWS)),
        "M6": names_by_share({"F": 0.385843, "T": 0.327368}, rng.random(ROWS)),
    }


def _identities(
    rng: np.random.Generator, ids: list[int], product: list[str], holder: Ints
) -> Mapping[str, Sequence[object]]:
    """Product W has none; of the others as many as the published share of all rows needs."""
    others = np.array([name != "W" for name in product])
    has = others & (rng.random(ROWS) < _figure("identity.share") * ROWS / others.sum())
    missing = _figure("missing.identity")
    kinds = names_by_share(_figure("device.kind.shares"), rng.random(HOLDERS))
    models = names_by_share(_figure("device.shares"), rng.random(HOLDERS), "SM-G")
    rows = np.flatnonzero(has).tolist()
    u = rng.random((2, ROWS))
    return {
        "TransactionID": [ids[row] for row in rows],
        "DeviceType": [kinds[holder[row]] if u[0, row] >= missing["DeviceType"] else "" for row in rows],
        "DeviceInfo": [
            (f"{models[holder[row]]}{holder[row] % 97:03d}U" if models[holder[row]] == "SM-G" else models[holder[row]])
            if u[1, row] >= missing["DeviceInfo"]
            else ""
            for row in rows
        ],
    }


def _or_none(values: Floats | Ints, missing: Bools) -> list[str]:
    """Spell numbers as pandas writes a column with gaps: 1.0, and nothing where there is none."""
    return [
        "" if gone else f"{value:.1f}"
        for value, gone in zip(np.asarray(values).tolist(), np.asarray(missing).tolist(), strict=True)
    ]
