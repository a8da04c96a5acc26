"""Airflow as an engineer's program sees it: log in, look at runs and tasks."""

from __future__ import annotations

from typing import Any

import requests

from stack.errors import StackError

TIMEOUT_SECONDS = 30
STEPS = ("extract", "validate", "anonymise", "convert", "certify", "publish")


class AirflowApi:
    """Airflow's API for one account."""

    def __init__(self, url: str, account: str, password: str) -> None:
        """Log in.

        Raises:
            StackError: Airflow does not let this account in.
        """
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy is for the world outside
        answer = self._session.post(
            f"{url}/auth/token",
            json={"username": account, "password": password},
            timeout=TIMEOUT_SECONDS,
        )
        if not answer.ok:
            raise StackError(
                f"Airflow does not let '{account}' in (HTTP {answer.status_code}); nothing was"
                " dropped. Was the password changed? It is read from the secrets folder."
            )
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _get(self, path: str, **parameters: str | int) -> Any:
        """Return what an address holds, or nothing when there is no such thing yet."""
        answer = self._session.get(
            f"{self._url}/api/v2{path}", params=parameters, timeout=TIMEOUT_SECONDS
        )
        return answer.json() if answer.ok else None

    def runs(self, dataset: str) -> dict[str, str]:
        """Return the latest publications of a dataset, newest first, with their states."""
        path = f"/dags/publish__{dataset}/dagRuns"
        found = self._get(path, order_by="-run_after", limit=50)
        return {run["dag_run_id"]: run["state"] for run in (found or {"dag_runs": []})["dag_runs"]}

    def run_state(self, dataset: str, run: str) -> str | None:
        """Return the state of one publication, or nothing when Airflow does not know it."""
        found = self._get(f"/dags/publish__{dataset}/dagRuns/{run}")
        return found["state"] if found else None

    def tasks(self, dataset: str, run: str) -> dict[str, str | None]:
        """Return the state of each task of a publication."""
        found = self._get(f"/dags/publish__{dataset}/dagRuns/{run}/taskInstances")
        tasks = (found or {"task_instances": []})["task_instances"]
        return {task["task_id"]: task["state"] for task in tasks}
