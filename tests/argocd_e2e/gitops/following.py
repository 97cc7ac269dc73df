"""Every version of some objects, as a watch tells them. Versions of one server's objects are in one order, across kinds."""

import json
import threading
from dataclasses import dataclass
from typing import Any, Self

import httpx
from stage import Kube


@dataclass(frozen=True, slots=True)
class Version:
    """One object at one time; `number` is the store's revision, which all kinds share."""

    number: int
    object: dict[str, Any]


PIECE = 2
"""Seconds of one request: the next one goes on where it ended, and the thread ends between two."""


class Following:
    """Watches a collection from now on. Use it in a `with` statement. AssertionError when the watch has broken off.

    Only its thread reads and closes the connection: closed by another one, its descriptor may be a new connection's
    while the thread still reads from it.
    """

    def __init__(self, kube: Kube, path: str) -> None:
        listed = kube.get(path)
        assert listed is not None, path
        self._url, self._since = f"{kube.server.url}{path}", listed["metadata"]["resourceVersion"]
        headers = {"Authorization": f"Bearer {kube.token}"}
        self._client = httpx.Client(headers=headers, verify=kube.ssl, timeout=httpx.Timeout(30, read=None))
        self._thread = threading.Thread(target=self._follow, name="following", daemon=True)
        self._ended = threading.Event()
        self._seen: list[Version] = []
        self._broken = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def of(self, name: str, since: int = 0) -> list[Version]:
        """All later versions of the object of that name, oldest first."""
        assert not self._broken, self._broken
        seen = list(self._seen)
        return [each for each in seen if each.object["metadata"]["name"] == name and each.number > since]

    def _follow(self) -> None:
        try:
            with self._client:
                while not self._ended.is_set():
                    self._one_piece()
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError, KeyError) as error:
            self._broken = f"the watch on {self._url} broke off: {error!r}"

    def _one_piece(self) -> None:
        query = {"watch": "1", "resourceVersion": self._since, "timeoutSeconds": str(PIECE)}
        with self._client.stream("GET", self._url, params=query) as answer:
            for line in answer.iter_lines():
                made = json.loads(line)["object"]
                self._since = made["metadata"]["resourceVersion"]
                self._seen.append(Version(int(self._since), made))
