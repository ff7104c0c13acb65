"""What trying a proposal teaches: how long labels really take."""

from __future__ import annotations

import math

from streamflow.generator.mapping_check import MappingCheck
from streamflow.generator.suggestion.proposal import Proposal


def with_measured_delay(proposal: Proposal, check: MappingCheck) -> bool:
    """Set the delay to the days within which 19 of 20 labels were known, where the file says; return whether it did.

    Args:
        proposal: Changed in place.
        check: Of the proposal on its file.
    """
    labels = check.labels
    if proposal.label is None or labels is None or labels.days_p95 is None:
        return False
    proposal.label["delay_days"] = max(1, math.ceil(labels.days_p95))
    proposal.label_why += f"; 19 of 20 within {labels.days_p95:g} days, which is the delay of the others"
    return True
