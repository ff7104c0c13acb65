"""Migrations, transforms and maintenance of the three layers: bronze, silver and gold.

`migrations.migrate`, `transforms.bronze_to_silver`, `transforms.silver_to_gold`, `maintenance.run`, `counts`.
"""

from streamflow.warehouse.tables import counts

__all__ = ["counts"]
