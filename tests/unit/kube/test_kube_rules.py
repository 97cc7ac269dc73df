"""Every rule says the same in CEL and in Python: the CEL that stands in the CRD is evaluated by a CEL runtime.

The runtime knows nothing of Kubernetes: field names are escaped here as the API server escapes them, and at a creation
`oldSelf` is an optional without a value. The same examples each time: each rule must meet both verdicts.
"""

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_optional
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpc_operator.kube.rules import SPEC_RULES
from hpc_operator.kube.schema import Spec
from hpc_operator.kube.transitions import ROOT_RULES, Created

ENV = cel.NewEnv(variables={"self": cel.Type.DYN}, extensions=[ext_optional.ExtOptional()])
AT_CREATION = [rule for rule in ROOT_RULES if rule.holds is not None]
MARKED = "x-abcdefghijklmno-1"


def maybe(**fields):
    """An object in which each field may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


def one(*values):
    return st.sampled_from(values)


ROLE = st.builds(
    lambda size, count: size | count,
    st.fixed_dictionaries({"cpu": one(1, 2, 4), "memory": one(1024, 4095, 4096, 8192)}),
    maybe(count=one(1, 2, 99)),
)
CLUSTER = st.builds(
    lambda needed, rest: needed | rest,
    st.fixed_dictionaries({"login": ROLE}),
    maybe(vxnet=st.just("vxnet-1"), controller=ROLE, compute=ROLE, name=one("a", "b", MARKED)),
)
ENVIRONMENT = maybe(**{"admin.password": one("", "word"), "admin.user": st.just("admin")})
CONF = st.builds(
    lambda needed, rest: needed | rest, st.fixed_dictionaries({"cluster": CLUSTER}), maybe(env=ENVIRONMENT)
)
SPECS = st.builds(
    lambda needed, rest: needed | rest,
    st.fixed_dictionaries({"cluster_type": one("hpc", "ehpc")}),
    maybe(
        version_id=st.just("appv-1"),
        deploy_mode=one("1", "2"),
        paid_type=one("Reserved", "PayForUsed"),
        duration=one(0, 1, 2, 12, 70),
        is_auto_renewal=one(0, 1),
        cluster_name=one("a", "b", "流体-1", "abcdefghijklmno", MARKED),
        description=one("", "for abcdefghijklmno", f"for {MARKED}", "1abcdefghijklmno-1"),
        password=one("", "word"),
        createTimeout=one("59s", "1m", "60s", "0h1m", "168h", "168h1s", "1h30m", "99999m"),
        disruptionDeadline=one("0s", "0h0m", "1s", "720h", "720h1s", "8h"),
        managementPolicy=one("Full", "Observe", "Plan"),
        cluster_conf=CONF,
    ),
)
UNHURRIED = settings(
    deadline=None, derandomize=True, database=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow]
)


def escaped(value):
    if isinstance(value, dict):
        return {name.replace(".", "__dot__"): escaped(inner) for name, inner in value.items()}
    return value


def compiled(rule):
    """The rule as a question about `self`, at a creation."""
    program = ENV.compile(rule.cel.replace("oldSelf", "optional.none()"))
    return lambda self: program.eval(data={"self": self}).plain_value()


@pytest.mark.parametrize("rule", SPEC_RULES, ids=lambda rule: rule.message[:40])
def test_a_claim_about_the_spec_is_the_same_in_both_languages(rule):
    says, seen = compiled(rule), set()

    @UNHURRIED
    @given(SPECS)
    def same(raw):
        holds = rule.holds(Spec.model_validate(raw))
        seen.add(holds)
        assert says(escaped(raw)) is holds

    same()
    assert seen == {True, False}, "both verdicts were met"


@pytest.mark.parametrize("rule", AT_CREATION, ids=lambda rule: rule.field)
def test_a_claim_about_a_creation_is_the_same_in_both_languages(rule):
    says, seen = compiled(rule), set()

    @UNHURRIED
    @given(SPECS, one("one", MARKED))
    def same(raw, name):
        holds = rule.holds(Created(name, Spec.model_validate(raw)))
        seen.add(holds)
        assert says({"metadata": {"name": name}, "spec": escaped(raw)}) is holds

    same()
    assert seen == {True, False}, "both verdicts were met"


def test_a_rule_without_a_twin_compares_with_the_old_object():
    assert [r.field for r in (*SPEC_RULES, *ROOT_RULES) if r.holds is None and "oldSelf.?status" not in r.cel] == []
