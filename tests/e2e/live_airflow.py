"""Airflow's API, as one of its accounts."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT_SECONDS = 60


class LiveAirflow:
    """Airflow seen by an account."""

    def __init__(self, url: str, account: str, password: str) -> None:
        self.url = url
        self._session = requests.Session()
        answer = requests.post(
            f"{url}/auth/token",
            json={"username": account, "password": password},
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send one request below `/api/v2`."""
        return self._session.request(
            method, f"{self.url}/api/v2{path}", timeout=TIMEOUT_SECONDS, **arguments
        )

    def get(self, path: str, **arguments: Any) -> Any:
        """Return what an address holds."""
        answer = self.ask("GET", path, **arguments)
        answer.raise_for_status()
        return answer.json()

    def dag_ids(self) -> set[str]:
        """Return every DAG that can run now."""
        return {dag["dag_id"] for dag in self.get("/dags", params={"limit": 200})["dags"]}

    def import_errors(self) -> list[str]:
        """Return the texts of the banner."""
        found = self.get("/importErrors", params={"limit": 100})["import_errors"]
        return [error["stack_trace"] for error in found]

    def state_of(self, dataset: str, run_id: str, task: str | None = None) -> str | None:
        """Return the state of a run, or of one of its tasks; None when there is none."""
        run = f"/dags/publish__{dataset}/dagRuns/claim__{run_id}"
        answer = self.ask("GET", f"{run}/taskInstances/{task}" if task else run)
        return answer.json()["state"] if answer.ok else None

    def publication_runs(self, dataset: str) -> list[str]:
        """Return the ids of every publication of a dataset."""
        path = f"/dags/publish__{dataset}/dagRuns"
        found: list[str] = []
        while True:
            page = self.get(path, params={"limit": 100, "offset": len(found)})
            found += [run["dag_run_id"] for run in page["dag_runs"]]
            if len(found) >= page["total_entries"]:
                return found
