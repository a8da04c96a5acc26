"""CKAN's settings: one file made from ours, readable by its owner only."""

from __future__ import annotations

from dataclasses import dataclass

from stack.passwords import database_password, secret
from stack.settings import Settings


@dataclass(frozen=True)
class Account:
    """An account of the catalogue, with the names of the secrets that open it."""

    name: str
    password: str
    token: str
    administrator: bool


ADMINISTRATOR = Account(
    "madang-admin", "catalogue-admin-password", "catalogue-admin-token", administrator=True
)
PUBLISHER = Account(
    "madang-publisher", "catalogue-publisher-password", "catalogue-token", administrator=False
)
ACCOUNTS = (ADMINISTRATOR, PUBLISHER)
# Madang's plugin first: it answers for the tables' reading side before the DataStore does.
PLUGINS = "madang datastore activity datatables_view"
LARGEST_FILE_MEGABYTES = 10_000

LOGGING = """\
[loggers]
keys = root, ckan, ckanext, werkzeug

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console

[logger_werkzeug]
level = WARNING
handlers = console
qualname = werkzeug
propagate = 0

[logger_ckan]
level = INFO
handlers = console
qualname = ckan
propagate = 0

[logger_ckanext]
level = INFO
handlers = console
qualname = ckanext
propagate = 0

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(asctime)s %(levelname)-5.5s [%(name)s] %(message)s
"""


def catalogue_database(settings: Settings, role: str, database: str) -> str:
    """Return a database address with its password in it, the only form CKAN takes apart rightly."""
    at = f"127.0.0.1:{settings.ports['postgres']}/{database}"
    return f"postgresql://{role}:{database_password(settings, role)}@{at}"


def catalogue_settings(settings: Settings) -> dict[str, str]:
    """Return CKAN's settings of this stack."""
    redis = f"redis://:{secret(settings, 'redis-password')}@127.0.0.1:{settings.ports['redis']}/0"
    return {
        "use": "egg:ckan",
        "SECRET_KEY": secret(settings, "catalogue-session-key"),
        "ckan.site_id": "madang",
        "ckan.site_url": settings.url("catalogue"),
        "ckan.site_title": "마당",
        "ckan.plugins": PLUGINS,
        "ckan.views.default_views": "datatables_view",
        "ckan.datastore.public_table_search": "",
        "ckan.storage_path": str(settings.state / "ckan" / "storage"),
        "ckan.max_resource_size": str(LARGEST_FILE_MEGABYTES),
        "ckan.locale_default": "ko_KR",
        "ckan.locales_offered": "en ko_KR",
        "ckan.display_timezone": "Asia/Seoul",
        "ckan.auth.create_user_via_web": "false",
        "ckan.auth.create_user_via_api": "false",
        "sqlalchemy.url": catalogue_database(settings, "ckan", "ckan"),
        "ckan.datastore.write_url": catalogue_database(settings, "ckan", "datastore"),
        "ckan.datastore.read_url": catalogue_database(settings, "datastore", "datastore"),
        "ckan.datastore.default_fts_lang": "simple",
        "ckan.datastore.sqlsearch.enabled": "false",
        "ckan.redis.url": redis,
        "solr_url": f"{settings.url('solr')}/solr/ckan",
        # A search server that hangs must not keep a save, and with it a database transaction, open.
        "solr_timeout": "10",
        "ckan.search.solr_commit": "false",
        "madang.publisher": PUBLISHER.name,
        "madang.release_path": str(settings.state / "ckan" / "releases"),
    }


def catalogue_ini(settings: Settings) -> str:
    """Return CKAN's whole configuration file."""
    values = catalogue_settings(settings).items()
    lines = [f"{name} = {str(value).replace('%', '%%')}" for name, value in values]
    return "\n".join(["[app:main]", *lines, "", LOGGING])
