"""Purchases as the Fraud Detection Handbook simulates them: customers, terminals near them, three kinds of fraud.

The description is that of Y.-A. Le Borgne et al., Reproducible Machine Learning for Credit Card Fraud Detection:
Practical Handbook (2022), chapter 3, section 2; the code is our own, so the rows are not those of the published set. A
customer has a place, a mean amount and a rhythm, and buys at terminals within RADIUS of that place. Fraud is

1. every amount over 220;
2. each day two more terminals are compromised: everything bought there within 28 days;
3. each day three more customers are: a third of their purchases within 14 days, at five times the amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

START = np.datetime64("2018-04-01", "s")
CUSTOMERS, TERMINALS, DAYS = 5_000, 10_000, 183
RADIUS = 5.0
DAY_S = 86_400
LARGE_CENTS = 22_000
TERMINALS_A_DAY, TERMINAL_DAYS = 2, 28
CUSTOMERS_A_DAY, CUSTOMER_DAYS, TIMES_DEARER = 3, 14, 5
ROWS_AT_ONCE = 100_000
COLUMNS = ("TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD")
MAPPING = """timezone: UTC
fields:
  transaction_id: {column: TRANSACTION_ID}
  customer_id: {column: CUSTOMER_ID}
  event_timestamp: {column: TX_DATETIME, format: iso}
  amount_minor: {column: TX_AMOUNT, money: {decimal: "."}}
  currency: {constant: USD}
  merchant_id: {column: TERMINAL_ID}
label:
  column: TX_FRAUD
  positive: ["1"]
  negative: ["0"]
  delay_days: 7
"""

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Simulated:
    """Purchases by time, shape (purchases,) in every array.

    Attributes:
        second: Seconds since START.
        customer: Number of the customer.
        terminal: Number of the terminal.
        cents: Amount.
        fraud: Whether any of the three kinds holds.
    """

    second: Ints
    customer: Ints
    terminal: Ints
    cents: Ints
    fraud: Bools


def simulate(
    customers: int = CUSTOMERS, terminals: int = TERMINALS, days: int = DAYS, seed: int = 0, radius: float = RADIUS
) -> Simulated:
    """Simulate purchases.

    Args:
        customers: How many.
        terminals: How many.
        days: How many, from START on.
        seed: Of everything.
        radius: How far a customer goes, on a map of 100 by 100.

    Returns:
        About 1.9 purchases a customer and day.
    """
    rng = np.random.default_rng(seed)
    homes, shops = rng.uniform(0, 100, (customers, 2)), rng.uniform(0, 100, (terminals, 2))
    mean_amount, a_day = rng.uniform(5, 100, customers), rng.uniform(0, 4, customers)
    near = [np.flatnonzero(np.hypot(*(shops - home).T) < radius) for home in homes]
    counts = rng.poisson(a_day[:, None], (customers, days))
    counts[[len(one) == 0 for one in near]] = 0
    customer = np.repeat(np.arange(customers), counts.sum(axis=1))
    day = np.repeat(np.tile(np.arange(days), customers), counts.ravel())
    moment = rng.normal(DAY_S / 2, 20_000, len(day)).astype(np.int64)
    mean = mean_amount[customer]
    amount = rng.normal(mean, mean / 2)
    amount = np.where(amount < 0, rng.uniform(0, mean * 2), amount)
    reach = np.array([len(one) for one in near])
    start = np.cumsum(reach) - reach
    drawn = (rng.random(len(day)) * reach[customer]).astype(np.int64)
    terminal = np.concatenate(near)[start[customer] + drawn]
    inside = (moment > 0) & (moment < DAY_S)
    second = day[inside] * DAY_S + moment[inside]
    order = np.argsort(second, kind="stable")
    cents = np.maximum(np.rint(amount[inside][order] * 100).astype(np.int64), 1)
    return _defrauded(second[order], customer[inside][order], terminal[inside][order], cents, rng)


def _defrauded(second: Ints, customer: Ints, terminal: Ints, cents: Ints, rng: np.random.Generator) -> Simulated:
    """Add the three kinds of fraud; the third makes amounts larger after the first has looked at them."""
    fraud = cents > LARGE_CENTS
    day = second // DAY_S
    cents = cents.copy()
    by_terminal, by_customer = _rows_of(terminal), _rows_of(customer)
    for today in range(int(day.max(initial=-1)) + 1):
        for one in rng.choice(len(by_terminal), min(TERMINALS_A_DAY, len(by_terminal)), replace=False):
            rows = by_terminal[one]
            fraud[rows[(day[rows] >= today) & (day[rows] < today + TERMINAL_DAYS)]] = True
    for today in range(int(day.max(initial=-1)) + 1):
        for one in rng.choice(len(by_customer), min(CUSTOMERS_A_DAY, len(by_customer)), replace=False):
            rows = by_customer[one]
            rows = rows[(day[rows] >= today) & (day[rows] < today + CUSTOMER_DAYS)]
            taken = rng.choice(rows, len(rows) // 3, replace=False)
            cents[taken] *= TIMES_DEARER
            fraud[taken] = True
    return Simulated(second, customer, terminal, cents, fraud)


def _rows_of(numbers: Ints) -> list[Ints]:
    """Return the rows of each number, rising."""
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers))
    return np.split(order, ends[:-1])


def write_csv(simulated: Simulated, path: Path) -> int:
    """Write the purchases under the published set's column names, in order of time.

    Returns:
        The number of rows.
    """
    columns = (simulated.second, simulated.customer, simulated.terminal, simulated.cents, simulated.fraud)
    rows = len(simulated.second)
    with path.open("w", encoding="ascii", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        # Some rows at a time: ten million of them as Python's objects would not fit.
        for first in range(0, rows, ROWS_AT_ONCE):
            second, *others = (column[first : first + ROWS_AT_ONCE] for column in columns)
            times = np.datetime_as_string(START + second.astype("timedelta64[s]")).tolist()
            file.writelines(
                f"{number},{time.replace('T', ' ')},{customer},{terminal},{cents / 100:.2f},{fraud:d}\n"
                for number, (time, customer, terminal, cents, fraud) in enumerate(
                    zip(times, *(column.tolist() for column in others), strict=True), start=first
                )
            )
    return rows
