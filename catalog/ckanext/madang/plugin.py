"""What the extension adds to CKAN, and where each part is."""

from __future__ import annotations

from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.plugins import DefaultTranslation
from ckanext.madang import actions, auth, flip, reading, views

_DATASTORE_WRITING = (
    "datastore_create",
    "datastore_upsert",
    "datastore_delete",
    "datastore_records_delete",
)


@tk.blanket.config_declarations
class MadangPlugin(p.SingletonPlugin, DefaultTranslation):
    """Releases, whole tables, Korean search.

    Listed before `datastore` in `ckan.plugins`, whose dump address it answers first.
    """

    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.IConfigurer)
    p.implements(p.IPackageController, inherit=True)

    def update_config(self, config: Any) -> None:
        """Add the templates; keep the list of all tables to ourselves.

        The DataStore would show everybody the names of all tables, also of private datasets.
        """
        tk.add_template_directory(config, "templates")
        config["ckan.datastore.public_table_search"] = []

    def get_actions(self) -> dict[str, Any]:
        """Add the publisher's actions, and answer the DataStore's by release."""
        own = {name: getattr(actions, name) for name in dir(actions) if name.startswith("madang_")}
        writing = {name: reading.refuse_on_managed for name in _DATASTORE_WRITING}
        return {
            **own,
            **writing,
            "datastore_search": reading.datastore_search,
            "datastore_info": reading.datastore_info,
        }

    def get_auth_functions(self) -> dict[str, Any]:
        """Say who may call the actions."""
        return {
            "madang_release_file_put": auth.change_releases,
            "madang_release_table_load": auth.change_releases,
            "madang_organization_ensure": auth.publish,
            "datastore_search": reading.ask_about_resource,
            "datastore_info": reading.ask_about_resource,
        }

    def get_blueprint(self) -> Any:
        """Add the addresses of release files and of the dump."""
        return views.blueprint

    def after_dataset_create(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Hold a new record to the same as a changed one."""
        self.after_dataset_update(context, pkg_dict)

    def after_dataset_update(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Publish the release that the record names, in the record's own transaction."""
        flip.follow_record(context, model.Package.get(pkg_dict["id"]))
