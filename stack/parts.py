"""The parts of the stack: what each runs, what it waits for, how one sees that it answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stack import probes
from stack.airflow_settings import airflow_environment
from stack.errors import StackError
from stack.once import digest, digest_text
from stack.passwords import secret
from stack.settings import Settings

# What a part may see of the shell that started it: who, where temporary files go, and the way out.
PASSED_ON = (
    *("HOME", "USER", "LOGNAME", "TMPDIR", "SSL_CERT_FILE"),
    *("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"),
)
POSTGRES = Path("/usr/lib/postgresql")
WEB_WORKERS = 2
WEB_THREADS = 2
LONGEST_REQUEST_SECONDS = 600


@dataclass(frozen=True)
class Part:
    """One supervised process with its children.

    Attributes:
        command: What is run; read when the part starts, so a restart sees changed settings.
        made_from: What it reads when it starts; when that changes, the next start restarts it.
        answers: Whether the process of the given id does its work now.
        waits_for: Parts that must answer before this one is started.
        user: The account it runs as when the stack is started by root.
        stop_signal: What asks it to end.
        stop_seconds: After this it is killed, with everything it started.
    """

    name: str
    command: Callable[[], list[str]]
    answers: Callable[[int], bool]
    made_from: Callable[[], str] = str
    environment: Callable[[], Mapping[str, str]] = dict
    waits_for: tuple[str, ...] = ()
    user: str | None = None
    url: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    folder: Path = field(default_factory=Path.cwd)


def all_parts(settings: Settings) -> dict[str, Part]:
    """Return the parts by name, in the order in which they are started."""
    parts = [
        postgres(settings),
        redis(settings),
        solr(settings),
        *catalogue(settings),
        *airflow(settings),
    ]
    return {part.name: part for part in parts}


def dependent(parts: Mapping[str, Part]) -> list[str]:
    """Return the parts that need others; they are stopped first, while those still answer."""
    return [part.name for part in parts.values() if part.waits_for]


def clean_environment(settings: Settings) -> dict[str, str]:
    """Return the environment every part starts from: nothing that happens to be set in a shell."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    path = f"{settings.checkout}/.venv/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    local = "127.0.0.1,localhost"
    return passed_on | {"PATH": path, "LANG": "C.UTF-8", "NO_PROXY": local, "no_proxy": local}


