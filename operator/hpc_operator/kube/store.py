"""The API server, reached: the only module that imports the Kubernetes client.

`main` makes a `Server`; the other modules of this room use it through `api.Api`. No knowledge of HpcClusters comes in
here. Every request names its content type and its timeout (the client would wait 300 s and guess the type), and none
is repeated.
"""

import json
import os.path
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.request import getproxies

import aiohttp
import yaml
from kubernetes.aio import client
from kubernetes.aio import config as kubernetes_config
from kubernetes.aio.config import kube_config

from hpc_operator.kube.api import JSON, refuse
from hpc_operator.kube.connection import Connection
from hpc_operator.reconcile.ports import Unavailable

USUAL: str = kube_config.KUBE_CONFIG_DEFAULT_LOCATION
"""Where the user's own kubeconfig is: what KUBECONFIG names, else kubectl's own place."""
PLACE = "~/.kube/config"
config: Any = kubernetes_config  # its functions are published without types
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_RELOAD_AFTER = 5.0
_USER_AGENT = "hpc-operator"


async def _configuration(kubeconfig: Path | None, context: str | None) -> client.Configuration:
    """The named kubeconfig; none named: the Pod's service account, and outside of a Pod the user's own kubeconfig."""
    made = client.Configuration()
    try:
        if kubeconfig is None and context is None:
            try:
                config.load_incluster_config(client_configuration=made)
            except config.ConfigException:
                await config.load_kube_config(client_configuration=made, persist_config=False)
        else:
            path = str(kubeconfig) if kubeconfig else None
            await config.load_kube_config(path, context, client_configuration=made, persist_config=False)
    except (
        config.ConfigException,
        yaml.YAMLError,
        OSError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
    ) as error:
        where = f"the kubeconfig {kubeconfig}" if kubeconfig else "a service account or a kubeconfig"
        raise Unavailable(
            f"no way to the API server can be read from {where}: {_missing(kubeconfig) or _one_line(error)}. "
            "Set HPC_OPERATOR_KUBECONFIG or --kubeconfig.",
            permanent=True,
        ) from error
    return made


def _missing(kubeconfig: Path | None) -> str:
    """That there is no such file; the client says then only that a key is missing in it. Empty where one is there."""
    named = str(kubeconfig or USUAL)
    there = any(Path(path).expanduser().exists() for path in named.split(os.path.pathsep) if path)
    return "" if there else f"there is no file {named}"


def _one_line(error: Exception) -> str:
    return " ".join((str(error) or type(error).__name__).split())


def _connection(made: client.Configuration) -> Connection:
    key = made.api_key.get("BearerToken")
    return Connection(
        server=made.host,
        token=key.split(" ", 1)[-1].strip() if key else None,
        ca_file=made.ssl_ca_cert,
        cert_file=made.cert_file,
        key_file=made.key_file,
        verify=made.verify_ssl,
        server_name=made.tls_server_name,
        proxy=made.proxy,
    )


async def read_connection(kubeconfig: Path | None = None, context: str | None = None) -> Connection:
    """Read the connection anew from its files. Raises Unavailable(permanent) with what to set."""
    return _connection(await _configuration(kubeconfig, context))


def home_namespace(kubeconfig: Path | None = None, context: str | None = None) -> str:
    """The namespace that a command means which names none: the context's, as for kubectl; in a Pod, its own."""
    try:
        if kubeconfig is None and context is None and _POD_NAMESPACE.is_file():
            return _POD_NAMESPACE.read_text().strip()
        current: Any
        contexts, current = config.list_kube_config_contexts(str(kubeconfig) if kubeconfig else None)
        found = next((each for each in contexts if each["name"] == context), None) if context else current
        return str((found or current)["context"].get("namespace") or "default")
    except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError, LookupError, AttributeError):
        return "default"  # whatever is wrong with the file is told by whoever connects


