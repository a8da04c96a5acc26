"""Whatever breaks while a release is published, visitors see the old or the new one, whole."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from breaking_proxy import BreakingProxy, Fault, breaking_proxy
from live_catalogue import Visitor, csv_rows
from live_stack import LiveStack, wait_for
from polling_visitor import PollingVisitor
from processes import children_of, kill, process_serving
from supplied import SESSION

from etl.errors import EtlError
from etl.pipeline.steps import Pipeline
from etl.publish.names import csv_resource_id
from etl.states import Certified, Published

ROWS = 20_000  # so that loading the table takes longer than striking
OPERATOR = 40
CONTRACT = """\
format: 1
version: 1
title: {ko: 고장 시험}
description: {ko: 게시 중에 고장을 일으켜 보는 자료.}
steward: 정보화과
licence: kogl-1
theme: government
frequency: P1D
source: {folder: {files: "*.csv"}}
disclosure: {level: public}
primaryKey: [number]
fields:
  - {name: number, title: {ko: 번호}, type: integer, constraints: {required: true}, role: open}
  - {name: version, title: {ko: 판}, type: string, role: open}
  - {name: amount, title: {ko: 금액}, type: number, decimals: 2, role: open}
thresholds: {quarantine: 5%}
privacy: {unit: none}
approval: none
"""

Strike = Callable[[int], None]


@dataclass
class Publisher:
    """Publishes versions of one dataset of its own, through the proxy."""

    stack: LiveStack
    proxy: BreakingProxy
    folder: Path
    dataset: str

    def __post_init__(self) -> None:
        """Write the contract, which only this publisher knows."""
        organisation, _, name = self.dataset.partition("-")
        schemas = self.folder / "schemas"
        (schemas / organisation).mkdir(parents=True, exist_ok=True)
        (schemas / organisation / f"{name}.yaml").write_text(CONTRACT, encoding="utf-8")
        self.pipeline: Pipeline = self.stack.pipeline(schemas=schemas)

    def file(self, version: str) -> Path:
        """Write the supplied file of a version."""
        rows = [f"{number},{version},{number}.5" for number in range(1, ROWS + 1)]
        file = self.folder / f"{version}.csv"
        file.write_text("\n".join(["번호,판,금액", *rows, ""]), encoding="utf-8")
        return file

    def certify(self, version: str) -> Certified:
        """Take a version through the first five steps."""
        state = self.pipeline.extract_file(self.dataset, uuid.uuid4().hex, self.file(version))
        anonymised = self.pipeline.anonymise(self.pipeline.validate(state))
        return self.pipeline.certify(self.pipeline.convert(anonymised))

    def publish(self, certified: Certified) -> Published | EtlError:
        """Publish as a task does; return the error that a scheduler would see."""
        try:
            return self.pipeline.publish(certified)
        except EtlError as error:
            return error

    def publish_at_last(self, certified: Certified) -> Published:
        """Publish again and again, as Airflow does while an error says that it can help."""

        def attempt() -> Published | None:
            done = self.publish(certified)
            assert isinstance(done, Published) or done.retryable, done
            return done if isinstance(done, Published) else None

        return wait_for(attempt, "a repetition publishes", 120, pause=1)

    def polling(self) -> PollingVisitor:
        """Return somebody who looks at this dataset."""
        url = self.stack.settings.url("catalogue")
        return PollingVisitor(url, self.dataset, csv_resource_id(self.dataset), "version")


@pytest.fixture(scope="module")
def proxy() -> Iterator[BreakingProxy]:
    """Run the proxy."""
    with breaking_proxy() as running:
        yield running


@pytest.fixture
def through_proxy(proxy: BreakingProxy, monkeypatch: pytest.MonkeyPatch) -> BreakingProxy:
    """Have what the pipeline says to the catalogue go through the proxy."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy.url)
    proxy.fault = None
    return proxy


@pytest.fixture(scope="module")
def shared(
    stack: LiveStack, proxy: BreakingProxy, tmp_path_factory: pytest.TempPathFactory
) -> Publisher:
    """Return the publisher of a dataset that is live already."""
    folder = tmp_path_factory.mktemp("faults")
    publisher = Publisher(stack, proxy, folder, f"culture-faults_{SESSION}")
    assert isinstance(publisher.publish(publisher.certify("first")), Published)
    return publisher


def kill_worker(stack: LiveStack) -> Strike:
    """Return a strike at the very web worker that works at the call."""

    def strike(port: int) -> None:
        workers = children_of(stack.pid_of("catalogue"))
        kill(process_serving(stack.settings.ports["catalogue"], port, workers))

    return strike


Moment = Literal["during", "after"]


@pytest.mark.parametrize(
    ("call", "moment"),
    [
        pytest.param("madang_organization_ensure", "during", id="while it makes an organisation"),
        pytest.param("package_show", "during", id="while it shows the record"),
        pytest.param("upload", "during", id="while it takes a file"),
        pytest.param("upload", "after", id="when it has taken a file"),
        pytest.param("madang_release_table_load", "during", id="while it loads the table"),
        pytest.param("madang_release_table_load", "after", id="when it has loaded the table"),
        pytest.param("package_revise", "during", id="while it flips"),
        pytest.param("package_revise", "after", id="when it has flipped"),
        pytest.param("download", "during", id="while it serves a file to read back"),
        pytest.param("datastore_search", "during", id="while it serves the table to read back"),
    ],
)
def test_a_web_worker_killed_at_any_call_leaves_old_or_new_and_repeating_ends_right(
    shared: Publisher, through_proxy: BreakingProxy, visitor: Visitor, call: str, moment: Moment
) -> None:
    before = str(visitor.release(shared.dataset))
    version = f"{call}-{moment}"
    certified = shared.certify(version)

    with shared.polling() as polling:
        fault = Fault(call, moment, kill_worker(shared.stack))
        through_proxy.fault = fault
        first = shared.publish(certified)
        done = shared.publish_at_last(certified)

    assert fault.struck.is_set(), "nothing was killed"
    assert isinstance(first, Published) or (first.exit_code, first.retryable) == (OPERATOR, True)
    assert (done.status, done.previous) == ("published", before)
    require_live(shared, visitor, certified.release, version)
    polling.require_whole()
    assert polling.releases == [before, certified.release]


