"""`madang run`: one JSON document, the code of who has to act, and a clear message."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from etl.certify.certificate import draw_signing_key
from etl.ledger.book import Ledger
from etl.ledger.database import migrate
from tests.integration.fake_catalogue import TOKEN, serve_catalogue
from tests.integration.yard import (
    CANARY,
    JOB_HEADER,
    JOBS,
    JOBS_CONTRACT,
    MADANG,
    PARK_HEADER,
    PARKS,
    PARKS_CONTRACT,
    Yard,
    csv_bytes,
    jobs,
    park,
    parks,
)

PROMISED = {
    "dataset",
    "release",
    "run_id",
    "status",
    "owner",
    "reason",
    "file",
    "validation",
    "tiers",
    "url",
}


@pytest.fixture
def yard(tmp_path):
    return Yard(tmp_path, gx_max_rows=0)


def madang(yard: Yard, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MADANG, *map(str, arguments)],
        env=yard.process_environment | environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=yard.folder,
        timeout=300,
    )


def run_to_folder(yard: Yard, dataset: str, file: Path, **environment: str):
    return madang(yard, "run", dataset, file, "--to", yard.out, "--json", **environment)


def test_a_good_file_ends_in_one_document_and_silence(yard):
    temporary = yard.folder / "tmp"
    temporary.mkdir()
    with_the_judge = {"MADANG_GX_MAX_ROWS": "2000000", "TMPDIR": str(temporary)}

    done = run_to_folder(yard, PARKS, yard.supply(parks()), **with_the_judge)

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told.keys() >= PROMISED
    assert (told["dataset"], told["status"], told["url"]) == (PARKS, "published", None)
    assert (told["owner"], told["reason"]) == (None, None)
    [tier] = told["tiers"]
    assert (tier["tier"], tier["published"], tier["suppressed"], tier["held_back"]) == (
        "public",
        30,
        0,
        0,
    )
    assert [(item["format"], item["rows"]) for item in tier["files"]] == [
        ("parquet", 30),
        ("csv", 30),
    ]
    assert len({item["digest"] for item in tier["files"]}) == 1
    assert all(Path(item["path"]).is_file() for item in tier["files"])
    release = yard.out / PARKS / told["release"]
    assert {str(path.relative_to(release)) for path in release.rglob("*.*")} == {
        "public/data.parquet",
        "public/data.csv",
        "public/dictionary.csv",
        "public/certificate.json",
        "public/record.jsonld",
        "report/report.html",
        "report/report.xlsx",
    }
    certificate = json.loads((release / "public" / "certificate.json").read_text())
    assert certificate["validation"]["judged_by"] == "great_expectations"
    assert list(temporary.iterdir()) == []


def test_people_are_told_in_their_language(yard):
    file = yard.supply(parks())
    arguments = ("run", PARKS, file, "--to", yard.out)

    korean = madang(yard, *arguments, "--lang", "ko")
    english = madang(yard, *arguments, "--lang", "en")

    assert korean.returncode == english.returncode == 0
    assert "공개했습니다" in korean.stdout
    assert "unchanged" in english.stdout
    assert korean.stderr == english.stderr == ""


BAD_FILES = [
    pytest.param(b"", 20, "supplying department", "the file is empty", id="an empty file"),
    pytest.param(
        csv_bytes(PARK_HEADER, parks()) + b"\xff\xff",
        20,
        "supplying department",
        "no known encoding",
        id="a wrong encoding",
    ),
    pytest.param(
        "관리번호,공원명\n1,2\n".encode("utf-16")[:-1],
        20,
        "supplying department",
        "no known encoding",
        id="UTF-16 that is cut off",
    ),
    pytest.param(
        csv_bytes(JOB_HEADER, jobs()),
        20,
        "supplying department",
        "no header of the contract was found",
        id="other columns",
    ),
    pytest.param(
        csv_bytes((*PARK_HEADER, CANARY), [(*park(1), "x")]),
        20,
        "supplying department",
        "1 columns are not declared (number 6)",
        id="a column more",
    ),
    pytest.param(
        csv_bytes(PARK_HEADER, [*parks(20), *parks(20)]),
        20,
        "supplying department",
        "40 of 40 rows",
        id="repeated keys",
    ),
    pytest.param(
        csv_bytes(PARK_HEADER, [*parks(29), park(30, name=f"{CANARY} 900101-1234568")]),
        30,
        "privacy officer",
        "resident-number in name",
        id="a planted resident number",
    ),
]


@pytest.mark.parametrize(("content", "code", "owner", "words"), BAD_FILES)
def test_a_bad_file_ends_in_the_code_of_who_acts(yard, content, code, owner, words):
    file = yard.folder / f"{CANARY}.csv"
    file.write_bytes(content)

    done = run_to_folder(yard, PARKS, file)

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["owner"]) == (code, "refused", owner)
    assert told.keys() >= PROMISED
    assert words in told["reason"]
    assert told["reason"] in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert not (yard.out / PARKS).exists()


def test_a_name_that_a_template_would_compute_is_only_a_name(yard):
    done = run_to_folder(yard, PARKS, yard.supply(parks(), name="{{ 7*7 }}.csv"))

    assert done.returncode == 0
    assert "49" not in done.stdout.replace(json.loads(done.stdout)["run_id"], "").split("digest")[0]
    ledger = sorted(yard.out.rglob("*"))
    assert not any("{{" in path.name or path.name == "49.csv" for path in ledger)


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        pytest.param("city-lakes", "There is no contract of that name", id="an unknown dataset"),
        pytest.param("../../etc/passwd", "There is no contract of that name", id="a path"),
        pytest.param("city-broken", "city/broken.yaml:", id="a broken contract"),
    ],
)
def test_what_the_steward_has_to_mend(yard, dataset, words):
    yard.write_contract("city-broken", PARKS_CONTRACT.replace("role: open", "roll: open"))

    done = run_to_folder(yard, dataset, yard.supply(parks()))

    told = json.loads(done.stdout)
    assert (done.returncode, told["owner"], told["status"]) == (10, "data steward", "refused")
    assert words in told["reason"]


def test_an_older_file_is_held_for_the_steward(yard):
    run_to_folder(yard, PARKS, yard.supply(parks(checked_on="2026-11-01")))

    done = run_to_folder(yard, PARKS, yard.supply(parks(29, checked_on="2026-10-31")))

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["owner"]) == (10, "held", "data steward")


def test_an_approval_is_never_skipped(yard):
    yard.write_contract(JOBS, JOBS_CONTRACT.replace("approval: none", "approval: privacy-officer"))

    done = run_to_folder(yard, JOBS, yard.supply(jobs(), header=JOB_HEADER))

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["owner"]) == (30, "held", "privacy officer")
    assert all(Path(item["path"]).is_file() for item in told["tiers"][0]["files"])
    assert (yard.out / JOBS / told["release"] / "public" / "certificate.json").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("run",), id="no arguments"),
        pytest.param(("run", PARKS, "absent.csv"), id="a file that is not there"),
        pytest.param(("run", PARKS, "."), id="a folder as file"),
        pytest.param(("walk",), id="an unknown command"),
        pytest.param(("run", "--forc"), id="an unknown option"),
    ],
)
def test_wrong_usage(yard, arguments):
    done = madang(yard, *arguments)

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_to_is_the_operators(yard):
    (yard.folder / "file").write_text("in the way")

    done = madang(
        yard, "run", PARKS, yard.supply(parks()), "--to", yard.folder / "file" / "out", "--json"
    )

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["owner"]) == (40, "failed", "platform operator")
    assert told.keys() >= PROMISED


def test_a_fault_of_the_program_is_one_document_too(yard):
    broken = yard.folder / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import etl.extract.reading as r\n"
        "def fail(*_): raise ValueError('CANARY')\n"
        "r.declare_text = fail\n".replace("CANARY", CANARY),
        encoding="utf-8",
    )
    path = f"{broken}{os.pathsep}{yard.process_environment['PYTHONPATH']}"

    done = run_to_folder(yard, PARKS, yard.supply(parks()), PYTHONPATH=path)

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["owner"]) == (70, "failed", "developer")
    assert "ValueError at etl/" in told["reason"]
    assert CANARY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


# With a catalogue


@pytest.fixture
def connected(yard):
    """A yard whose ledger, store and secrets stand beside each other, as an installation's."""
    state = yard.folder / "state"
    secrets = state / "secrets"
    secrets.mkdir(parents=True)
    for name, content in (
        ("catalogue-token", TOKEN.encode()),
        ("signing-key.pem", draw_signing_key()),
    ):
        (secrets / name).touch(mode=0o600)
        (secrets / name).write_bytes(content)
    migrate(f"sqlite:///{state / 'ledger.sqlite'}")
    return yard


