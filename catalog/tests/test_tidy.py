"""House-keeping drops tables that no reader needs, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

from publishing import make_release


def tables_of(stack, dataset):
    with stack.database("ckan.datastore.write_url") as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE %s ORDER BY 1",
            [f"{dataset.csv_id}%"],
        )
        return [row[0].rpartition("_")[2] for row in cursor.fetchall()]


def publish_three_and_stage_one(dataset):
    names = [f"20261125-{number}" for number in (1, 2, 3)]
    for old, name in zip(["", *names[:-1]], names, strict=True):
        dataset.publish(make_release(name, mark=name), old)
    staged = make_release("20261125-4")
    dataset.put_all(staged)
    dataset.load(staged).result()


def test_live_previous_and_staged_tables_stay(stack, dataset, visitor):
    publish_three_and_stage_one(dataset)

    done = stack.run_ckan("madang", "tidy")

    assert done.returncode == 0, done.stderr
    assert tables_of(stack, dataset) == ["20261125-2", "20261125-3", "20261125-4"]
    gone = visitor.call("datastore_search", resource_id=dataset.csv_id, release="20261125-1")
    assert gone.status == 404
    assert visitor.get(dataset.file_path("20261125-1", "data.csv")).status_code == 200


def test_a_table_that_was_dropped_can_be_loaded_again(stack, dataset):
    publish_three_and_stage_one(dataset)
    stack.run_ckan("madang", "tidy")

    assert (
        dataset.load(make_release("20261125-1", mark="20261125-1")).result()["status"] == "loaded"
    )


def test_a_table_somebody_reads_is_left_for_the_next_time(stack, dataset):
    publish_three_and_stage_one(dataset)
    with stack.database("ckan.datastore.write_url") as cursor:
        cursor.execute(f'BEGIN; SELECT 1 FROM "{dataset.csv_id}_20261125-1"')
        done = stack.run_ckan("madang", "tidy")

    assert f"in_use=1 {dataset.csv_id}_20261125-1" in done.stdout
    assert "20261125-1" in tables_of(stack, dataset)


def test_tables_of_a_staged_release_that_never_went_live_go_after_a_week(stack, dataset):
    publish_three_and_stage_one(dataset)
    with stack.database() as cursor:
        cursor.execute(
            "UPDATE madang_release SET staged_at = now() - interval '8 days'"
            " WHERE state = 'staged' AND package_id = (SELECT id FROM package WHERE name = %s)",
            [dataset.name],
        )

    stack.run_ckan("madang", "tidy")

    assert tables_of(stack, dataset) == ["20261125-2", "20261125-3"]


def test_unfinished_files_go_after_a_day(stack, dataset):
    dataset.put_all(make_release("20261125-1"))
    package_id = dataset.publisher.call("package_show", id=dataset.name).result()["id"]
    storage = Path(stack.config["ckan.storage_path"]) / "releases"
    folder = Path(stack.config.get("madang.release_path", storage)) / package_id / "20261125-1"
    old, new = (folder / f"data.csv.unfinished-{mark}" for mark in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    two_days_ago = time.time() - 2 * 86400
    os.utime(old, (two_days_ago, two_days_ago))

    stack.run_ckan("madang", "tidy")

    assert sorted(path.name for path in folder.iterdir()) == [
        "data.csv",
        "data.csv.unfinished-new",
        "data.parquet",
    ]
