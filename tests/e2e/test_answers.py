"""A clerk is answered within seconds and gets every file back, whatever is killed meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_airflow import LiveAirflow
from live_stack import LiveStack, wait_for
from supplied import PARKS, new_name, version

from etl.intake.folders import folder_of

SECONDS_TO_A_RECEIPT = 30  # on a machine that does much else; four or five on an idle one


def receipt(stack: LiveStack, name: str) -> Path:
    """Return where the receipt of a dropped file appears."""
    return folder_of(stack.settings.intake, PARKS) / f"{name}.receipt.txt"


def said(stack: LiveStack, name: str) -> str:
    """Return what a receipt says; nothing before there is one."""
    file = receipt(stack, name)
    return file.read_text(encoding="utf-8-sig") if file.exists() else ""


def given_back(stack: LiveStack, name: str) -> set[str]:
    """Return where below its folder a file and its report came back."""
    top = folder_of(stack.settings.intake, PARKS)
    return {str(file.relative_to(top)) for file in top.glob(f"*/{name}*")}


def test_a_receipt_comes_within_seconds_and_ends_with_the_release(stack: LiveStack) -> None:
    name, content = new_name("접수"), version(PARKS, "answered")
    stack.drop(PARKS, name, content)

    wait_for(lambda: said(stack, name), "there is a receipt", SECONDS_TO_A_RECEIPT, pause=0.05)

    assert f"{len(content):,} bytes" in said(stack, name)
    run = stack.wait_for_run(name)
    assert run.status == "published", run.reason
    release = str(stack.live_release(PARKS))
    wait_for(lambda: release in said(stack, name), "the receipt names the release", 60)
    assert given_back(stack, name) >= {f"accepted/{name}", f"accepted/{name}.report.html"}


def test_a_file_that_cannot_be_read_comes_back_with_the_reason(stack: LiveStack) -> None:
    name = stack.drop(PARKS, new_name("깨진"), b"\x80\xff\x00 no text")

    stack.wait_for_run(name, "failed")

    assert given_back(stack, name) == {f"returned/{name}", f"returned/{name}.report.html"}
    assert "returned" in said(stack, name)
    assert "돌려보냈습니다" in said(stack, name)


def test_the_same_bytes_at_once_are_one_run_and_both_senders_are_answered(
    stack: LiveStack, engineer: LiveAirflow
) -> None:
    before = len(engineer.publication_runs(PARKS))
    content = version(PARKS, "twice")
    names = [stack.drop(PARKS, new_name("쌍둥이"), content) for _ in range(2)]

    wait_for(
        lambda: all(f"accepted/{name}" in given_back(stack, name) for name in names),
        "both files came back",
    )

    assert len(engineer.publication_runs(PARKS)) == before + 1
    assert sum("same content as before" in said(stack, name) for name in names) == 1


@pytest.mark.parametrize("part", ["airflow-triggerer", "airflow-scheduler"])
def test_what_is_dropped_around_the_death_of_a_part_is_answered_and_run_once(
    stack: LiveStack, engineer: LiveAirflow, part: str
) -> None:
    names = [stack.drop(PARKS, new_name(f"{part} {n}"), version(PARKS, f"{part}{n}")) for n in "12"]
    stack.kill_part(part)
    names += [stack.drop(PARKS, new_name(f"{part} 3"), version(PARKS, f"{part}3"))]

    for name in names:
        run = stack.wait_for_run(name)
        assert run.status == "published", run.reason
        assert engineer.publication_runs(PARKS).count(f"claim__{run.run_id}") == 1
        assert f"accepted/{name}" in given_back(stack, name)
        assert receipt(stack, name).exists()
