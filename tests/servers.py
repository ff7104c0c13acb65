"""What tests know of the servers: how the demonstration ran, and a way in that the platform gives to nobody else."""

from __future__ import annotations

from typing import Any

import psycopg

from streamflow.settings import Settings

DEMO_PURCHASES = 3000


def superuser(settings: Settings, database: str = "postgres") -> psycopg.Connection[Any]:
    """Connect as the one user whom no privilege and no trigger stops, to prepare and to inspect."""
    host, port = settings.postgres.address()
    password = settings.postgres.password("superuser")
    return psycopg.connect(
        host=host, port=port, user="postgres", password=password, dbname=database, autocommit=True, connect_timeout=5
    )
