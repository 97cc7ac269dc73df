"""Everything that can be set, from environment and flags, as one frozen model.

`main` reads it once and hands the values on; no other module looks at the environment. Nothing that decides or does
I/O comes in. A wrong value is one line that names the setting, its environment variable, and what to do.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hpc_operator.domain.policy import Policy

PREFIX = "HPC_OPERATOR_"
SECRET = ("access_key_id", "secret_access_key")  # no flags: the process list shows them to everybody
_NAME = r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$"
_SEGMENT = r"^[A-Za-z0-9][-A-Za-z0-9_.@]*$"
Words = Annotated[tuple[str, ...], NoDecode]
Positive = Annotated[float, Field(gt=0)]


class SettingsProblem(Exception):  # noqa: N818 - told to a person, then the process ends
    """Some settings are wrong. `lines` has one sentence for each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Settings(BaseSettings):
    """All settings; the description of each is its help text. Durations are seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    # The HPC API
    endpoint: str = Field("https://hpc-api.qingcloud.com/api", description="URL of the HPC API", pattern=r"^https?://")
    fleet: str = Field(
        pattern=r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$",
        description="a name that no other Kubernetes cluster sharing the QingCloud account uses; keep it in git, never "
        "change it (lower-case letters, digits and hyphens, at most 40), for example production-eu",
    )
    zone: str | None = Field(None, pattern=_SEGMENT, description="zone of resources that name none, for example jn1a")
    owner: str | None = Field(None, pattern=_SEGMENT, description="owner (user id) of resources that name none")
    zones: Words = Field((), description="zones that resources may name; the default zone is always among them")
    owners: Words = Field((), description="owners that resources may name; the default owner is always among them")
    credentials_dir: Path | None = Field(
        None, description="directory with the files access_key_id and secret_access_key (a mounted Secret)"
    )
    credentials_secret: str | None = Field(
        None, description="the Secret that is mounted there, as namespace/name: messages about the key name it"
    )
    access_key_id: SecretStr | None = Field(None, description="access key id, when there is no credentials directory")
    secret_access_key: SecretStr | None = Field(None, description="secret access key, belonging to access_key_id")
    credentials_max_age: float = Field(
        50.0, gt=0, le=60, description="for which a Secret with a key serves before it is read again"
    )
    signature_encoding: Literal["twice", "once"] = Field("twice", description="URL encoding of the signature")
    cluster_conf_as: Literal["object", "string"] = Field("object", description="how cluster_conf stands in the body")
    verify_tls: bool = Field(True, description="verify the API's certificate; false is for tests only")
    connect_timeout: Positive = Field(5.0, description="to connect to the HPC API")
    read_timeout: Positive = Field(30.0, description="to wait for an answer of the HPC API")
    quota: int = Field(2000, gt=0, description="API calls of the account in 3600 s")
    quota_window: Positive = Field(3600.0, description="seconds in which so many API calls are allowed")
    quota_pause: Positive = Field(3600.0, description="without any call after the API refused a read for its quota")
    quota_share: float = Field(0.8, gt=0, le=1, description="share of the quota that this operator may use")

    # Creating once: the summands of the window, and paces
    send_deadline: Positive = Field(15.0, description="from an intent to its request; part of the doubt window")
    request_lifetime: Positive = Field(60.0, description="how long the API takes a timestamp; part of the window")
    clock_skew: Positive = Field(30.0, description="largest allowed difference of the clocks; part of the window")
    visibility_lag: Positive = Field(300.0, description="until list and log show an effect; part of the window")
    poll: Positive = Field(10.0, description="between two looks while something is moving")
    staleness: Positive = Field(30.0, description="after which a change made outside is seen at the latest")
    retry_base: Positive = Field(15.0, description="first delay after a failure")
    retry_cap: Positive = Field(600.0, description="longest delay after failures")
    accept_invisible_marks: bool = Field(False, description="go on although the API does not show our names")
    accept_other_ids: bool = Field(False, description="allow uid_number and gid_number other than the owner's")

    # Ceilings of what the operator's own key is used for, and deletions in bulk
    allowed_namespaces: Annotated[tuple[Annotated[str, Field(pattern=_NAME)], ...], NoDecode] = Field(
        (), description="namespaces whose resources may use the operator's own key, separated by commas; empty: all"
    )
    max_clusters: int | None = Field(
        None,
        ge=0,
        description="clusters at most under the operator's own key; a create beyond waits; unset: no ceiling",
    )
    max_nodes_per_cluster: int | None = Field(
        None, ge=1, description="nodes of all roles at most in one cluster under the operator's own key; unset: any"
    )
    max_deletions: int | None = Field(
        None,
        ge=0,
        description="resources that may be deleted within ten minutes before deleteCluster is held for an approval; "
        "unset: the larger of 10 and a fifth of the fleet",
    )
    hold_deletions: bool = Field(True, description="hold deletions in bulk and those of the CRD; false: never")

    # Kubernetes
    namespaces: Words = Field((), description="namespaces to serve, separated by commas; empty: all")
    secret_namespaces: Words = Field(
        (),
        description="those whose Secrets it may have, which doctor then asks for; separated by commas; empty: all",
    )
    kubeconfig: Path | None = Field(None, description="kubeconfig file; without it, the Pod's own service account")
    context: str | None = Field(None, description="context of the kubeconfig; without it, its current one")
    kube_timeout: Positive = Field(10.0, description="to wait for an answer of the Kubernetes API server")
    lease_namespace: str = Field("hpc-operator", pattern=_NAME, description="namespace of the Lease")
    lease_name: str = Field("hpc-operator", pattern=_NAME, description="name of the Lease")
    lease_duration: float = Field(
        30.0, ge=3, le=300, description="for how long the Lease is held without renewal; 1.5 send deadlines at least"
    )
    resync_period: Positive = Field(300.0, description="between two lists that put the cache right")

    # The process
    listen_address: str = Field("0.0.0.0", description="address of /healthz, /readyz, /metrics")  # noqa: S104 - a Pod
    listen_port: int = Field(8080, ge=0, le=65535, description="port of /healthz, /readyz, /metrics; 0: a free one")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least severe line logged")
    concurrency: int = Field(16, ge=1, le=256, description="passes at once")
    shutdown_timeout: Positive = Field(40.0, description="for calls in flight after SIGTERM")

    # cluster_conf.env: what the API reference calls fixed values (createCluster page, cluster_conf)
    nfs_need: int | None = Field(None, description="default of cluster_conf.env.nfs_need")
    nfs_dns: str | None = Field(None, description="default of cluster_conf.env.nfs_dns")
    nfs_export: str | None = Field(None, description="default of cluster_conf.env.nfs_export")
    nfs_local: str | None = Field(None, description="default of cluster_conf.env.nfs_local")
    nfs_network: str | None = Field(None, description="default of cluster_conf.env.nfs_network")
    start_hook_on: int | None = Field(None, description="default of cluster_conf.env.start_hook_on")

    @field_validator("zones", "owners", "namespaces", "secret_namespaces", "allowed_namespaces", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("endpoint")
    @classmethod
    def _bare(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError(f"{PREFIX}ACCESS_KEY_ID and {PREFIX}SECRET_ACCESS_KEY belong together: set both or none")
        if self.credentials_dir is not None and self.access_key_id is not None:
            raise ValueError(f"{PREFIX}CREDENTIALS_DIR and {PREFIX}ACCESS_KEY_ID exclude each other: set one of them")
        if self.retry_cap < self.retry_base:
            raise ValueError(f"{PREFIX}RETRY_CAP must not be smaller than {PREFIX}RETRY_BASE")
        # Just before a renewal an eighth of the Lease is gone, and a send needs a whole deadline of what is left.
        if self.lease_duration < 1.5 * self.send_deadline:
            raise ValueError(
                f"{PREFIX}LEASE_DURATION must be at least 1.5 times {PREFIX}SEND_DEADLINE: else nothing is ever sent"
            )
        return self

    def policy(self) -> Policy:
        """The part that deciding depends on."""
        return Policy(
            send_deadline=self.send_deadline,
            request_lifetime=self.request_lifetime,
            clock_skew=self.clock_skew,
            visibility_lag=self.visibility_lag,
            poll=self.poll,
            staleness=self.staleness,
            retry_base=self.retry_base,
            retry_cap=self.retry_cap,
            accept_invisible_marks=self.accept_invisible_marks,
            accept_other_ids=self.accept_other_ids,
            zones=_with(self.zones, self.zone),
            owners=_with(self.owners, self.owner),
            allowed_namespaces=self.allowed_namespaces,
            max_clusters=self.max_clusters,
            max_nodes_per_cluster=self.max_nodes_per_cluster,
            max_deletions=self.max_deletions,
            hold_deletions=self.hold_deletions,
        )

    def env_defaults(self) -> Mapping[str, str | int]:
        """Defaults for `cluster_conf.env`, by the API's names."""
        names = ("nfs_need", "nfs_dns", "nfs_export", "nfs_local", "nfs_network", "start_hook_on")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def _with(words: tuple[str, ...], default: str | None) -> tuple[str, ...]:
    return words if default is None or default in words else (default, *words)


def load(flags: Mapping[str, Any] | None = None) -> Settings:
    """Environment, overridden by the flags that were given (None: not given). Raises SettingsProblem."""
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsProblem([_line(details) for details in error.errors(include_input=False)]) from None


def _line(details: ErrorDetails) -> str:
    if not details["loc"]:
        return details["msg"].removeprefix("Value error, ")
    name = str(details["loc"][0])
    field = Settings.model_fields.get(name)
    if field is None:
        return f"{name}: no such setting"
    wrong = "is not set" if details["type"] == "missing" else details["msg"].removeprefix("Value error, ")
    return f"{name}: {wrong}. Set {PREFIX}{name.upper()}{_or_flag(name)}: {field.description}"


def _or_flag(name: str) -> str:
    return "" if name in SECRET else f" or --{name.replace('_', '-')}"
