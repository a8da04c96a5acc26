"""What the extension adds to CKAN, and where each part is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib.plugins import DefaultTranslation
from ckanext.madang import actions, auth, cli, dataset_ids, flip, page, reading, search, text, views

_LICENSES = f"file://{Path(__file__).with_name('licenses.json')}"
_DATASTORE_WRITING = (
    "datastore_create",
    "datastore_upsert",
    "datastore_delete",
    "datastore_records_delete",
)
_SAVING = (
    "package_update",
    "organization_create",
    "organization_update",
    "group_create",
    "group_update",
)


@tk.blanket.config_declarations
class MadangPlugin(p.SingletonPlugin, DefaultTranslation):
    """Releases, whole tables, Korean search.

    Listed before `datastore` in `ckan.plugins`, whose dump address it answers first.
    """

    p.implements(p.IActions)
    p.implements(p.IAuthFunctions)
    p.implements(p.IBlueprint)
    p.implements(p.IClick)
    p.implements(p.IConfigurer)
    p.implements(p.IPackageController, inherit=True)
    p.implements(p.ITemplateHelpers)
    p.implements(p.ITranslation)

    def update_config(self, config: Any) -> None:
        """Add the templates and, where the site names no others, Korea's open licences.

        The DataStore's list of all tables is closed: it would tell everybody the names of the
        tables of private datasets.
        """
        tk.add_template_directory(config, "templates")
        config["licenses_group_url"] = config.get("licenses_group_url") or _LICENSES
        config["ckan.datastore.public_table_search"] = []

    def get_actions(self) -> dict[str, Any]:
        """Add the publisher's actions, and answer the DataStore's by release."""
        own = {name: getattr(actions, name) for name in dir(actions) if name.startswith("madang_")}
        saving = dict.fromkeys(_SAVING, text.save_composed)
        writing = dict.fromkeys(_DATASTORE_WRITING, reading.refuse_on_managed)
        return {
            **own,
            **saving,
            **writing,
            "package_create": dataset_ids.package_create,
            "package_search": search.package_search,
            "package_autocomplete": text.ask_composed,
            "datastore_search": reading.datastore_search,
            "datastore_info": reading.datastore_info,
        }

    def get_auth_functions(self) -> dict[str, Any]:
        """Say who may call the actions."""
        return {
            "madang_release_file_put": auth.change_releases,
            "madang_release_table_load": auth.change_releases,
            "madang_organization_ensure": auth.publish,
            "madang_drift": auth.publish,
            "datastore_search": reading.ask_about_resource,
            "datastore_info": reading.ask_about_resource,
        }

    def get_commands(self) -> list[Any]:
        """Add `ckan madang`."""
        return [cli.madang]

    def get_blueprint(self) -> Any:
        """Add the addresses of release files and of the dump."""
        return views.blueprint

    def get_helpers(self) -> dict[str, Any]:
        """Add what the templates ask."""
        return {name: getattr(page, name) for name in dir(page) if name.startswith("madang_")}

    def before_dataset_view(self, pkg_dict: dict[str, Any]) -> dict[str, Any]:
        """Show title and description in the reader's language."""
        return page.translate(pkg_dict)

    def after_dataset_show(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Do the same for a page whose record did not come from the search index."""
        if context.get("for_view"):
            page.translate(pkg_dict)

    def after_dataset_create(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Hold a new record to the same as a changed one."""
        self.after_dataset_update(context, pkg_dict)

    def after_dataset_update(self, context: Any, pkg_dict: dict[str, Any]) -> None:
        """Publish the release that the record names, in the record's own transaction."""
        flip.follow_record(context, model.Package.get(pkg_dict["id"]))

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        """Search in Korean."""
        return search.refine_query(search_params)