def postgres_program(settings: Settings, name: str) -> str:
    """Return the path of one of PostgreSQL's programs.

    They are of the version that made the cluster, or else of the newest on this machine.

    Raises:
        StackError: It is not installed.
    """
    made_by = settings.state / "pg" / "PG_VERSION"
    version = made_by.read_text().strip() if made_by.exists() else "*"
    found = sorted(POSTGRES.glob(f"{version}/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if not found:
        of = "" if version == "*" else f" {version}, which made {made_by.parent},"
        raise StackError(
            f"PostgreSQL{of} is not installed (looked in {POSTGRES}); nothing was started."
            f" Install postgresql{'' if version == '*' else '-' + version}, then: make up"
        )
    return str(found[-1])


def postgres(settings: Settings) -> Part:
    """Return the database server: own cluster, TCP on the loopback address only."""
    port = settings.ports["postgres"]
    return Part(
        name="postgres",
        command=lambda: [
            *(
                postgres_program(settings, "postgres"),
                "-D",
                str(settings.state / "pg"),
                "-p",
                str(port),
            ),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            *("-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_timezone=UTC"),
        ],
        answers=lambda _: probes.accepts_sql(postgres_program(settings, "pg_isready"), port),
        user="postgres",
        stop_signal="INT",  # a "fast" stop: sessions are ended, nothing is lost
        stop_seconds=60,
        folder=settings.state / "pg",
    )


def redis(settings: Settings) -> Part:
    """Return the queue of the catalogue's jobs; jobs and workers in it outlive a kill."""
    port = settings.ports["redis"]
    password = settings.secrets / "redis-password"
    return Part(
        name="redis",
        command=lambda: ["redis-server", str(settings.run / "redis.conf")],
        made_from=lambda: digest_text(redis_configuration(settings)),
        answers=lambda _: "+PONG" in probes.ask_redis(port, password.read_text(), "PING"),
    )


def redis_configuration(settings: Settings) -> str:
    """Return what Redis reads; a file, because a command line shows its password to everybody."""
    return "\n".join(
        [
            f"port {settings.ports['redis']}",
            "bind 127.0.0.1",
            f"requirepass {secret(settings, 'redis-password')}",
            'save ""',
            "appendonly yes",
            f"dir {settings.state / 'redis'}",
            "",
        ]
    )


def solr(settings: Settings) -> Part:
    """Return the search server; its small heap and first compiler suit thousands of datasets."""
    built = settings.checkout / "catalog" / "solr"
    classes = f"{built / 'classes'}:{built / 'lib'}/*"
    read = [built / name for name in ("jars.sha256", "SolrMain.java", "log4j2.xml")]
    state = settings.state / "solr"
    url = settings.url("solr")
    return Part(
        name="solr",
        command=lambda: [
            *("java", "-Xmx256m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *("-XX:+ExitOnOutOfMemoryError", f"-Dlog4j2.configurationFile={built / 'log4j2.xml'}"),
            *(f"-Dsolr.log.dir={settings.logs}", f"-Djetty.port={settings.ports['solr']}"),
            *(f"-Dsolr.solr.home={state / 'home'}", f"-Dsolr.data.home={state / 'data'}"),
            *("-Dsolr.autoSoftCommit.maxTime=1000", "-cp", classes, "SolrMain"),
        ],
        made_from=lambda: digest([state / "home", *read]),
        answers=lambda _: probes.serves(f"{url}/solr/ckan/select?q=*:*&rows=0"),
        url=f"{url}/solr/ckan",
    )


def catalogue_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of CKAN's processes and commands."""
    return {
        "CKAN_INI": str(settings.state / "ckan" / "ckan.ini"),
        "PYTHONPATH": str(settings.checkout / "catalog" / "serve"),
    }


def catalogue(settings: Settings) -> list[Part]:
    """Return CKAN's web server and its worker for jobs."""
    programs = settings.checkout / ".venv-catalogue" / "bin"
    url = settings.url("catalogue")
    redis_password = settings.secrets / "redis-password"
    code = [
        settings.checkout / "catalog" / name
        for name in ("requirements.lock", "serve/wsgi.py", "ckanext")
    ]

    def made_from() -> str:
        return digest([*code, settings.state / "ckan" / "ckan.ini"])

    web = Part(
        name="catalogue",
        # Never preloaded: workers that share a database connection answer with random errors.
        command=lambda: [
            *(str(programs / "gunicorn"), f"--workers={WEB_WORKERS}", f"--threads={WEB_THREADS}"),
            *(f"--timeout={LONGEST_REQUEST_SECONDS}", "--limit-request-line=8190"),
            *(f"--bind=127.0.0.1:{settings.ports['catalogue']}", "--no-control-socket"),
            "wsgi:application",
        ],
        made_from=made_from,
        answers=lambda _: probes.serves(f"{url}/api/3/action/status_show"),
        environment=lambda: catalogue_environment(settings),
        waits_for=("postgres", "redis", "solr"),
        url=url,
        stop_seconds=30,
        folder=settings.state / "ckan",
    )
    jobs = Part(
        name="catalogue-jobs",
        command=lambda: [str(programs / "ckan"), "jobs", "worker"],
        made_from=made_from,
        answers=lambda pid: probes.has_worker(
            settings.ports["redis"], redis_password.read_text(), pid
        ),
        environment=lambda: catalogue_environment(settings),
        waits_for=("postgres", "redis", "solr"),
        folder=settings.state / "ckan",
    )
    return [web, jobs]


def airflow(settings: Settings) -> list[Part]:
    """Return Airflow's four processes; never ``standalone``, which leaves them as orphans."""
    return [
        airflow_process(
            settings, "api-server", answers_as="metadatabase", url=settings.url("airflow")
        ),
        airflow_process(settings, "scheduler", "--skip-serve-logs", answers_as="scheduler"),
        airflow_process(settings, "dag-processor", answers_as="dag_processor"),
        airflow_process(settings, "triggerer", "--skip-serve-logs", answers_as="triggerer"),
    ]


def officer(settings: Settings) -> dict[str, str]:
    """Return who alone may answer approvals, once Airflow has numbered its people."""
    number = settings.state / "airflow" / "officer-id"
    return {"MADANG_OFFICER_ID": number.read_text()} if number.exists() else {}


def airflow_process(
    settings: Settings, verb: str, *options: str, answers_as: str, url: str | None = None
) -> Part:
    """Return one of Airflow's processes, seen through Airflow's own health report."""
    program = settings.checkout / ".venv" / "bin" / "airflow"
    # Scheduler and triggerer load the pipeline once for all tasks and triggers that they start.
    code = ["requirements.lock", "dags/plugins"]
    if verb in ("scheduler", "triggerer"):
        code += ["etl", "stack/preload"]
    preload = {"PYTHONPATH": str(settings.checkout / "stack" / "preload")}

    def environment() -> dict[str, str]:
        known = airflow_environment(settings) | settings.variables() | officer(settings)
        return known | preload if verb == "scheduler" else known

    return Part(
        name=f"airflow-{verb}",
        command=lambda: [str(program), verb, *options],
        made_from=lambda: (
            digest(settings.checkout / name for name in code) + digest_text(environment())
        ),
        answers=lambda pid: probes.airflow_component(settings.url("airflow"), answers_as, pid),
        environment=environment,
        waits_for=("postgres",),
        url=url,
        folder=settings.state / "airflow",
    )
