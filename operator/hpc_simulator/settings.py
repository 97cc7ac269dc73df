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
    raw_characters: str = "-_.~"
    """What the percent-encoding in the string to sign leaves as it is, beside letters and digits (RFC 3986's here)."""
    signed_spaces: Literal["%20", "+"] = "%20"
    """How a space stands in the string to sign: as the page's text says, or as its form encoder writes it."""
    signed_path: Literal["slash", "bare", "either"] = "slash"
    """Whether the path is signed with a slash at its end, which the request's own path has not."""
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
    """Calls that a key may make in a period; one more is refused with 2500."""
    quota_period: float = 3600.0
    """3600 as the request page says, 86400 as the error page says."""
    quota_window: Literal["sliding", "fixed"] = "sliding"
    """Whether the period slides, or begins anew at fixed times (86400 and fixed: at midnight UTC)."""
    quota_counts_refused: bool = False
    """Whether calls that end in a non-zero ret_code use up the quota."""
    cluster_quota: int | None = None
    """Clusters an owner may have; one more is refused with 2500."""

    # Refusals
    foreign_owner: Literal["empty", "denied"] = "empty"
    """What a key sees of another account: empty lists and 2100, or 1400."""
    wrong_zone_code: int = 1101
    """The refusal of a zone in which the account is not at home."""
    busy_code: int = 1400
    """The refusal of a change while an operation runs on the cluster."""
    last_node_code: int = 1400
    """The refusal of a deleteNodes that would leave a role without a node."""
    most_nodes: int = 99
    """Nodes that addNodes lets a role have; the documented 99, or an account's smaller room."""
    too_many_nodes_code: int = 2500
    """The refusal of an addNodes after which a role would have more nodes than that."""
    refused_word: str = ""
    """A name or description in which it stands is refused with 1101 by modifyCluster; empty: none is."""
    wrong_role_code: int = 1101
    """The refusal of a role that the cluster has not, or that its type cannot change."""
    nodes_change_when: Literal["active", "stopped-too"] = "active"
    """In which status of the cluster nodes may be added, taken away and resized."""
    repeated_power: Literal["refused", "accepted"] = "refused"
    """The start of a running cluster and the stop of a stopped one: 1400, or one more job that changes nothing."""
    start_path: Literal["startCluster", "misprinted-too"] = "startCluster"
    """Whether the path that one page prints, `startClusrer`, leads to startCluster too."""
    second_hpc_code: int = 2500
    """The refusal of an owner's second hpc cluster."""
    repeated_create: Literal["creates", "refused"] = "creates"
    """A create whose body is that of a cluster which still exists: makes another one, or is refused with 2110."""
    run_user_must_be_owner: bool = False
    """Whether a delete whose run_user is not the owner is refused with 1400."""
    paid_type_required: bool = True
    """As the newer page says; the older one has it optional."""
    strict_sizes: bool = False
    """Whether sizes off the documented ladder of CPU and memory are refused with 8000."""
    least_compute_memory: int = 4096
    """The reference's text prints 4098, its example sends 4096."""
    strict_passwords: bool = False
    """Whether admin.password must be what the user API asks: 12 to 30 characters of all four kinds."""
    longest_name: int = 39
    """A longer cluster_name is refused with 1101."""
    refusal_status: int = 200
    """HTTP status of an answer with a non-zero ret_code."""
    messages: Literal["varied", "same", "absent"] = "varied"
    """Whether refusals take turns among wordings in two languages, always use one, or say nothing."""
    tap_closed: bool = False
    """Nothing reaches the cloud: connections are refused."""

    # Jobs
    time_factor: float = 1.0
    """Multiplies every job's duration; 0.01 makes a create of 360 s take 3.6 s."""
    create_seconds: float = 360.0
    """How long the job of a create takes."""
    delete_seconds: float = 60.0
    """How long the job of a delete takes."""
    node_seconds: float = 90.0
    """How long the job of addNodes, deleteNodes or restartNodes takes."""
    resize_seconds: float = 120.0
    """How long the job of a resize takes."""
    power_seconds: float = 60.0
    """How long the job of a start or stop takes."""
    change_jobs_fail: bool = False
    """Whether every change of nodes, sizes or power is accepted and fails later."""
    add_partial: bool = False
    """Whether a failed addNodes leaves half of its nodes behind (one of one), or none."""
    power_answer: Literal["job_id", "job_ids"] = "job_id"
    """What startCluster and stopCluster answer: the example's `job_id`, or a list `job_ids` as their tables say."""
    create_jobs_fail: bool = False
    """Whether every create is accepted and fails later."""
    delete_jobs_fail: bool = False
    """Whether every delete is accepted and fails later."""
    create_failure_leaves: Literal["abnormal", "nothing"] = "abnormal"
    """What a failed create leaves behind."""
    delete_failure_leaves: Literal["before", "abnormal"] = "before"
    """The status of a cluster whose delete failed: the one before, or abnormal."""
    status_during_operation: Literal["transitional", "unchanged"] = "transitional"
    """Whether cluster_status tells that an operation runs on an existing cluster (a create always shows steps)."""
    busy_word: Literal["console", "pending", "active", "unknown"] = "console"
    """What cluster_status says in those steps: the console's words, a documented one, or a word nobody knows."""

    change_word: Literal["unchanged", "console", "pending", "unknown"] = "unchanged"
    """What cluster_status says while nodes, sizes or power of an existing cluster are changed: what it said before, a
    word for the operation, `pending`, or a word nobody knows. The default list shows the cluster all the while."""
    new_nodes_show: Literal["begin", "end"] = "begin"
    """Whether nodes being added are listed from the beginning of their job on, as pending, or from its end on."""
    deleting_node_shows: Literal["status", "transition", "nothing"] = "status"
    """Where a node being taken away says `deleting`: in status and transition_status, in the latter only, nowhere."""

    # The list
    list_lag: float = 0.0
    """How long a new cluster stays out of every list, and how old is what listNodes and total_node_count say."""
    list_shape: Literal["flat", "wrapped"] = "flat"
    """Elements of cluster_set: the fields themselves, or an object `app_cluster` around them."""
    misspelled_fields: bool = False
    """Write nas_mout_point, schedule_type and toatl_node_count, as the page's table does."""
    id_shows_hidden: bool = True
    """Whether `cluster_id=` shows deleting and abnormal clusters."""
    type_shows_hidden: bool = False
    """The same for `cluster_type=`."""
    status_shown: bool = True
    """Whether elements carry cluster_status, which stands only in the page's example."""
    job_counts_shown: bool = True
    """Whether elements carry the counters of jobs, which stand only in the page's example."""
    default_reverse: Literal[0, 1] = 0
    """The order of a list or log that is asked without `reverse`."""
    order: Literal["asked", "oldest", "newest", "ties", "any"] = "asked"
    """Of lists, log and nodes: as asked; always oldest or newest first, whatever `sort_key` and `reverse` say; as asked
    but in another order at each call where times are equal; in another order at each call."""
    longest_page: int = 100
    """No page has more items, whatever `limit` says."""
    name_echo: Literal["top", "conf", "none"] = "top"
    """Which name of the create the list shows: cluster_name, cluster_conf.cluster.name, or a generated one."""
    rename_echo: bool = True
    """Whether the list shows a modifyCluster's name; also where a create's names are not shown."""
    description_echo: bool = True
    """Whether the list shows a modifyCluster's description."""

    # The operation log
    log_lag: float = 0.0
    """How long a new entry, and the end of a job, stay out of the log."""
    log_keeps: float | None = None
    """How long an ended entry stays in the log; None keeps it for ever."""
    pending_create_names_cluster: bool = True
    """Whether the entry of a create that runs has resource_ids."""
    failed_create_names_cluster: bool = True
    """Whether the entry of a create that failed has resource_ids."""
    pending_change_names_cluster: bool = True
    """Whether the entry of a running change of nodes, sizes or power has resource_ids."""
    log_names_nodes: bool = False
    """Whether resource_ids of such an entry name the nodes too, after the cluster."""
    pending_word: Literal["pending", "unknown"] = "pending"
    """The status of an entry whose operation runs: the documented word, or one nobody knows."""
    job_actions: Literal["plain", "unknown"] = "plain"
    """Values of job_action and action_describe: plain words, or ones that nobody can guess (none is documented)."""
    log_refused_creates: bool = False
    """Whether a refused create leaves a failed entry without resource_ids."""
    log_modify: bool = True
    """Whether modifyCluster, which is immediate and has no job_id in its answer, leaves an entry."""
    error_codes_type: Literal["string", "list", "int", "object", "null"] = "string"
    """The type of error_codes, which is not documented."""

    # Every answer
    numbers_as: Literal["numbers", "strings", "floats"] = "numbers"
    """How whole numbers are written, ret_code and total_count too: 0, "0" or 0.0."""
    optional_fields: Literal["all", "null", "missing"] = "all"
    """Whether what a client can do without is there, is null, or is left out."""
    extra_fields: bool = False
    """Whether every object carries fields that no page names, with envelopes and ids of their own inside."""
    permission_shape: Literal["flat", "wrapped"] = "flat"
    """Whether the numbers of an account stand at the top of the answer, or in an object inside."""
    texts: Literal["plain", "chinese", "long"] = "plain"
    """Messages, and what people wrote at the console: as they are, Chinese around them, or 100 kB long."""
