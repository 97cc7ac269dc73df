"""Spec and annotations to `Desired` and `Orders`, with a sentence for people where they cannot be read.

Only `kube.codec` imports it (and whoever validates manifests offline). Pure. The values of a refused field never come
into a sentence: one of them may be a password.
"""

import re
from collections.abc import Mapping

from pydantic import ValidationError

from hpc_operator.domain.desired import (
    ClusterConf,
    ClusterType,
    DeletionPolicy,
    Desired,
    DisruptionPolicy,
    ManagementPolicy,
    Orders,
    Power,
    Role,
    Scalar,
    SecretKey,
)
from hpc_operator.kube import names
from hpc_operator.kube import schema as shape
from hpc_operator.kube.instants import clean, seconds
from hpc_operator.kube.memory_schema import ROLES
from hpc_operator.kube.rules import broken

MEND = "correct it in the manifest and apply again"
UPGRADE = "take it out of the manifest, or upgrade the operator to the version of the CRD"
UNREADABLE = (
    "the operator's memory of this cluster was edited or damaged; put back what the operator wrote "
    "(a backup has it), or remove it only when no create can be open"
)
_NOTHING = Desired(ClusterType.EHPC, None, None, deletion_protection=True, management_policy=ManagementPolicy.OBSERVE)
_SHOWN = 3
_LONGEST = 1000
_CLUSTER = re.compile(names.CLUSTER_ID_PATTERN)
_TOKEN = re.compile(names.ID_PATTERN)


def parse_spec(raw: object) -> tuple[Desired, str | None]:
    """The wish; with a sentence, when it cannot be read, and a wish under which nothing may be called or deleted."""
    try:
        spec = shape.Spec.model_validate(raw)
        desired = _desired(spec)
    except ValueError as error:
        return _NOTHING, explain("spec", error, UPGRADE if says_more(error) else MEND)
    if rule := broken(spec):
        return _NOTHING, f"spec{rule.field}: {rule.message}: {MEND}"
    return desired, None


def newer_spec(raw: object) -> bool:
    """Whether a spec that cannot be read says something that only a newer version knows."""
    try:
        shape.Spec.model_validate(raw)
    except ValueError as error:
        return says_more(error)
    return False


def says_more(error: ValueError) -> bool:
    """Whether there is a field or a word that this version does not know: the server dropped what its CRD does not."""
    found = error.errors(include_url=False, include_context=False) if isinstance(error, ValidationError) else []
    words = (e for e in found if e["type"] == "literal_error" and e["loc"][-1] != "version")
    return any(e["type"] == "extra_forbidden" for e in found) or any(isinstance(e["input"], str) for e in words)


def parse_orders(annotations: Mapping[str, str]) -> tuple[Orders, str | None]:
    """What people ask by annotation; with a sentence when one of them cannot be understood."""
    problems: list[str] = []

    def one(name: str, pattern: re.Pattern[str], what: str) -> str | None:
        value = annotations.get(name)
        if value is None or pattern.fullmatch(value.strip()):
            return value.strip() if value else None
        problems.append(f"annotation {name}: must be {what}; correct it or remove it")
        return None

    beside = annotations.get(names.ANNOTATION_CREATE_BESIDE)
    tokens = () if beside is None else tuple(re.split(r"[\s,]+", beside.strip(" \t\r\n,")))
    if not all(_TOKEN.fullmatch(token) for token in tokens):
        problems.append(
            f"annotation {names.ANNOTATION_CREATE_BESIDE}: must be ids of clusters or marks, separated by commas; "
            "correct it or remove it"
        )
        tokens = ()
    orders = Orders(
        adopt=one(names.ANNOTATION_ADOPT, _CLUSTER, "the id of one cluster (ehpc-… or hpc-…)"),
        take_over=one(names.ANNOTATION_TAKE_OVER, _CLUSTER, "the id of one cluster (ehpc-… or hpc-…)"),
        create_beside=tokens,
        recreate=one(names.ANNOTATION_RECREATE, _TOKEN, "the id of a cluster, or <mark>-<attempt>"),
        paused=annotations.get(names.ANNOTATION_PAUSED, "").strip().lower() not in ("", "false"),
        reconcile_at=_cut(annotations.get(names.ANNOTATION_RECONCILE_AT)),
    )
    return orders, problems[0] if problems else None


def explain(where: str, error: ValueError, mend: str) -> str:
    """`<field>: <what is wrong>; …: <what to do>`, without any value, at most 1000 characters."""
    if not isinstance(error, ValidationError):
        return f"{where}: {clean(str(error), 200)}: {mend}"
    found = error.errors(include_input=False, include_url=False, include_context=False)
    said = [f"{_path(where, e['loc'])}: {words(e['type'], e['msg'])}" for e in found[:_SHOWN]]
    more = f" (and {len(found) - _SHOWN} more)" if len(found) > _SHOWN else ""
    return clean(f"{'; '.join(said)}{more}: {mend}", _LONGEST)


def _path(where: str, location: tuple[int | str, ...]) -> str:
    return where + "".join(f".{clean(str(part), 64)}" for part in location)


def words(kind: str, message: str) -> str:
    """What is wrong with a field, from pydantic's kind of error and message."""
    if kind == "extra_forbidden":
        return "not known to this version of the operator"
    return "required" if kind == "missing" else message


def _desired(spec: shape.Spec) -> Desired:
    given = spec.model_dump(include=set(shape.PASSED_ON), exclude_none=True)
    ref = spec.credentials_secret_ref
    return Desired(
        cluster_type=ClusterType(spec.cluster_type),
        version_id=spec.version_id,
        conf=_conf(spec.cluster_conf) if spec.cluster_conf else None,
        zone=spec.zone,
        owner=spec.owner,
        uid_number=spec.uid_number,
        gid_number=spec.gid_number,
        cluster_name=spec.cluster_name,
        description=spec.description,
        parameters=given,
        create_only=spec.create_only.model_dump(exclude_none=True) if spec.create_only else {},
        admin_password=_key(spec.admin_password_secret_ref),
        password=_key(spec.password_secret_ref),
        credentials_secret=ref.name if ref else None,
        deletion_policy=DeletionPolicy(spec.deletion_policy) if spec.deletion_policy else None,
        deletion_protection=bool(spec.deletion_protection),
        management_policy=ManagementPolicy(spec.management_policy or "Full"),
        power=Power(spec.power or "Running"),
        disruption_policy=DisruptionPolicy(spec.disruption_policy or "WhenIdle"),
        disruption_deadline=seconds(spec.disruption_deadline) if spec.disruption_deadline else None,
        **({"create_timeout": seconds(spec.create_timeout)} if spec.create_timeout else {}),
    )


def _conf(conf: shape.ConfFields) -> ClusterConf:
    cluster = conf.cluster
    env: dict[str, Scalar] = conf.env.model_dump(by_alias=True, exclude_none=True) if conf.env else {}
    roles = {role: getattr(cluster, role) for role in ROLES}
    return ClusterConf(
        vxnet=cluster.vxnet,
        name=cluster.name,
        nas_id=cluster.nas_id,
        cluster_version=cluster.version,
        conf_version=conf.version,
        roles={name: Role(r.count, r.cpu, r.memory, r.nas_mount_point) for name, r in roles.items() if r is not None},
        env=env,
    )


def _key(ref: shape.SecretKeyFields | None) -> SecretKey | None:
    return SecretKey(ref.name, ref.key) if ref else None


def _cut(text: str | None) -> str | None:
    return clean(text, names.TEXT_LIMIT) if text is not None else None
