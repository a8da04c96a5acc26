"""Many files, and the same file again: each is one run, and what is live follows from order."""

from __future__ import annotations

from collections import Counter

from live_airflow import LiveAirflow
from live_catalogue import Visitor, csv_rows
from live_stack import ENDINGS, LiveStack, wait_for
from supplied import CAR_PARKS, PARKS, body, new_name, version

from etl.intake.folders import CLAIMS, LANDED, folder_of
from etl.intake.names import is_supplied

BODY_COLUMN = "managing_body"
BURST_SECONDS = 900  # on a machine that does much else; a minute or two on an idle one


def test_twenty_files_at_once_become_twenty_runs_each_once(
    stack: LiveStack, engineer: LiveAirflow
) -> None:
    dropped = {
        stack.drop(dataset, new_name("한꺼번에"), version(dataset, f"burst {number}")): dataset
        for number in range(10)
        for dataset in (PARKS, CAR_PARKS)
    }

    def ended() -> bool:
        runs = [run for name in dropped for run in stack.runs_of(name)]
        return len(runs) == len(dropped) and all(run.status in ENDINGS for run in runs)

    wait_for(ended, "all twenty runs have ended", BURST_SECONDS, pause=1)

    runs = {name: stack.runs_of(name) for name in dropped}
    assert {len(found) for found in runs.values()} == {1}
    assert Counter(found[0].status for found in runs.values()) == {"published": 20}
    for dataset in (PARKS, CAR_PARKS):
        in_airflow = Counter(engineer.publication_runs(dataset))
        mine = [f"claim__{runs[name][0].run_id}" for name in dropped if dropped[name] == dataset]
        assert [in_airflow[run_id] for run_id in mine] == [1] * 10
        assert waiting_files(stack, dataset) == []
    for name, dataset in dropped.items():
        back = given_back(stack, dataset, name)
        assert {f"{name}.receipt.txt", f"accepted/{name}", f"accepted/{name}.report.html"} <= back
        assert not any(where.startswith("returned/") for where in back)


def test_a_then_b_then_a_leaves_a_live_and_the_same_file_twice_changes_nothing(
    stack: LiveStack, visitor: Visitor
) -> None:
    versions = {letter: version(PARKS, letter) for letter in "AB"}
    seen = []
    for letter in "ABAA":
        name = stack.drop(PARKS, new_name(f"공원 {letter}"), versions[letter])
        run = stack.wait_for_run(name)
        seen.append((run.status, visitor.release(PARKS), live_body(visitor)))

    first, second, third, again = seen
    assert [status for status, _, _ in seen] == ["published"] * 3 + ["unchanged"]
    assert [text for _, _, text in seen] == [body(letter) for letter in "ABAA"]
    assert len({release for _, release, _ in seen}) == 3
    assert again[1] == third[1]
    assert first[1] != third[1], "a release is never used twice"
    assert visitor.file(PARKS, str(first[1]), "data.csv") == visitor.file(
        PARKS, str(third[1]), "data.csv"
    )
    assert second[1] == previous_of(stack, str(third[1]))


def live_body(visitor: Visitor) -> str:
    """Return which version the live release is of."""
    rows = csv_rows(visitor.file(PARKS, str(visitor.release(PARKS)), "data.csv"))
    [found] = {str(row[BODY_COLUMN]) for row in rows}
    return found


def previous_of(stack: LiveStack, release: str) -> str:
    """Return the release that another one replaced."""
    [(previous,)] = stack.query(
        "madang",
        "SELECT previous FROM releases WHERE dataset = %s AND release = %s",
        PARKS,
        release,
    )
    return str(previous)


def waiting_files(stack: LiveStack, dataset: str) -> list[str]:
    """Return what is left in an intake folder, in open claims, and without its verdict."""
    intake = stack.settings.intake
    top = [file for file in folder_of(intake, dataset).iterdir() if is_supplied(file.name)]
    hidden = [file for place in (CLAIMS, LANDED) for file in (intake / place / dataset).rglob("*")]
    return [str(file) for file in (*top, *hidden) if file.is_file()]


def given_back(stack: LiveStack, dataset: str, name: str) -> set[str]:
    """Return where below its folder a dropped file, its report and its receipt are."""
    top = folder_of(stack.settings.intake, dataset)
    return {str(file.relative_to(top)) for file in top.rglob(f"{name}*")}
