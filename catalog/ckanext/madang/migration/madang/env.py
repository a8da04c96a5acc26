"""Run the extension's migrations; `ckan db upgrade` sets the address of the database."""

import os

from alembic import context
from sqlalchemy import engine_from_config, pool

from ckan.model.meta import metadata

PLUGIN = os.path.basename(os.path.dirname(__file__))


def is_ours(_thing, name, kind, _reflected, _compared) -> bool:
    """Tell a table of this extension from CKAN's and other plugins' tables."""
    return kind != "table" or name.startswith(PLUGIN)


def run_migrations() -> None:
    """Bring the extension's tables to the version asked for, in one transaction."""
    section = context.config.get_section(context.config.config_ini_section)
    engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table=f"{PLUGIN}_alembic_version",
            include_object=is_ours,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
