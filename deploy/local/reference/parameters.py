"""Where each documented parameter of createCluster is in the spec, how it is sent, and which tests would miss it.

Paths are those of the request's body; `timestamp` alone is in the query. What is not in `_OWN` is passed on as it
stands in the spec, which one walk over all of them tries.
"""

from dataclasses import dataclass

from reference import documented

WALK = "tests/unit/reference/test_reference_walk.py::test_a_value_goes_from_the_spec_to_the_request_and_nowhere_else"
_BODY = "tests/unit/cloud/test_cloud_wire.py::test_the_body_is_the_documented_shape"
_ANSWERS = (
    "tests/unit/cloud/test_cloud_wire.py::"
    "test_the_operator_answers_for_names_account_and_passwords_whatever_the_manifest_says"
)
_EXAMPLE = "tests/e2e/test_main_job.py::test_the_example_with_every_field"
_SECRETS = "tests/e2e/test_main_job.py::test_passwords_are_generated_apart_or_taken_by_reference"
_SIGNED = "tests/unit/cloud/test_cloud_calls.py::test_a_create_signs_the_timestamp_that_it_was_given"
_TERM = "tests/unit/cloud/test_cloud_wire.py::test_a_term_is_sent_as_the_manifest_says"
_LIBRARY = (
    "tests/unit/cloud/test_cloud_wire.py::test_env_defaults_fill_in_what_the_manifest_leaves_out_and_nothing_else"
)
_IDS = "tests/unit/reconcile/test_reconcile_buying.py::test_whose_ids_a_create_names"
_ACCOUNT = "tests/unit/cloud/test_cloud_credentials.py::test_the_account_with_the_operators_own_key"
_NAME = "tests/unit/reference/test_reference_walk.py::test_either_name_is_the_one_that_is_marked"

AS_IT_STANDS = "as it stands"
NOT_SENT = "not sent"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `path`: in the request; `place`: in the spec, "" for none; `absent`: what is sent without it."""

    path: str
    place: str
    how: str = AS_IT_STANDS
    absent: str = NOT_SENT
    tests: tuple[str, ...] = (WALK,)

    @property
    def verbatim(self) -> bool:
        """Whether it is passed on unchanged."""
        return self.how == AS_IT_STANDS


_MARKED = "with a mark added, the same at both places"
_FROM_ACCOUNT = "as the key's account has it; another one is refused"
_LIBRARY_SETTING = "the operator's setting of this name, else not sent"


def _own(path: str, place: str, how: str, absent: str, *tests: str) -> Parameter:
    return Parameter(path, place, how, absent, tests)


_OWN = {
    each.path: each
    for each in (
        _own("timestamp", "", "in the query, when the intent was written", "always sent", _SIGNED),
        _own("gid_number", "gid_number", _FROM_ACCOUNT, "read from `/permission`", _IDS, _BODY),
        _own("uid_number", "uid_number", _FROM_ACCOUNT, "read from `/permission`", _IDS, _BODY),
        _own("owner", "owner", "as `owner` and `user_id`", "the operator's, or the Secret's", _ACCOUNT, _ANSWERS),
        _own("zone", "zone", "in the body and in the query", "the operator's, or the Secret's", _ACCOUNT, _SIGNED),
        _own("cluster_name", "cluster_name", _MARKED, "metadata.name, marked", _NAME, _EXAMPLE),
        _own("cluster_conf.cluster.name", "cluster_conf.cluster.name", _MARKED, "as `cluster_name`", _NAME, _BODY),
        _own("password", "passwordSecretRef", "what the Secret holds", NOT_SENT, _EXAMPLE, _SECRETS),
        _own(
            "cluster_conf.env.admin.password", "adminPasswordSecretRef", "what the Secret holds",
            "a generated one, kept in `<name>-admin`", _SECRETS, _EXAMPLE,
        ),
        Parameter("paid_type", "paid_type", absent="`PayForUsed`", tests=(WALK, _TERM)),
        Parameter("duration", "duration", absent="`0`", tests=(WALK, _TERM)),
        Parameter("is_auto_renewal", "is_auto_renewal", absent="`0`", tests=(WALK, _TERM)),
        Parameter(
            "cluster_conf.env.admin.user_id", "cluster_conf.env.admin.user_id", absent="as `uid_number`",
            tests=(WALK, _BODY),
        ),
        Parameter(
            "cluster_conf.env.admin.group_id", "cluster_conf.env.admin.group_id", absent="as `gid_number`",
            tests=(WALK, _BODY),
        ),
    )
}  # fmt: skip

_NEEDED = ("version_id", "cluster_type", "cluster_conf.cluster.vxnet")
_LIBRARY_FIELDS = ("nfs_need", "nfs_dns", "nfs_export", "start_hook_on", "nfs_local", "nfs_network")


def parameters() -> list[Parameter]:
    """Every documented parameter, in the page's order."""
    return [_OWN.get(path) or _passed_on(path) for path in documented.rows()]


def _passed_on(path: str) -> Parameter:
    place = f"createOnly.{path}" if path in documented.STATE else path
    last = path.rpartition(".")[2]
    if path in _NEEDED or last in ("cpu", "memory"):
        return Parameter(path, place, absent="refused")
    if last == "count":
        return Parameter(path, place, absent="`1`", tests=(WALK, _BODY))
    if last in _LIBRARY_FIELDS:
        return Parameter(path, place, absent=_LIBRARY_SETTING, tests=(WALK, _LIBRARY))
    return Parameter(path, place)