def publish_by_command(yard: Yard, url: str, rows=None):
    file = yard.supply(rows or parks())
    return madang(yard, "run", PARKS, file, "--json", MADANG_CATALOGUE_URL=url)


def test_the_whole_way_into_a_catalogue(connected):
    with serve_catalogue() as site:
        done = publish_by_command(connected, site.url)

        told = json.loads(done.stdout)
        assert (done.returncode, told["status"], done.stderr) == (0, "published", "")
        assert told["url"] == f"{site.url}/dataset/{PARKS}"
        assert site.live(PARKS) == {told["release"]}
        assert [item["path"] for item in told["tiers"][0]["files"]] == [
            f"{site.url}/dataset/{PARKS}/release/{told['release']}/{name}"
            for name in ("data.parquet", "data.csv")
        ]
        served = site.download(PARKS, told["release"], "data.csv")
    run_to_folder(connected, PARKS, connected.supply(parks()))
    [folder] = [path for path in (connected.out / PARKS).iterdir() if not path.name.startswith(".")]
    assert (folder / "public" / "data.csv").read_bytes() == served


def test_a_catalogue_that_is_down_is_the_operators_and_a_later_run_completes(connected):
    with serve_catalogue() as gone:
        pass

    down = publish_by_command(connected, gone.url)

    told = json.loads(down.stdout)
    assert (down.returncode, told["status"], told["owner"]) == (40, "failed", "platform operator")
    assert "does not answer" in told["reason"]
    assert "The live release stays" in told["reason"]
    with serve_catalogue() as site:
        done = publish_by_command(connected, site.url)
        assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "published")
        assert len(site.live(PARKS)) == 1


