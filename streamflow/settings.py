"""Typed settings: one field each, from the environment, a profile file, or the local platform's own record.

Precedence, first wins: arguments, `STREAMFLOW_*` environment variables (nested with two underscores, as
`STREAMFLOW_KAFKA__BOOTSTRAP_SERVERS`), the profile file, the endpoints that `streamflow up` wrote under the state
directory, defaults. Unknown names fail with the nearest valid one.
"""

from __future__ import annotations

import json
import os
import tomllib
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from streamflow.errors import EnvironmentNotReady, InputError, nearest

PREFIX = "STREAMFLOW_"
MAX_PARALLELISM = 128
"""Flink's key groups; fixed for ever, since a savepoint cannot be read with another number."""

ENDPOINTS = "endpoints.json"
SECRETS = "secrets.json"

_FILES: ContextVar[dict[str, Any]] = ContextVar("_FILES", default={})  # noqa: B039 - never changed in place
"""What profile and records say, on its way from `load_settings` into the sources of `Settings`."""

Role = Literal["owner", "ingest", "transform", "reader"]
Database = Literal["bronze_db", "silver_db", "gold_db"]


class Section(BaseModel):
    """A group of settings; a name that is not one of its fields is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaSettings(Section):
    """The broker. `port` None means: the preferred one, or the next free one."""

    bootstrap_servers: str = ""
    port: int | None = None
    controller_port: int | None = None
    partitions: int = Field(default=2, ge=1, description="Partitions of a topic at its creation; never changed later.")
    replication_factor: int = Field(default=1, ge=1)
    heap_mb: int = Field(default=512, ge=256)

    def require(self) -> str:
        """Return the bootstrap servers, or say how to get some."""
        if not self.bootstrap_servers:
            raise EnvironmentNotReady(
                "No Kafka to talk to: run 'streamflow up', or set STREAMFLOW_KAFKA__BOOTSTRAP_SERVERS."
            )
        return self.bootstrap_servers


class FlinkSettings(Section):
    """The session cluster; one slot a task manager, because two share one interpreter lock.

    Each job takes as many task managers as `parallelism` says.
    """

    rest_url: str = ""
    port: int | None = None
    taskmanagers: int = Field(default=3, ge=1)
    parallelism: int = Field(default=1, ge=1, le=MAX_PARALLELISM)
    taskmanager_memory_mb: int = Field(default=1024, ge=512)
    jobmanager_memory_mb: int = Field(default=768, ge=512)
    checkpoint_interval_ms: int = Field(default=5000, ge=100)
    checkpoint_dir: str = ""

    def require(self) -> str:
        """Return the REST address, or say how to get one."""
        if not self.rest_url:
            raise EnvironmentNotReady("No Flink to talk to: run 'streamflow up', or set STREAMFLOW_FLINK__REST_URL.")
        return self.rest_url


class PostgresSettings(Section):
    """The server that holds the three layers. Passwords come by role, from secrets or the environment."""

    host: str = ""
    port: int | None = None
    user_prefix: str = "streamflow_"
    passwords: dict[str, str] = Field(default_factory=dict, repr=False)
    fsync: bool = True

    def user(self, role: Role) -> str:
        """Return the database user that plays a role."""
        return f"{self.user_prefix}{role}"

    def password(self, role: str) -> str:
        """Return the password of a role, or say where it should be."""
        try:
            return self.passwords[role]
        except KeyError:
            raise EnvironmentNotReady(
                f"No password for the PostgreSQL role '{role}': run 'streamflow up', or set "
                f"STREAMFLOW_POSTGRES__PASSWORDS to a JSON object that has it."
            ) from None

    def address(self) -> tuple[str, int]:
        """Return host and port, or say how to get them."""
        if not self.host or self.port is None:
            raise EnvironmentNotReady(
                "No PostgreSQL to talk to: run 'streamflow up', or set STREAMFLOW_POSTGRES__HOST and __PORT."
            )
        return self.host, self.port

    def dsn(self, database: Database, role: Role) -> str:
        """Return a libpq connection string, in UTC, that names itself in pg_stat_activity."""
        from psycopg.conninfo import make_conninfo

        host, port = self.address()
        return make_conninfo(
            host=host,
            port=port,
            dbname=database,
            user=self.user(role),
            password=self.password(role),
            application_name=f"streamflow-{role}",
            options="-c timezone=UTC",
            connect_timeout=10,
        )

    def jdbc_url(self, database: Database) -> str:
        """Return the JDBC address that Flink's sinks use (see ADR on ingestion for its two parameters)."""
        host, port = self.address()
        return f"jdbc:postgresql://{host}:{port}/{database}?stringtype=unspecified&reWriteBatchedInserts=true"


