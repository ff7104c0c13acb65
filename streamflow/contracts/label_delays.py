"""How many days after a purchase its label is looked at, where quality is told by the delay of labels."""

from __future__ import annotations

from typing import Final

LABEL_DELAYS_DAYS: Final = (1, 3, 7, 14, 30)
"""Days, rising; gold.agg_rule_quality has a row for each."""