def test_the_first_release_stays_while_the_catalogue_fails(connected):
    with serve_catalogue() as site:
        first = json.loads(publish_by_command(connected, site.url).stdout)
        site.fail_next("500", times=50)

        failed = publish_by_command(connected, site.url, parks(29))

        assert failed.returncode == 40
        assert site.live(PARKS) == {first["release"]}
        site.faults.clear()
        done = publish_by_command(connected, site.url, parks(29))
        assert done.returncode == 0
        assert site.live(PARKS) == {json.loads(done.stdout)["release"]}
        states = [r.state for r in Ledger(connected.settings().ledger).history(PARKS)]
        assert states.count("live") == 1


@pytest.mark.parametrize(
    ("secret", "spoil"),
    [
        pytest.param("catalogue-token", lambda p: p.unlink(), id="no token"),
        pytest.param("catalogue-token", lambda p: p.chmod(0o644), id="a token others can read"),
        pytest.param("signing-key.pem", lambda p: p.write_text("x"), id="a key that is none"),
    ],
)
def test_a_secret_that_cannot_be_used_is_the_operators(connected, secret, spoil):
    spoil(connected.folder / "state" / "secrets" / secret)

    with serve_catalogue() as site:
        done = publish_by_command(connected, site.url)

        assert (done.returncode, json.loads(done.stdout)["owner"]) == (40, "platform operator")
        assert site.packages == {}
        assert TOKEN not in done.stdout + done.stderr


def test_a_ledger_without_tables_is_the_operators(yard):
    (yard.folder / "state").mkdir()

    done = madang(yard, "run", PARKS, yard.supply(parks()), "--json")

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"]) == (40, "failed")
    assert "madang migrate" in told["reason"]


def test_the_catalogue_is_prepared_for_every_readable_contract(connected):
    connected.write_contract("town-broken", "format: 1\n")

    with serve_catalogue() as site:
        done = madang(connected, "catalogue", "init", "--json", MADANG_CATALOGUE_URL=site.url)

        assert (done.returncode, json.loads(done.stdout)) == (0, {"organisations": ["city"]})
        assert set(site.organisations) == {"city"}


def test_a_ledger_that_is_down_is_the_operators(yard):
    nobody = "postgresql+psycopg://madang@127.0.0.1:9/madang"

    done = madang(yard, "run", PARKS, yard.supply(parks()), "--json", MADANG_LEDGER=nobody)

    told = json.loads(done.stdout)
    assert (done.returncode, told["status"], told["owner"]) == (40, "failed", "platform operator")
    assert "The ledger does not answer" in told["reason"]


# The other commands


def test_contracts_are_checked_and_listed(yard):
    yard.write_contract("city-broken", "format: 1\n")

    checked = madang(yard, "check", "--json")
    listed = madang(yard, "contracts", "--json")

    told = {item["dataset"]: item for item in json.loads(checked.stdout)["contracts"]}
    assert checked.returncode == 10
    assert {name: item["valid"] for name, item in told.items()} == {
        "city-broken": False,
        JOBS: True,
        PARKS: True,
    }
    assert told["city-broken"]["complaints"][0].keys() >= {"field", "line", "message"}
    assert listed.returncode == 0
    assert [item["dataset"] for item in json.loads(listed.stdout)["contracts"]] == [JOBS, PARKS]


def test_a_published_file_is_verified_and_a_changed_one_is_not(yard):
    told = json.loads(run_to_folder(yard, PARKS, yard.supply(parks())).stdout)
    folder = yard.out / PARKS / told["release"] / "public"
    file, certificate = folder / "data.csv", folder / "certificate.json"

    holds = madang(yard, "verify", file, certificate, "--json")
    file.write_bytes(file.read_bytes().replace("마당 1호".encode(), "마당 2호".encode()))
    changed = madang(yard, "verify", file, certificate, "--json")
    certificate.write_bytes(certificate.read_bytes().replace(b'"rows":30', b'"rows":31'))
    forged = madang(yard, "verify", folder / "data.parquet", certificate, "--json")
    no_key = madang(yard, "verify", file, certificate, "--key", "열쇠", "--json")

    assert (holds.returncode, json.loads(holds.stdout)["holds"]) == (0, True)
    assert all(
        check.keys() >= {"name", "required", "measured", "holds"}
        for check in json.loads(holds.stdout)["checks"]
    )
    assert (changed.returncode, json.loads(changed.stdout)["holds"]) == (30, False)
    assert (forged.returncode, no_key.returncode) == (30, 30)
    assert json.loads(forged.stdout)["owner"] == "privacy officer"


def test_every_command_has_help_with_an_example(yard):
    for command in ("check", "contracts", "run", "verify", "migrate", "schema"):
        shown = madang(yard, command, "--help")
        assert shown.returncode == 0
        assert f"madang {command}" in shown.stdout
