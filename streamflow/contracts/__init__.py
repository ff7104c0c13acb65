"""Data contracts: what each topic and table holds, and everything that is compiled from it."""

from streamflow.contracts.catalogue import Catalogue
from streamflow.contracts.engines.record import Validator, build_validator
from streamflow.contracts.engines.verdict import Verdict

__all__ = ["Catalogue", "Validator", "Verdict", "build_validator"]
