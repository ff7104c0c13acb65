"""The catalogue as a static site: every dataset, rule set, world and calibration, readable without a network."""

from streamflow.contracts.site.write import write_site

__all__ = ["write_site"]
