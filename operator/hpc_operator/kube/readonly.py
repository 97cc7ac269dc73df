"""An `Api` that can only read. For commands that promise to change nothing: the promise is kept here, not by care."""

from collections.abc import Mapping
from typing import Any

from hpc_operator.kube.api import JSON, Api


class ReadOnly:
    """See `api.Api`. AssertionError for anything but a GET, before anything is sent."""

    def __init__(self, inner: Api) -> None:
        self._inner = inner

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = JSON,
    ) -> dict[str, Any]:
        """See `api.Api`."""
        if method != "GET":
            raise AssertionError(f"{method} {path} in a command that only reads")
        return await self._inner.request(method, path, body=body, query=query, content_type=content_type)
