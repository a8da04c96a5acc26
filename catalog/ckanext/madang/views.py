"""Addresses of release files, and the DataStore's dump answered by release."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.datastore import blueprint as datastore
from ckanext.madang import reading, register, release_files
from ckanext.madang.names import FILES, TABLE_FILE
from flask import Blueprint, Response, request, send_file

blueprint = Blueprint("madang", __name__)


@blueprint.route("/dataset/<name>/release/<release>/<file_name>")
def release_file(name: str, release: str, file_name: str) -> Response:
    """Serve a file of a published release to whoever may see the dataset.

    The database answers, never the search index: a retraction holds from its commit on.
    """
    package = model.Package.get(name)
    if package is None or package.state != model.State.ACTIVE or not _may_see(package):
        tk.abort(404, tk._("Dataset not found"))
    row = register.find_release(package.id, release)
    if row is not None and row.state == register.RETRACTED:
        tk.abort(410, tk._("This release was retracted"))
    file = register.find_file(package.id, release, file_name)
    if file is None or row is None or row.state != register.PUBLISHED:
        tk.abort(404, tk._("File not found"))
    return _send(package, file)


def _may_see(package: Any) -> bool:
    context = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    try:
        return tk.check_access("package_show", context, {"id": package.id})
    except tk.NotAuthorized:
        return False


def _send(package: Any, file: register.ReleaseFile) -> Response:
    """Send the file; `no-cache` has caches ask each time, so that a retraction holds at once."""
    if package.private:
        request.environ["__no_cache__"] = True  # CKAN's word for Cache-Control: private
    response = send_file(
        release_files.file_path(package.id, file.release, file.file_name),
        mimetype=FILES[file.file_name],
        as_attachment=file.file_name.startswith("data."),
        download_name=f"{package.name}-{file.release}-{file.file_name}",
        etag=file.sha256,
        conditional=True,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.route("/datastore/dump/<resource_id>")
def dump(resource_id: str) -> Any:
    """Dump a table of one release, the whole of it from the release's own CSV file."""
    context = {"user": tk.current_user.name, "auth_user_obj": tk.current_user}
    try:
        found = reading.find_release_table(context, resource_id, request.args.get("release"))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        tk.abort(404, tk._("DataStore resource not found"))
    if found is None:
        return datastore.dump(resource_id)
    if _wants_whole_csv():
        return release_file(found.package_id, found.release, TABLE_FILE)
    return datastore.dump(found.table)


def _wants_whole_csv() -> bool:
    asked = {key for key, value in request.args.items() if value}
    return request.args.get("format", "csv") == "csv" and asked <= {"format", "bom", "release"}
