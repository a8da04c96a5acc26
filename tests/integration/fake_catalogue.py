"""A catalogue that speaks the extension's actions over HTTP, and fails where it is told to.

It keeps what `catalog/README.md` promises of every call; nothing else of CKAN.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

TOKEN = "publisher's token"
Fault = Literal["refuse connection", "500", "html", "busy", "lose answer", "403", "404", "409"]
Json = dict[str, Any]


class RefusalError(Exception):
    """An answer of CKAN that is an error."""

    def __init__(self, status: int, kind: str, **keys: object) -> None:
        super().__init__(status, kind)
        self.status = status
        self.error = {"__type": kind, **{key: [str(value)] for key, value in keys.items()}}


def invalid(**keys: object) -> RefusalError:
    return RefusalError(409, "Validation Error", **keys)


def absent() -> RefusalError:
    return RefusalError(404, "Not Found Error", message="Not found")


@dataclass
class FakeCatalogue:
    """The state of the site.

    Attributes:
        calls: Names of the actions and downloads that were asked, in order.
        faults: For a call's number (counted from 0), how it fails, once.
    """

    url: str = ""
    organisations: dict[str, Json] = field(default_factory=dict)
    packages: dict[str, Json] = field(default_factory=dict)
    files: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    tables: dict[tuple[str, str], Json] = field(default_factory=dict)
    published: set[tuple[str, str]] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    faults: dict[int, Fault] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """Let the next calls fail."""
        for offset in range(times):
            self.faults[len(self.calls) + offset] = fault

    def act(self, action: str, given: Json, token: str | None) -> Any:
        """Do an action as the account of the token."""
        method = getattr(self, f"do_{action}", None)
        if method is None:
            raise RefusalError(400, "Bad Request")
        if token != TOKEN and action not in ("package_show", "datastore_search"):
            raise RefusalError(403, "Authorization Error", message="Access denied")
        return method(given, token)

    def do_madang_organization_ensure(self, given: Json, _: str | None) -> Json:
        made = {"id": str(uuid.uuid4()), "name": given["name"], "title": given["title"]}
        return self.organisations.setdefault(given["name"], made)

    def do_package_show(self, given: Json, token: str | None) -> Json:
        package = self.packages.get(given["id"])
        if package is None:
            raise absent()
        if package["private"] and token != TOKEN:
            raise RefusalError(403, "Authorization Error", message="Access denied")
        return deepcopy(package)

    def do_package_create(self, given: Json, _: str | None) -> Json:
        if given["name"] in self.packages:
            raise invalid(name="That URL is already in use.")
        owner = next(o for o in self.organisations.values() if o["id"] == given["owner_org"])
        self.packages[given["name"]] = deepcopy(given) | {"organization": owner}
        return deepcopy(self.packages[given["name"]])

    def do_madang_release_file_put(self, given: Json, _: str | None) -> Json:
        if given["package_id"] not in self.packages:
            raise absent()
        key = (given["package_id"], given["release"], given["file_name"])
        sha256, size = given["sha256"], int(given["size_bytes"])
        there = self.files.get(key)
        answer = {"sha256": sha256, "size_bytes": size}
        if there is not None:
            if hashlib.sha256(there).hexdigest() != sha256:
                raise invalid(release_changed="other bytes")
            return answer | {"status": "there"}
        if "upload" not in given:
            return answer | {"status": "missing"}
        if hashlib.sha256(given["upload"]).hexdigest() != sha256 or len(given["upload"]) != size:
            raise invalid(sha256="not the announced bytes")
        self.files[key] = given["upload"]
        return answer | {"status": "stored"}

    def do_madang_release_table_load(self, given: Json, _: str | None) -> Json:
        package = self._package_of(given["resource_id"])
        csv = self.files.get((package["name"], given["release"], "data.csv"))
        if csv is None:
            raise invalid(file_missing="data.csv was not put")
        if hashlib.sha256(csv).hexdigest() != given["sha256"]:
            raise invalid(sha256="not the registered file")
        key = (given["resource_id"], given["release"])
        answer = {"rows": given["rows"], "digest": given["digest"]}
        status = "there" if key in self.tables else "loaded"
        self.tables[key] = deepcopy(given)
        return answer | {"status": status}

    def do_package_revise(self, given: Json, _: str | None) -> Json:
        package = self.packages.get(given["match"]["name"])
        if package is None:
            raise invalid(match="no such dataset")
        changed = deepcopy(package) | deepcopy(given["update"])
        for resource in changed["resources"]:
            prefix = resource["id"][:8]
            if resource["release"] != given[f"match__resources__{prefix}"]["release"]:
                raise invalid(match="resources")
            resource.update(given[f"update__resources__{prefix}"])
            self._require_put(package["name"], resource)
        self.packages[package["name"]] = changed
        self.published.add((package["name"], changed["resources"][0]["release"]))
        return {"package": deepcopy(changed)}

    def do_datastore_search(self, given: Json, token: str | None) -> Json:
        package = self._package_of(given["resource_id"])
        self.do_package_show({"id": package["name"]}, token)
        [resource] = [r for r in package["resources"] if r["id"] == given["resource_id"]]
        table = self.tables.get((resource["id"], resource["release"]))
        if table is None:
            raise absent()
        return {"release": resource["release"], "total": table["rows"], "records": []}

    def download(self, package: str, release: str, name: str) -> bytes:
        """Return a published file."""
        if (package, release) not in self.published or (package, release, name) not in self.files:
            raise absent()
        return self.files[package, release, name]

    def live(self, package: str) -> set[str]:
        """Return the releases that the record's resources name."""
        return {resource["release"] for resource in self.packages[package]["resources"]}

    def _package_of(self, resource_id: str) -> Json:
        for package in self.packages.values():
            if any(resource["id"] == resource_id for resource in package["resources"]):
                return package
        raise absent()

    def _require_put(self, package: str, resource: Json) -> None:
        name = resource["url"].rpartition("/")[2]
        put = self.files.get((package, resource["release"], name))
        if put is None or hashlib.sha256(put).hexdigest() != resource["hash"]:
            raise invalid(files="not a put file")
        if resource.get("table") and (resource["id"], resource["release"]) not in self.tables:
            raise invalid(table="not loaded")


