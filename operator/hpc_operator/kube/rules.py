"""What the schema alone cannot say about a spec: impossible combinations of fields.

Each rule is one claim in CEL for the API server, a sentence that names the field and says what to do, and the same
claim in Python for manifests that no server has checked. `kube.crd` writes the CEL into the CRD, `kube.wish` asks the
Python. What depends on the old object or the status is in `transitions`; a look at the cloud never comes in.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from hpc_operator.kube.fields import present, select
from hpc_operator.kube.instants import seconds
from hpc_operator.kube.schema import Spec

TERMS = (1, 3, 6, 12, 36, 70)
MARK = r"(^|[^A-Za-z0-9])a[a-z2-7]{14}-[0-9]"
_LIKE_A_MARK = re.compile(MARK)
MARK_MESSAGE = "must not contain a word that looks like an operator's mark (a, 14 letters or digits 2-7, -, a number)"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """One claim. `field` is the path below the place of the rule; `holds` is the same claim in Python.

    `holds` None: it compares with the old object, so nobody asks it at the creation. `names`: CEL that makes the
    message, where it depends on what is wrong.
    """

    field: str
    cel: str
    message: str
    reason: str = "FieldValueInvalid"
    holds: Callable[[T], bool] | None = None
    optional_old: bool = False
    names: str | None = None

    def schema(self) -> dict[str, object]:
        """As an entry of x-kubernetes-validations."""
        entry: dict[str, object] = {"rule": self.cel, "message": self.message, "reason": self.reason}
        if self.field:
            entry["fieldPath"] = self.field
        entry |= {"messageExpression": self.names} if self.names else {}
        return entry | ({"optionalOldSelf": True} if self.optional_old else {})


def broken(spec: Spec) -> Rule[Spec] | None:
    """The first claim about a spec alone that does not hold."""
    return next(all_broken(SPEC_RULES, spec), None)


def all_broken(rules: Iterable[Rule[T]], of: T) -> Iterator[Rule[T]]:
    """Every claim of these that does not hold."""
    return (rule for rule in rules if rule.holds is not None and not rule.holds(of))


def _role(spec: Spec, role: str, of: str) -> int | None:
    fields = getattr(spec.cluster_conf.cluster, role) if spec.cluster_conf else None
    return getattr(fields, of) if fields else None


def unmarked(text: str | None) -> bool:
    """Whether nothing in the text looks like a mark."""
    return text is None or _LIKE_A_MARK.search(text) is None


def _names_agree(spec: Spec) -> bool:
    inner = spec.cluster_conf.cluster.name if spec.cluster_conf else None
    return inner is None or spec.cluster_name is None or inner == spec.cluster_name


def _only_login(role: str) -> Rule[Spec]:
    return Rule(
        f".cluster_conf.cluster.{role}",
        f"self.cluster_type != 'hpc' || !self.?cluster_conf.cluster.?{role}.hasValue()",
        f"an hpc cluster has only login nodes: remove {role}, or set cluster_type to ehpc",
        "FieldValueForbidden",
        lambda s: s.cluster_type != "hpc" or _role(s, role, "cpu") is None,
    )


def _at_least(of: str, least: int, unit: str) -> Rule[Spec]:
    return Rule(
        f".cluster_conf.cluster.compute.{of}",
        f"self.?cluster_conf.cluster.?compute.{of}.orValue({least}) >= {least}",
        f"{of} of compute nodes must be at least {least}{unit}",
        holds=lambda s: (_role(s, "compute", of) or least) >= least,
    )


def _not_marked(field: str, read: Callable[[Spec], str | None]) -> Rule[Spec]:
    path = tuple(field[1:].split("."))
    return Rule(
        field,
        f"!({present('self', path)}) || !{select('self', path)}.matches('{MARK}')",
        f"{field.rpartition('.')[2]} {MARK_MESSAGE}",
        holds=lambda s: unmarked(read(s)),
    )


def _lasts(field: str, least: str, most: str, read: Callable[[Spec], str | None]) -> Rule[Spec]:
    shortest, longest = seconds(least), seconds(most)
    return Rule(
        f".{field}",
        f"!has(self.{field}) || "
        f"(duration(self.{field}) >= duration('{least}') && duration(self.{field}) <= duration('{most}'))",
        f"{field} must be between {least} and {most}",
        holds=lambda s: (text := read(s)) is None or shortest <= seconds(text) <= longest,
    )


_RESERVED = "self.?paid_type.orValue('') == 'Reserved'"
SPEC_RULES: tuple[Rule[Spec], ...] = (
    _only_login("controller"),
    _only_login("compute"),
    Rule(
        ".deploy_mode",
        "self.cluster_type != 'hpc' || self.?deploy_mode.orValue('1') == '1'",
        'deploy_mode of an hpc cluster must be "1"',
        holds=lambda s: s.cluster_type != "hpc" or s.deploy_mode in (None, "1"),
    ),
    Rule(
        ".cluster_conf.cluster.controller.count",
        "self.?cluster_conf.cluster.?controller.?count.orValue(1) == 1",
        "count of controller nodes must be 1",
        holds=lambda s: _role(s, "controller", "count") in (None, 1),
    ),
    _at_least("cpu", 2, ""),
    _at_least("memory", 4096, " (MiB)"),
    Rule(
        ".duration",
        f"!({_RESERVED}) || self.?duration.orValue(0) in {list(TERMS)}",
        "paid_type Reserved needs duration, in months: 1, 3, 6, 12, 36 or 70",
        holds=lambda s: s.paid_type != "Reserved" or s.duration in TERMS,
    ),
    Rule(
        ".duration",
        f"{_RESERVED} || self.?duration.orValue(0) == 0",
        "duration needs paid_type Reserved: leave it out, or 0",
        holds=lambda s: s.paid_type == "Reserved" or not s.duration,
    ),
    Rule(
        ".is_auto_renewal",
        f"!({_RESERVED}) || has(self.is_auto_renewal)",
        "paid_type Reserved needs is_auto_renewal: 1, or 0 to let the cluster end with its term",
        "FieldValueRequired",
        lambda s: s.paid_type != "Reserved" or s.is_auto_renewal is not None,
    ),
    Rule(
        ".is_auto_renewal",
        f"{_RESERVED} || self.?is_auto_renewal.orValue(0) == 0",
        "is_auto_renewal needs paid_type Reserved: leave it out, or 0",
        holds=lambda s: s.paid_type == "Reserved" or not s.is_auto_renewal,
    ),
    Rule(
        ".cluster_conf.cluster.name",
        "!has(self.cluster_name) || self.?cluster_conf.cluster.?name.orValue(self.cluster_name) == self.cluster_name",
        "cluster_conf.cluster.name must equal cluster_name: give one of them, or both alike",
        holds=_names_agree,
    ),
    Rule(
        ".cluster_conf.env['admin.password']",
        "!self.?cluster_conf.?env.?admin__dot__password.hasValue()",
        "a password must not stand in a manifest: put it into a Secret and name that in adminPasswordSecretRef",
        "FieldValueForbidden",
        lambda s: not (s.cluster_conf and s.cluster_conf.env and s.cluster_conf.env.admin_password is not None),
    ),
    Rule(
        ".password",
        "!has(self.password)",
        "a password must not stand in a manifest: put it into a Secret and name that in passwordSecretRef",
        "FieldValueForbidden",
        lambda s: s.password is None,
    ),
    _not_marked(".cluster_name", lambda s: s.cluster_name),
    _not_marked(
        ".cluster_conf.cluster.name",
        lambda s: s.cluster_conf.cluster.name if s.cluster_conf else None,
    ),
    _not_marked(".description", lambda s: s.description),
    _lasts("createTimeout", "1m", "168h", lambda s: s.create_timeout),
    _lasts("disruptionDeadline", "1s", "720h", lambda s: s.disruption_deadline),
)
"""Claims about a spec alone; their place in the CRD is `spec`."""
