"""Airflow on the platform: three processes, no login on loopback, nothing open to the network."""

from __future__ import annotations

import psutil

from streamflow.stack.platform import Platform
from streamflow.stack.probes import get_json
from streamflow.stack.process import find

PROCESSES = ("airflow-api", "airflow-scheduler", "airflow-dag-processor")


def test_airflow_is_healthy_beside_the_other_servers(airflow_platform: Platform) -> None:
    """Whether it was started with them or has joined them."""
    by_name = {entry.name: entry for entry in airflow_platform.status()}
    assert [by_name[name].state for name in PROCESSES] == ["healthy"] * 3
    assert airflow_platform.healthy()


def test_the_scheduler_and_the_dag_processor_report_to_the_api(airflow_platform: Platform) -> None:
    """The address that `up` printed answers."""
    report = get_json(f"{airflow_platform.settings.airflow.require()}/api/v2/monitor/health", timeout_s=20)
    assert {report[part]["status"] for part in ("metadatabase", "scheduler", "dag_processor")} == {"healthy"}


def test_a_token_needs_no_login_on_loopback(airflow_platform: Platform) -> None:
    """Commands and tests use the REST interface with it."""
    assert get_json(f"{airflow_platform.settings.airflow.require()}/auth/token", timeout_s=20)["access_token"]


def test_no_airflow_process_listens_beyond_loopback(airflow_platform: Platform) -> None:
    """Airflow's servers for task logs would bind all interfaces, so they are not started."""
    addresses = set()
    for entry in airflow_platform.status():
        leader = find(entry.pid, entry.started) if entry.name in PROCESSES else None
        for member in [leader, *leader.children(recursive=True)] if leader else []:
            try:
                sockets = member.net_connections("tcp")
            except psutil.AccessDenied:
                # Airflow hides a running task from all but root, so that its secrets cannot be read from outside.
                assert member != leader, f"{entry.name} hides its sockets"
                continue
            addresses |= {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN}
    assert addresses == {"127.0.0.1"}
