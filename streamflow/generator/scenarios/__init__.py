"""Fraud scenarios: what thieves do, in kilometres, minutes, multiples and hours.

A scenario is a module with `NAME`, `SIZE` (fewest and most fraudulent purchases), `SPAN_US` (how long it may take),
`eligible(world)` and `plan(stage, size)`; `GENUINE` counts the customer's own purchases that it brings along. No
scenario knows a rule: a test compares them with rule set 1.0.0.
"""

from __future__ import annotations

from types import ModuleType

from streamflow.generator.parameters import ScenarioName
from streamflow.generator.scenarios import (
    bad_merchant,
    big_ticket,
    burst,
    camouflaged,
    gift_cards,
    impossible_travel,
    odd_hours,
    slow_siphon,
)

SCENARIOS: dict[ScenarioName, ModuleType] = {
    "burst": burst,
    "big_ticket": big_ticket,
    "impossible_travel": impossible_travel,
    "odd_hours": odd_hours,
    "bad_merchant": bad_merchant,
    "camouflaged": camouflaged,
    "slow_siphon": slow_siphon,
    "gift_cards": gift_cards,
}
