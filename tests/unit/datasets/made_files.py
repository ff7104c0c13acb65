"""Small files in the shape of the public ones, made for one test each."""

from __future__ import annotations

from pathlib import Path

ULB_HEADER = ["Time", *(f"V{n}" for n in range(1, 29)), "Amount", "Class"]
IEEE_HEADER = [
    "TransactionID", "isFraud", "TransactionDT", "TransactionAmt", "ProductCD", "card1", "card2", "card3", "card4",
    "card5", "card6", "addr1",
]  # fmt: skip
IEEE_ROWS = [
    "1,0,86400,68.5,W,13926,,150.0,discover,142.0,credit,315.0",
    "2,1,86401,29.0,C,13926,,150.0,discover,142.0,credit,315.0",
    "3,0,90000,0.251,H,2755,404.0,150.0,mastercard,102.0,credit,325.0",
    "4,0,172800,50.0,W,2755,404.0,150.0,mastercard,102.0,credit,",
]


def ulb_line(time: object = 1, amount: object = "12.34", label: object = 0) -> str:
    """Return one row of the ULB file."""
    return ",".join([str(time), *["0.5"] * 28, str(amount), str(label)])


def write_ulb(path: Path, lines: list[str], header: list[str] | None = None, end: str = "\n") -> Path:
    """Write a file of the ULB shape and return its path."""
    path.write_text(end.join([",".join(header or ULB_HEADER), *lines]) + end)
    return path


def whole_ulb_text(rows: int = 284_807, frauds: int = 492) -> bytes:
    """Return a CSV with as many rows and frauds as the real file has, and nothing else of it."""
    zeros = ",0" * 28
    body = "".join(f"{number // 2}{zeros},{1 + number % 90}.5,{int(number < frauds)}\n" for number in range(rows))
    return (",".join(ULB_HEADER) + "\n" + body).encode()


def write_ieee(path: Path, rows: list[str] | None = None, header: list[str] | None = None) -> Path:
    """Write a file of the IEEE-CIS shape and return its path."""
    path.write_text("\n".join([",".join(header or IEEE_HEADER), *(rows or IEEE_ROWS)]) + "\n")
    return path
