"""Everything that is said to CKAN; the step's only I/O.

Actions go through ckanapi. Files are streamed beside it, because ckanapi holds the whole
body in memory (measured: 1.6 GB for a file of 0.8 GB).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from ckanapi import NotAuthorized, NotFound, RemoteCKAN, ValidationError
from ckanapi.errors import CKANAPIError, ServerIncompatibleError
from requests_toolbelt import MultipartEncoder

from etl.errors import CatalogueRejectedError, CatalogueUnavailableError
from etl.publish.names import file_url

TIMEOUT_SECONDS = (10, 600)
BUSY_PAUSES_SECONDS = (1, 2, 4, 8, 15)
CHUNK_BYTES = 1 << 20
_LIVE_STAYS = "The live release stays."


class _BusyError(Exception):
    """Somebody works at the same release already."""


class _BrokenError(Exception):
    """The answer is no answer; it may be another moment later."""


class _Remote(RemoteCKAN):  # type: ignore[misc]  # ckanapi has no types
    """CKAN over HTTP, with answers that are worth another try told apart by their status."""

    def _request_fn(
        self, url: str, data: Any, headers: Any, files: Any, requests_kwargs: Any
    ) -> tuple[int, str]:
        status, text = super()._request_fn(url, data, headers, files, requests_kwargs)
        require_answer(status, text)
        return status, text


def require_answer(status: int, text: str) -> None:
    """Tell a busy and a broken catalogue from one that answers."""
    if status >= 500:
        raise _BrokenError(str(status))
    if status == 409 and '"Busy Error"' in text:
        raise _BusyError


class Catalogue:
    """A CKAN site with Madang's extension, seen by its publisher or by anybody."""

    def __init__(self, url: str, token: str | None = None) -> None:
        """Name the site.

        Args:
            url: Address of its home page.
            token: The account to act for; None is an anonymous visitor.
        """
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._remote = _Remote(self.url, apikey=token, session=self._session)
        self._headers = {"Authorization": token} if token else {}

    def call(self, action: str, arguments: Mapping[str, Any]) -> Any:
        """Call an action; wait a while for somebody who works at the same release.

        Raises:
            CatalogueUnavailableError: No answer, or a broken one; calling again can help.
            CatalogueRejectedError: The catalogue refuses what was asked.
        """
        kwargs = {"timeout": TIMEOUT_SECONDS}
        return self._told(
            action,
            lambda: self._remote.call_action(action, dict(arguments), requests_kwargs=kwargs),
        )

    def find(self, action: str, arguments: Mapping[str, Any]) -> Any:
        """Call an action that shows something; None when there is no such thing."""
        try:
            return self.call(action, arguments)
        except _AbsentError:
            return None

    def put_file(self, arguments: Mapping[str, str | int], path: Path) -> None:
        """Store one file of a release, unless it is there already."""
        if self.call("madang_release_file_put", arguments)["status"] != "there":
            self._told("madang_release_file_put", lambda: self._upload(arguments, path))

    def hash_file(self, dataset: str, release: str, file_name: str) -> str:
        """Download a file as this visitor, and return the SHA-256 of what came."""
        address = file_url(self.url, dataset, release, file_name)
        return str(self._told("download", lambda: self._hash(address)))

    def _upload(self, arguments: Mapping[str, str | int], path: Path) -> Any:
        with path.open("rb") as file:
            texts = {key: str(value) for key, value in arguments.items()}
            form = MultipartEncoder({**texts, "upload": (str(arguments["file_name"]), file)})
            answer = self._session.post(
                f"{self.url}/api/action/madang_release_file_put",
                data=form,
                headers={**self._headers, "Content-Type": form.content_type},
                timeout=TIMEOUT_SECONDS,
            )
        require_answer(answer.status_code, answer.text)
        if answer.status_code != requests.codes.ok:
            raise ValidationError(_error_of(answer.text))
        return answer.json()["result"]

    def _hash(self, address: str) -> str:
        sha256 = hashlib.sha256()
        with self._session.get(
            address, headers=self._headers, stream=True, timeout=TIMEOUT_SECONDS
        ) as answer:
            require_answer(answer.status_code, "")
            if answer.status_code != requests.codes.ok:
                raise NotFound(str(answer.status_code))
            for chunk in answer.iter_content(CHUNK_BYTES):
                sha256.update(chunk)
        return sha256.hexdigest()

    def _told(self, what: str, ask: Any) -> Any:
        """Ask, and turn every failure into one of ours; the catalogue's words stay outside."""
        for pause in (*BUSY_PAUSES_SECONDS, None):
            try:
                return ask()
            except _BusyError:
                if pause is None:
                    raise _unavailable(what, "another process works at this release") from None
                time.sleep(pause)
            except (_BrokenError, requests.RequestException, ServerIncompatibleError) as problem:
                raise _unavailable(what, _short(problem)) from None
            except NotFound:
                raise _AbsentError(
                    f"{what}: the catalogue has no such thing. {_LIVE_STAYS} See that the"
                    " catalogue runs with Madang's extension.",
                    action=what,
                ) from None
            except NotAuthorized:
                raise CatalogueRejectedError(
                    f"{what}: the catalogue does not allow this to the publisher. {_LIVE_STAYS}"
                    " Run `madang catalogue init`, or draw a new token.",
                    action=what,
                ) from None
            except ValidationError as problem:
                keys = ", ".join(sorted(key for key in problem.error_dict if key[0] != "_"))
                raise CatalogueRejectedError(
                    f"{what}: the catalogue refuses {keys or 'the request'}. {_LIVE_STAYS}"
                    " Correct the contract, or see the catalogue's log.",
                    action=what,
                    keys=keys,
                ) from None
            except CKANAPIError as problem:
                raise _unavailable(what, _short(problem)) from None
        raise _unavailable(what, "it stays busy")


class _AbsentError(CatalogueRejectedError):
    """What was asked for is not there."""


def _unavailable(what: str, why: str) -> CatalogueUnavailableError:
    return CatalogueUnavailableError(
        f"{what}: the catalogue does not answer ({why}). {_LIVE_STAYS} Nothing is lost: see"
        " `make status`, then run again.",
        action=what,
    )


def _short(problem: Exception) -> str:
    return f"status {problem}" if isinstance(problem, _BrokenError) else type(problem).__name__


def _error_of(text: str) -> dict[str, Any]:
    try:
        error = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