@pytest.mark.parametrize(
    ("call", "moment"),
    [
        pytest.param("package_create", "during", id="while it makes the record"),
        pytest.param("package_create", "after", id="when it has made the record"),
        pytest.param("package_revise", "during", id="while it shows it for the first time"),
    ],
)
def test_a_worker_killed_at_the_first_publication_leaves_nothing_visible_or_all_of_it(
    stack: LiveStack,
    through_proxy: BreakingProxy,
    visitor: Visitor,
    tmp_path: Path,
    call: str,
    moment: Moment,
) -> None:
    dataset = f"culture-first_{uuid.uuid4().hex[:8]}"
    publisher = Publisher(stack, through_proxy, tmp_path, dataset)
    certified = publisher.certify("first")
    fault = Fault(call, moment, kill_worker(stack))
    through_proxy.fault = fault

    first = publisher.publish(certified)
    seen = visitor.release(dataset)
    publisher.publish_at_last(certified)

    assert fault.struck.is_set(), "nothing was killed"
    assert isinstance(first, Published) or (first.exit_code, first.retryable) == (OPERATOR, True)
    assert seen in (None, certified.release)
    require_live(publisher, visitor, certified.release, "first")


def test_a_database_killed_in_a_load_comes_back_and_repeating_ends_right(
    shared: Publisher, through_proxy: BreakingProxy, visitor: Visitor
) -> None:
    before = str(visitor.release(shared.dataset))
    certified = shared.certify("database")

    def strike(_: int) -> None:
        kill(shared.stack.pid_of("postgres"))

    with shared.polling() as polling:
        with polling.outage():
            fault = Fault("madang_release_table_load", "during", strike, delay_seconds=0.15)
            through_proxy.fault = fault
            first = shared.publish(certified)
            shared.stack.wait_until_whole()
        seen = visitor.release(shared.dataset)
        done = shared.publish_at_last(certified)

    assert fault.struck.is_set(), "nothing was killed"
    assert isinstance(first, EtlError)
    assert (first.exit_code, first.retryable) == (OPERATOR, True)
    assert seen == before
    assert (done.status, done.previous) == ("published", before)
    require_live(shared, visitor, certified.release, "database")
    polling.require_whole()
    assert polling.releases == [before, certified.release]


@pytest.mark.parametrize("part", ["catalogue", "solr", "postgres"])
def test_a_service_that_is_down_gives_one_clear_error_and_a_later_run_completes(
    shared: Publisher, visitor: Visitor, part: str
) -> None:
    stack, before = shared.stack, str(visitor.release(shared.dataset))
    file = shared.file(f"down-{part}")
    arguments = ("run", shared.dataset, file)
    schemas = {"MADANG_SCHEMAS": str(shared.folder / "schemas")}

    with stack.stopped(part):
        code, told = stack.madang(*arguments, **schemas)

    assert (code, told["status"], told["owner"]) == (OPERATOR, "failed", "platform operator")
    assert "live release" in told["reason"]
    assert "run again" in told["reason"]
    require_live_is(shared, visitor, before)
    code, told = stack.madang(*arguments, **schemas)
    assert (code, told["status"]) == (0, "published")
    require_live(shared, visitor, told["release"], f"down-{part}")


def test_two_processes_on_one_dataset_at_the_same_time_go_one_after_the_other(
    shared: Publisher, visitor: Visitor
) -> None:
    stack = shared.stack
    schemas = {"MADANG_SCHEMAS": str(shared.folder / "schemas")}
    ends: dict[str, tuple[int, dict[str, str]]] = {}

    def run(version: str) -> None:
        ends[version] = stack.madang("run", shared.dataset, shared.file(version), **schemas)

    both = [threading.Thread(target=run, args=(version,)) for version in ("left", "right")]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert {version: code for version, (code, _) in ends.items()} == {"left": 0, "right": 0}
    releases = {told["release"]: version for version, (_, told) in ends.items()}
    assert len(releases) == 2
    last = max(releases, key=lambda name: int(name.rpartition("-")[2]))
    require_live(shared, visitor, last, releases[last])
    first = min(releases, key=lambda name: int(name.rpartition("-")[2]))
    assert visitor.get(f"/dataset/{shared.dataset}/release/{first}/data.csv").ok


def require_live(publisher: Publisher, visitor: Visitor, release: str, version: str) -> None:
    """Fail unless record, table, both files and the ledger say that a release is live."""
    require_live_is(publisher, visitor, release)
    rows = csv_rows(visitor.file(publisher.dataset, release, "data.csv"))
    assert {row["version"] for row in rows} == {version}
    assert len(rows) == ROWS
    table = visitor.call("datastore_search", resource_id=csv_resource_id(publisher.dataset))
    assert (table["release"], table["total"]) == (release, ROWS)
    assert {row["version"] for row in table["records"]} == {version}
    assert publisher.stack.live_release(publisher.dataset) == release


def require_live_is(publisher: Publisher, visitor: Visitor, release: str) -> None:
    """Fail unless the record names this release and no other."""
    assert visitor.release(publisher.dataset) == release
