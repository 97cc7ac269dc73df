"""What the simulated cloud does where the API contract is silent, and how fast it does it.

Lives here: one frozen dataclass of settings with defaults. Everyone in the simulator may import it.
Never comes in: reading of the environment or of files; behaviour.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; times in seconds. The defaults follow the documentation, or its most natural reading."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}

    # Signing and clocks
    signature_encoding: Literal["twice", "once", "either"] = "twice"
    """How often the signature in the URL is percent-encoded; the documentation says twice."""
    signed_values: Literal["encoded", "raw"] = "encoded"
    """Whether the string to sign holds parameter values percent-encoded (documented) or raw (a sister service)."""
    request_lifetime: float = 60.0
    """A request whose timestamp is older is refused with 1300, also when it takes effect late."""
    refuse_future: bool = False
    """Whether a timestamp further ahead than the lifetime is refused with 1300."""
    clock_offset: float = 0.0
    """Added to the injected clock for everything the cloud says or compares about time of day."""
    date_header: bool = True
    """Whether answers carry a `Date` header, from the cloud's clock."""

    # Quotas
    call_quota: int = 2000
    quota_period: float = 3600.0
    quota_window: Literal["sliding", "fixed"] = "sliding"
    quota_counts_refused: bool = False
    """Whether calls that end in a non-zero ret_code use up the quota."""
    cluster_quota: int | None = None
    """Clusters an owner may have; one more is refused with 2500."""

    # Refusals
    foreign_owner: Literal["empty", "denied"] = "empty"
    """What a key sees of another account: empty lists and 2100, or 1400."""
    wrong_zone_code: int = 1101
    busy_code: int = 1400
    second_hpc_code: int = 2500
    run_user_must_be_owner: bool = False
    paid_type_required: bool = True
    strict_sizes: bool = False
    """Whether sizes off the documented ladder of CPU and memory are refused with 8000."""
    longest_name: int = 39
    refusal_status: int = 200
    """HTTP status of an answer with a non-zero ret_code."""
    tap_closed: bool = False
    """Nothing reaches the cloud: connections are refused."""

    # Jobs
    time_factor: float = 1.0
    """Multiplies every job's duration; 0.01 makes a create of 360 s take 3.6 s."""
    create_seconds: float = 360.0
    delete_seconds: float = 60.0
    create_jobs_fail: bool = False
    delete_jobs_fail: bool = False
    create_failure_leaves: Literal["abnormal", "nothing"] = "abnormal"
    delete_failure_leaves: Literal["before", "abnormal"] = "before"
    status_during_operation: Literal["transitional", "unchanged"] = "transitional"
    """Whether cluster_status tells that an operation runs on an existing cluster (a create always shows steps)."""

    # The list
    list_lag: float = 0.0
    """How long a new cluster stays out of every list."""
    list_shape: Literal["flat", "wrapped"] = "flat"
    """Elements of cluster_set: the fields themselves, or an object `app_cluster` around them."""
    misspelled_fields: bool = False
    """Write nas_mout_point, schedule_type and toatl_node_count, as the page's table does."""
    id_shows_hidden: bool = True
    """Whether `cluster_id=` shows deleting and abnormal clusters."""
    type_shows_hidden: bool = False
    """The same for `cluster_type=`."""
    default_reverse: Literal[0, 1] = 0
    name_echo: Literal["top", "conf", "none"] = "top"
    """Which name of the create the list shows: cluster_name, cluster_conf.cluster.name, or a generated one."""
    rename_echo: bool = True
    description_echo: bool = True

    # The operation log
    log_lag: float = 0.0
    """How long a new entry, and the end of a job, stay out of the log."""
    pending_create_names_cluster: bool = True
    failed_create_names_cluster: bool = True
    log_refused_creates: bool = False
    log_modify: bool = True
    """Whether modifyCluster, which is immediate and has no job_id in its answer, leaves an entry."""
    error_codes_type: Literal["string", "list", "int"] = "string"
