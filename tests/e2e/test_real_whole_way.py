"""Real exports of real offices go the whole way, and the books of each balance."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from live_airflow import LiveAirflow
from live_catalogue import Visitor, csv_rows, digest, parquet_rows, resource, smallest_group
from live_stack import ENDINGS, LiveStack, wait_for
from supplied import CAR_PARKS, EMPLOYMENT, PARKS, SESSION, new_name

SAMPLES = Path(os.environ.get("MADANG_SAMPLES", "/nonexistent")) / "real-data"
FILES = {
    CAR_PARKS: "std_parking_nationwide.csv",
    PARKS: "std_parks_nationwide.csv",
    EMPLOYMENT: "kead_disabled_employment_microdata_2020.csv",
}
BOOKS = (
    "file_records, header, data, totals, notes, blank, ragged,"
    " accepted, quarantined, published, suppressed, held_back"
)
SMALLEST_GROUP = 10
MOST_MISSING = 0.02
SETTLING_SECONDS = 5  # an answer in the moment of asking is lost by Airflow, and fails closed

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="real files are ABSENT: set MADANG_SAMPLES to their folder"
)


@pytest.fixture(scope="module")
def dropped(stack: LiveStack) -> Iterator[dict[str, tuple[str, str]]]:
    """Drop every real file, each into a dataset of its own: it is older than any sample.

    Yields:
        The dataset and the name of the file, by the contract that was copied.
    """
    with ExitStack() as contracts:
        found = {}
        for like, file in FILES.items():
            organisation, _, name = like.partition("-")
            text = (stack.pipeline_settings.schemas / organisation / f"{name}.yaml").read_text()
            dataset = f"{organisation}-real_{SESSION}"
            renamed = text.replace("title: {ko: ", "title: {ko: 실제 ", 1)
            contracts.enter_context(stack.with_contract(dataset, renamed))
            content = (SAMPLES / file).read_bytes()
            found[like] = (dataset, stack.drop(dataset, new_name("실제"), content))
        yield found


@pytest.mark.parametrize("like", FILES)
def test_a_real_file_goes_the_whole_way(
    stack: LiveStack,
    visitor: Visitor,
    dropped: dict[str, tuple[str, str]],
    tmp_path: Path,
    like: str,
) -> None:
    dataset, name = dropped[like]
    run = stack.wait_for_run(name, "waiting", *ENDINGS)
    if run.status == "waiting":
        approve(stack, dataset, run.run_id)
        run = stack.wait_for_run(name)

    assert run.status == "published", run.reason
    [books] = stack.query("madang", f"SELECT {BOOKS} FROM runs WHERE run_id = %s", run.run_id)
    records, header, data, totals, notes, blank, ragged = books[:7]
    accepted, quarantined, published, suppressed, held_back = books[7:]
    assert records == header + data + totals + notes + blank + ragged
    assert data + ragged == accepted + quarantined
    assert accepted == published + suppressed + held_back
    record = visitor.record(dataset)
    assert record
    release = str(visitor.release(dataset))
    types, rows = visitor.table(resource(record, "CSV")["id"])
    file = tmp_path / "data.parquet"
    file.write_bytes(visitor.file(dataset, release, file.name))
    measured = [
        digest(rows, types),
        digest(parquet_rows(file), types),
        digest(csv_rows(visitor.file(dataset, release, "data.csv")), types),
    ]
    assert measured == [measured[0]] * 3
    assert measured[0][0] == published
    if like == EMPLOYMENT:
        assert smallest_group(file) >= SMALLEST_GROUP
        assert published >= (1 - MOST_MISSING) * data
        assert "disability_type" in types
        assert "row_number" not in types


def approve(stack: LiveStack, dataset: str, run_id: str) -> None:
    """Answer as the officer, by the API; the page itself is clicked on in another test."""
    officer = LiveAirflow(
        stack.settings.url("airflow"), "officer", stack.password("airflow-officer")
    )
    run = f"/dags/publish__{dataset}/dagRuns/claim__{run_id}"
    wait_for(
        lambda: officer.state_of(dataset, run_id, "approve") == "awaiting_input",
        "Airflow asks the officer",
    )
    time.sleep(SETTLING_SECONDS)
    answer = {"chosen_options": ["Approve"], "params_input": {}}
    done = officer.ask("PATCH", f"{run}/taskInstances/approve/-1/hitlDetails", json=answer)
    assert done.ok, done.text
