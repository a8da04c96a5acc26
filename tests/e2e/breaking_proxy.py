"""A forward proxy between publisher and catalogue that lets one call go wrong.

It changes no byte of any call. At the named one it strikes: while the catalogue works, or when
it has done its work and the publisher has not been told. Then the connection just ends.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

ACTION = re.compile(r"/api/(?:3/)?action/(\w+)")
LONGEST_CALL_SECONDS = 300


@dataclass
class Fault:
    """What goes wrong, once.

    Attributes:
        call: The action; `upload` for one that carries a file, `download` for a file.
        moment: While the catalogue works at it, or after it has done it.
        strike: What happens then; is given the port of the proxy's own end of the connection.
        delay_seconds: How long the catalogue has worked by then.
    """

    call: str
    moment: Literal["during", "after"]
    strike: Callable[[int], None]
    delay_seconds: float = 0.03
    struck: threading.Event = field(default_factory=threading.Event)

    def is_due(self, call: str, moment: str) -> bool:
        """Tell whether this is the place, for the first time."""
        return (call, moment) == (self.call, self.moment) and not self.struck.is_set()


class BreakingProxy(ThreadingHTTPServer):
    """The proxy; `calls` remembers what went through it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault: Fault | None = None
        self.calls: list[str] = []

    @property
    def url(self) -> str:
        """Return its address, as `http_proxy` wants it."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def breaking_proxy() -> Iterator[BreakingProxy]:
    """Run a proxy for a while."""
    proxy = BreakingProxy()
    thread = threading.Thread(target=proxy.serve_forever, name="proxy")
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


def name_of(path: str, content_type: str) -> str:
    """Return what a call is called."""
    found = ACTION.search(path)
    if not found:
        return "download"
    return "upload" if content_type.startswith("multipart/") else found[1]


class _Handler(BaseHTTPRequestHandler):
    server: BreakingProxy

    def do_GET(self) -> None:
        """Pass a call on."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = name_of(self.path, self.headers.get("Content-Type", ""))
        self.server.calls.append(call)
        target = urlsplit(self.path)
        upstream = http.client.HTTPConnection(
            str(target.hostname), target.port, timeout=LONGEST_CALL_SECONDS
        )
        headers = {name: value for name, value in self.headers.items() if name != "Connection"}
        path = f"{target.path}?{target.query}" if target.query else target.path
        self.close_connection = True
        with suppress(OSError, http.client.HTTPException):  # the publisher sees it end as well
            upstream.request(self.command, path, body, headers)
            port = upstream.sock.getsockname()[1]
            if self._strikes(call, "during", port):
                return
            answer = upstream.getresponse()
            content = answer.read()
            if self._strikes(call, "after", port):
                return
            self._pass_back(answer, content)

    do_POST = do_HEAD = do_GET  # noqa: N815 - the names that the server asks for

    def _strikes(self, call: str, moment: str, port: int) -> bool:
        fault = self.server.fault
        if fault is None or not fault.is_due(call, moment):
            return False
        if moment == "during":
            time.sleep(fault.delay_seconds)
        fault.struck.set()
        fault.strike(port)
        return True

    def _pass_back(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