class AirflowSettings(Section):
    """The orchestrator; `url` is its API server."""

    enabled: bool = True
    url: str = ""
    port: int | None = None
    jwt_secret: str = Field(default="", repr=False)
    secret_key: str = Field(default="", repr=False)
    fernet_key: str = Field(default="", repr=False)

    def require(self) -> str:
        """Return the API address, or say how to get one."""
        if not self.url:
            raise EnvironmentNotReady("No Airflow to talk to: run 'streamflow up', or set STREAMFLOW_AIRFLOW__URL.")
        return self.url


class GateSettings(Section):
    """What a rule set may cost before `streamflow rules promote` takes it, and on how much that must rest.

    A loss is judged by the worse end of its 95 % interval, and so is the volume.
    """

    alerts_per_1000: float = Field(
        default=10.0, gt=0, le=1000, description="Alert budget of a rule set whose calibration names none."
    )
    volume_excess: float = Field(default=0.25, ge=0, description="How far volume may exceed the budget, share of it.")
    volume_days: int = Field(default=7, ge=1, description="Newest days whose alerts are counted.")
    recall_loss: float = Field(default=0.05, ge=0, le=1, description="Recall that may be lost, share of the frauds.")
    value_recall_loss: float = Field(default=0.05, ge=0, le=1, description="Money caught that may be lost, share.")
    recall_days: int = Field(default=28, ge=1, description="Newest days with mature labels that judge; more if needed.")
    min_frauds: int = Field(default=50, ge=1, description="Frauds below which evidence is insufficient.")
    evidence_days: int = Field(default=30, ge=1, description="Age at which evidence no longer counts, days.")


class ChangeSettings(Section):
    """How a change of the rules reaches the running detector."""

    margin_s: int = Field(
        default=60, ge=0, description="How far ahead of the newest purchase a change counts, seconds of event time."
    )
    wait_s: float = Field(default=60.0, gt=0, description="How long a command waits for the subtasks, seconds.")


class ValveSettings(Section):
    """When alerts of a rule are held back from delivery; decisions stay as they are.

    A subtask holds back what rests on a rule that weighs in more than `share` alerts a purchase, among its newest
    `purchases`.
    """

    share: float = Field(default=0.1, gt=0, le=1)
    purchases: int = Field(default=1000, ge=10)


