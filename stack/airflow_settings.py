"""Airflow's settings: an environment made from ours, and nothing in a file."""

from __future__ import annotations

from stack.passwords import secret
from stack.settings import Settings

AUTH_MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"


def airflow_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of every Airflow process and command of this stack."""
    sections = {
        "CORE": core(settings),
        "DATABASE": {
            "SQL_ALCHEMY_CONN": settings.database("airflow"),
            "SQL_ALCHEMY_CONN_ASYNC": settings.database("airflow"),
        },
        "API": api(settings),
        "API_AUTH": {"JWT_SECRET": secret(settings, "airflow-jwt-key")},
        "LOGGING": {"BASE_LOG_FOLDER": str(settings.logs / "airflow")},
        "SCHEDULER": SCHEDULER,
        "DAG_PROCESSOR": {"REFRESH_INTERVAL": "15", "MIN_FILE_PROCESS_INTERVAL": "10"},
        # LocalExecutor keeps a slot until the heartbeat after its task has ended (default 5 s).
        "WORKERS": {"MIN_HEARTBEAT_INTERVAL": "1"},
        "USAGE_DATA_COLLECTION": {"ENABLED": "False"},
    }
    return {"AIRFLOW_HOME": str(settings.state / "airflow")} | {
        f"AIRFLOW__{section}__{key}": value
        for section, values in sections.items()
        for key, value in values.items()
    }


# When a killed worker's or scheduler's task is taken up again; Airflow's own are 5 minutes.
SCHEDULER = {
    "SCHEDULER_IDLE_SLEEP_TIME": "0.1",
    "ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
}


def core(settings: Settings) -> dict[str, str]:
    """Return the section about what Airflow runs and how."""
    return {
        "EXECUTOR": "LocalExecutor",
        "PARALLELISM": str(settings.parallelism),
        "AUTH_MANAGER": AUTH_MANAGER,
        "FERNET_KEY": secret(settings, "airflow-fernet-key"),
        "DAGS_FOLDER": str(settings.checkout / "dags"),
        "PLUGINS_FOLDER": str(settings.checkout / "dags" / "plugins"),
        "DAGS_ARE_PAUSED_AT_CREATION": "False",
        "LOAD_EXAMPLES": "False",
        "EXECUTION_API_SERVER_URL": f"{settings.url('airflow')}/execution/",
        # The states cross between tasks as themselves; this list replaces Airflow's own.
        "ALLOWED_DESERIALIZATION_CLASSES": "airflow.* etl.states.*",
    }


def api(settings: Settings) -> dict[str, str]:
    """Return the section about the server of pages and of the API."""
    return {
        "HOST": "127.0.0.1",
        "PORT": str(settings.ports["airflow"]),
        "BASE_URL": settings.url("airflow"),
        "WORKERS": "1",
        "SECRET_KEY": secret(settings, "airflow-session-key"),
    }
