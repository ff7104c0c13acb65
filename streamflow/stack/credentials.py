"""Passwords and keys: generated once, kept in a file that its owner alone can read."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from streamflow.settings import Settings
from streamflow.stack.postgres import PASSWORDS
from streamflow.stack.process import write_atomically

PASSWORD_BYTES = 24
JWT_BYTES = 64
FERNET_BYTES = 32


def ensure(path: Path) -> dict[str, Any]:
    """Return the secrets in `path`; what is missing is generated and written, mode 0600.

    Returns:
        A mapping in the shape of `streamflow.settings.Settings`.
    """
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    wanted: dict[str, Any] = {
        "postgres": {"passwords": {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in PASSWORDS}},
        "airflow": {
            "jwt_secret": secrets.token_urlsafe(JWT_BYTES),
            "secret_key": secrets.token_urlsafe(PASSWORD_BYTES),
            "fernet_key": urlsafe_b64encode(secrets.token_bytes(FERNET_BYTES)).decode(),
        },
    }
    wanted["postgres"]["passwords"] |= kept.get("postgres", {}).get("passwords", {})
    wanted["airflow"] |= kept.get("airflow", {})
    if wanted != kept:
        write_atomically(path, json.dumps(wanted, indent=1).encode(), mode=0o600)
    return wanted


def with_secrets(settings: Settings, found: dict[str, Any]) -> Settings:
    """Return `settings` with the secrets of the platform, where the user set none."""
    passwords = {**found["postgres"]["passwords"], **settings.postgres.passwords}
    keys = {name: getattr(settings.airflow, name) or value for name, value in found["airflow"].items()}
    return settings.model_copy(
        update={
            "postgres": settings.postgres.model_copy(update={"passwords": passwords}),
            "airflow": settings.airflow.model_copy(update=keys),
        }
    )