class Settings(BaseSettings):
    """Everything that differs between one deployment and another. Facts about data live in contracts instead."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    profile: Literal["dev", "prod"] = "dev"
    profile_file: Path | None = None
    root: Path = Field(default_factory=lambda: Path(__file__).resolve().parents[1])
    home: Path = Path(".streamflow")
    notebooks: Path = Path("notebooks")
    clock: Literal["wall", "log"] = "log"
    base_currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    kafka: KafkaSettings = KafkaSettings()
    flink: FlinkSettings = FlinkSettings()
    postgres: PostgresSettings = PostgresSettings()
    airflow: AirflowSettings = AirflowSettings()
    gate: GateSettings = GateSettings()
    change: ChangeSettings = ChangeSettings()
    valve: ValveSettings = ValveSettings()

    @property
    def state(self) -> Path:
        """The absolute state directory; nothing is written elsewhere."""
        return self.home if self.home.is_absolute() else self.root / self.home

    @property
    def contracts_dir(self) -> Path:
        """Where the data contracts are."""
        return self.root / "contracts"

    @property
    def sql_dir(self) -> Path:
        """Where the SQL text is."""
        return self.root / "sql"

    @property
    def notebooks_dir(self) -> Path:
        """Where the notebooks are; they are read only."""
        return self.notebooks if self.notebooks.is_absolute() else self.root / self.notebooks

    @property
    def runs_dir(self) -> Path:
        """Where executed notebooks are kept: `<caller>/<run id>/`."""
        return self.state / "runs"

    @property
    def proposals_dir(self) -> Path:
        """Where calibrations propose new versions for review: `<calibration id>/`."""
        return self.state / "proposals"

    @property
    def evidence_dir(self) -> Path:
        """Where evidence for promotions is kept: `<evidence id>.json`."""
        return self.state / "evidence"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before the environment, the environment before files."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=_FILES.get())


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        mine = merged.get(key)
        merged[key] = _merge(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return merged


def _read_json(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(loaded, dict):
        raise InputError(f"{path} must hold a JSON object, not {type(loaded).__name__}.")
    return loaded


def _read_profile(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"The profile file {path} does not exist.") from None
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"The profile file {path} cannot be read as TOML: {error}.") from error


def _fields(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    for part in path:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def _check_environment() -> None:
    for name in os.environ:
        if not name.startswith(PREFIX):
            continue
        path = tuple(name[len(PREFIX) :].lower().split("__"))
        for depth, part in enumerate(path):
            valid = _fields(Settings, path[:depth])
            if valid and part not in valid:
                shown = [PREFIX + "__".join((*path[:depth], field)).upper() for field in valid]
                raise InputError(f"The environment variable {name} is no setting; {nearest(name, shown)}")


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    path = tuple(str(part) for part in first["loc"])
    where = ".".join(path)
    if first["type"] == "extra_forbidden":
        return f"The setting '{where}' does not exist; {nearest(path[-1], _fields(Settings, path[:-1]))}"
    return f"The setting '{where}' is wrong: {first['msg']} (got {first['input']!r})."


def load_settings(**overrides: Any) -> Settings:
    """Read the settings of this process.

    Args:
        **overrides: Fields of `Settings` that win over files, for tests and tools.

    Returns:
        The frozen settings.

    Raises:
        InputError: A name or a value is wrong; the sentence names it and the nearest valid one.
    """
    _check_environment()
    root = Path(overrides.get("root") or os.environ.get(PREFIX + "ROOT") or Path(__file__).resolve().parents[1])
    home = Path(overrides.get("home") or os.environ.get(PREFIX + "HOME") or ".streamflow")
    state = home if home.is_absolute() else root / home
    profile = str(overrides.get("profile") or os.environ.get(PREFIX + "PROFILE") or "dev")
    given = overrides.get("profile_file") or os.environ.get(PREFIX + "PROFILE_FILE")
    shipped = Path(__file__).resolve().parent / "profiles" / f"{profile}.toml"
    values: dict[str, Any] = {}
    if profile == "dev":
        values = _merge(_read_json(state / ENDPOINTS), _read_json(state / SECRETS))
    if given:
        values = _merge(values, _read_profile(Path(given)))
    elif shipped.exists():
        values = _merge(values, _read_profile(shipped))
    token = _FILES.set(values)
    try:
        return Settings(**{"root": root, "home": home, **overrides})
    except ValidationError as error:
        raise InputError(_sentence(error)) from None
    finally:
        _FILES.reset(token)


@cache
def settings() -> Settings:
    """Return this process's settings, read once. Jobs and commands use it; pure parts take values as arguments."""
    return load_settings()