class Server:
    """Implements `api.Api` on the genuine server. Make it with `connect`; `close` it."""

    def __init__(
        self,
        configure: Callable[[], Awaitable[client.Configuration]],
        made: client.Configuration,
        *,
        timeout: float,
        connections: int,
        ticks: Callable[[], float],
        learn: Callable[[str], None],
    ) -> None:
        self._configure, self._ticks, self._connections, self._learn = configure, ticks, connections, learn
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._refused_at: float | None = None
        self._reloaded_at = ticks()
        self._old: list[client.ApiClient] = []
        self._use(made)

    @classmethod
    async def connect(
        cls,
        kubeconfig: Path | None,
        context: str | None,
        *,
        ticks: Callable[[], float],
        timeout: float = 10.0,  # noqa: ASYNC109 - of each later request
        connections: int = 20,
        learn: Callable[[str], None] = lambda _: None,
    ) -> "Server":
        """Nothing is sent yet. `timeout`: seconds for each request; `ticks`: a monotonic clock; `learn` takes each
        token before it is used.
        """

        async def configure() -> client.Configuration:
            return await _configuration(kubeconfig, context)

        return cls(configure, await configure(), timeout=timeout, connections=connections, ticks=ticks, learn=learn)

    async def close(self) -> None:
        """Close all connections."""
        clients: tuple[Any, ...] = (*self._old, self._client)
        for each in clients:
            await each.close()

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
        await self._reload()
        headers = {"Accept": JSON, "Content-Type": content_type}
        try:
            sent = await self._client.param_serialize(
                method, path, query_params=list((query or {}).items()), header_params=headers, body=body,
                auth_settings=["BearerToken"],
            )  # fmt: skip
            answer: Any = await self._client.call_api(*sent[:4], _request_timeout=self._timeout)
            text = await answer.read()
        except (aiohttp.ClientError, config.ConfigException, yaml.YAMLError, OSError, ValueError) as error:
            raise Unavailable(f"no answer from the API server to {method} {path}: {_one_line(error)}") from error
        return self._interpret(answer.status, text, method, path)

    def _interpret(self, status: int, text: bytes, method: str, path: str) -> dict[str, Any]:
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = None
        found = parsed if isinstance(parsed, dict) else None
        if status == 401:
            self._refused_at = self._ticks()
        if not 200 <= status < 300:
            refuse(status, found, method, path)
        if found is None:
            raise Unavailable(f"the API server answered {method} {path} with something else than an object")
        return found

    def _use(self, made: client.Configuration) -> None:
        made.connection_pool_maxsize = self._connections
        made.retries = None
        # With it aiohttp asks environment and .netrc in a thread before each request, twice.
        made.client_session_kwargs = {"trust_env": bool(getproxies())}
        self._client = client.ApiClient(made)
        self._client.user_agent = _USER_AGENT
        self._known = _connection(made)
        self._learn(self._known.token or "")
        self._learn_replaced(made)

    def _learn_replaced(self, made: client.Configuration) -> None:
        """In a Pod the client reads the token file anew each minute; that token too is learned before it is used."""
        refresh: Any = made.refresh_api_key_hook
        if refresh is None:
            return

        def refreshed(made: client.Configuration) -> None:
            refresh(made)
            self._hook(made, refreshed)  # the client has put its own back
            found = _connection(made)
            if found != self._known:
                self._known = found
                self._learn(found.token or "")

        self._hook(made, refreshed)

    @staticmethod
    def _hook(made: client.Configuration, hook: Callable[[client.Configuration], None]) -> None:
        untyped: Any = made  # published as if there were never one
        untyped.refresh_api_key_hook = hook

    async def _reload(self) -> None:
        """After a 401: read the token or certificate anew, at most every few seconds."""
        if self._refused_at is None or self._ticks() < self._reloaded_at + _RELOAD_AFTER:
            return
        self._refused_at, self._reloaded_at = None, self._ticks()
        made = await self._configure()
        if _connection(made) != self._known:
            self._old.append(self._client)
            self._use(made)
