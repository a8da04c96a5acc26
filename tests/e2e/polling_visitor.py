"""A visitor who looks at everything all the time, and remembers what nobody should see."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import requests
from live_catalogue import RELEASE, Visitor, csv_rows, release_of, resource, sha256

PAUSE_SECONDS = 0.05
ON_PAGE = re.compile(r"/dataset/[a-z0-9_-]+/release/(\d{8}-\d+)/")


class PollingVisitor:
    """Polls page, record, table, dump and both files of a dataset while other things happen.

    Rows tell their version in one column. An answer is wrong when it is an error, empty, of
    two versions, or of another version than the same release showed before. A connection that
    breaks off is counted apart: a killed server cannot finish its sentence.
    """

    def __init__(self, url: str, dataset: str, csv_id: str, told_by: str) -> None:
        """Take what to look at, and the column that tells the version of a row."""
        self._visitor = Visitor(url)
        self._dataset, self._csv_id, self._told_by = dataset, csv_id, told_by
        self._versions: dict[str, tuple[str, int]] = {}
        self._stop = threading.Event()
        self._outage = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="visitor")
        self.wrong: list[str] = []
        self.answers: Counter[str] = Counter()
        self.releases: list[str] = []
        self.cut_off = 0

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look once more, then stop."""
        before = self.answers.total()
        end = time.monotonic() + 20
        while self.answers.total() < before + 6 and time.monotonic() < end:
            time.sleep(PAUSE_SECONDS)
        self._stop.set()
        self._thread.join()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Say that a server is really away: errors are no surprise, wrong answers still are."""
        self._outage.set()
        try:
            yield
        finally:
            self._outage.clear()

    def require_whole(self) -> None:
        """Fail unless every answer was right, and there were answers of every kind."""
        assert self.wrong == [], self.wrong[:5]
        missing = {name for name, _ in self._looks()} - set(self.answers)
        assert not missing, f"nobody looked at {missing}: this would prove nothing"

    def _looks(self) -> list[tuple[str, Callable[[], str]]]:
        return [
            ("page", self._page),
            ("record", self._record),
            ("table", self._table),
            ("dump", self._dump),
            ("data.parquet", lambda: self._file("Parquet")),
            ("data.csv", lambda: self._file("CSV")),
        ]

    def _poll(self) -> None:
        while not self._stop.is_set():
            for name, look in self._looks():
                self._look(name, look)
                time.sleep(PAUSE_SECONDS)

    def _look(self, name: str, look: Callable[[], str]) -> None:
        was_away = self._outage.is_set()
        try:
            release = look()
        except requests.ConnectionError:
            self.cut_off += 1
        except requests.HTTPError as problem:
            if not (was_away or self._outage.is_set()):
                self.wrong.append(f"{name}: {problem}")
        except AssertionError as problem:
            self.wrong.append(f"{name}: {problem}")
        else:
            self.answers[name] += 1
            if release not in self.releases[-1:]:
                self.releases.append(release)

    def _get(self, path: str, **parameters: str | int) -> requests.Response:
        answer = self._visitor.get(path, **parameters)
        answer.raise_for_status()
        return answer

    def _page(self) -> str:
        named = set(ON_PAGE.findall(self._get(f"/dataset/{self._dataset}").text))
        assert len(named) == 1, f"the page names the releases {sorted(named)}"
        return named.pop()

    def _record(self) -> str:
        return release_of(self._asked_record())

    def _asked_record(self) -> dict[str, object]:
        answer = self._get("/api/3/action/package_show", id=self._dataset)
        return dict(answer.json()["result"])

    def _table(self) -> str:
        found = self._get(
            "/api/3/action/datastore_search", resource_id=self._csv_id, limit=50
        ).json()["result"]
        versions = {row[self._told_by] for row in found["records"]}
        return self._remember(found["release"], versions, found["total"])

    def _dump(self) -> str:
        answer = self._get(f"/datastore/dump/{self._csv_id}")
        [release] = re.findall(r"-(\d{8}-\d+)-data\.csv", answer.headers["Content-Disposition"])
        rows = csv_rows(answer.content)
        return self._remember(release, {str(row[self._told_by]) for row in rows}, len(rows))

    def _file(self, kind: str) -> str:
        described = resource(self._asked_record(), kind)
        served = self._get(str(described["url"])).content
        assert sha256(served) == described["hash"], f"the {kind} file is not the described one"
        [release] = RELEASE.findall(str(described["url"]))
        return str(release)

    def _remember(self, release: str, versions: set[str], rows: int) -> str:
        assert rows, "an empty answer"
        assert len(versions) == 1, f"{len(versions)} versions in one answer"
        seen = (versions.pop(), rows)
        known = self._versions.setdefault(release, seen)
        assert known == seen, f"release {release} showed {known} and then {seen}"
        return release