class _Handler(BaseHTTPRequestHandler):
    """Carries HTTP to the fake and back."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: FakeCatalogue

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        """Answer an action."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        action = self.path.rpartition("/")[2]
        given = (
            self._form(body) if "multipart" in self.headers["Content-Type"] else json.loads(body)
        )
        self._answer(action, lambda: self.site.act(action, given, self.headers["Authorization"]))

    def do_GET(self) -> None:
        """Answer a download."""
        _, _, package, _, release, name = self.path.split("/")
        self._answer("download", lambda: self.site.download(package, release, name))

    def _form(self, body: bytes) -> Json:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
        values = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in parts
        }
        return {
            name: value if name == "upload" else value.decode() for name, value in values.items()
        }

    def _answer(self, what: str, do: Callable[[], Any]) -> None:
        with self.site.lock:
            fault = self.site.faults.pop(len(self.site.calls), None)
            self.site.calls.append(what)
            if fault in ("refuse connection", "500", "html", "busy", "403", "404", "409"):
                self._fail(fault)
                return
            status, answer = self._do(do)
        if fault == "lose answer":
            self._cut()
        else:
            self._write(status, answer)

    def _do(self, do: Callable[[], Any]) -> tuple[int, bytes]:
        try:
            result = do()
        except RefusalError as refusal:
            return refusal.status, json.dumps({"success": False, "error": refusal.error}).encode()
        if isinstance(result, bytes):
            return 200, result
        return 200, json.dumps({"success": True, "result": result}).encode()

    def _fail(self, fault: str) -> None:
        errors = {
            "busy": (409, "Busy Error"),
            "403": (403, "Authorization Error"),
            "404": (404, "Not Found Error"),
            "409": (409, "Validation Error"),
        }
        if fault == "refuse connection":
            self._cut()
        elif fault in ("500", "html"):
            self._write(500 if fault == "500" else 200, b"<html>Internal Server Error</html>")
        else:
            status, kind = errors[fault]
            error = {"__type": kind, "some_key": ["words"]}
            self._write(status, json.dumps({"success": False, "error": error}).encode())

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _write(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve_catalogue() -> Iterator[FakeCatalogue]:
    """Serve an empty catalogue on a free port of this machine."""
    site = FakeCatalogue()
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
