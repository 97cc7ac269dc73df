"""The spec's models: the createCluster table is complete, spelling tells whose field it is, nonsense is refused."""

import re

import pytest
from pydantic import BaseModel

from hpc_operator.decide.differences import SHOWN
from hpc_operator.kube.fields import leaves
from hpc_operator.kube.memory_schema import ROLES, StatusFields
from hpc_operator.kube.rules import SPEC_RULES, broken
from hpc_operator.kube.schema import Spec
from hpc_operator.kube.transitions import CHANGEABLE, FIXED, REFUSED
from hpc_operator.kube.wish import parse_spec
from reference.documented import CONF, REQUEST, STATE

# The table of the API reference's createCluster page without `timestamp`: it is the request's own.
DOCUMENTED = [row for row in REQUEST if row != "timestamp"]


def ehpc(**changes):
    role = {"cpu": 2, "memory": 4096}
    cluster = {"vxnet": "vxnet-1", "login": role, "controller": role, "compute": role}
    return {"cluster_type": "ehpc", "version_id": "appv-1", "cluster_conf": {"cluster": cluster}} | changes


def hpc(**changes):
    cluster = {"vxnet": "vxnet-1", "login": {"cpu": 1, "memory": 2048}}
    return ehpc(cluster_type="hpc", cluster_conf={"cluster": cluster}) | changes


def with_role(role, **fields):
    spec = ehpc()
    cluster = spec["cluster_conf"]["cluster"]
    cluster[role] = cluster[role] | fields
    return spec


def with_env(**fields):
    spec = ehpc()
    spec["cluster_conf"]["env"] = {name.replace("__", "."): value for name, value in fields.items()}
    return spec


@pytest.mark.parametrize("parameter", DOCUMENTED)
def test_every_row_of_the_create_cluster_table_has_its_field(parameter):
    below = ("createOnly", parameter) if parameter in STATE else (parameter,)
    assert any(path[: len(below)] == below for path in leaves())


@pytest.mark.parametrize("path", CONF)
def test_every_documented_part_of_cluster_conf_has_its_field(path):
    assert f"cluster_conf.{path}" in {".".join(leaf) for leaf in leaves()}


def test_a_snake_case_field_that_no_page_documents_does_not_exist():
    heads = {path[0] for path in leaves() if path[0] == path[0].lower()}
    assert heads - {"description", "power"} <= set(DOCUMENTED)


def models_in(model):
    yield model
    for field in model.model_fields.values():
        arguments = [a for o in getattr(field.annotation, "__args__", (field.annotation,)) for a in (o,)]
        for option in arguments:
            if isinstance(option, type) and issubclass(option, BaseModel):
                yield from models_in(option)


@pytest.mark.parametrize("model", sorted({*models_in(Spec), *models_in(StatusFields)}, key=lambda m: m.__name__))
def test_descriptions_say_whose_field_it_is_and_spelling_agrees(model):
    for name, field in model.model_fields.items():
        shown = field.alias or name
        assert re.match(r"(HPC API|Operator): \w", field.description or ""), shown
        if re.search("[a-z][A-Z]", shown):
            assert field.description.startswith("Operator: "), f"{shown} is camelCase, so it is not the API's"
        if "_" in shown:
            assert field.description.startswith("HPC API: "), f"{shown} is snake_case, so it is the API's"


def test_what_may_change_is_a_closed_list_of_fields_that_exist():
    """The design's list. A new field is create-only until somebody writes it here."""
    texts = {"cluster_name", "cluster_conf.cluster.name", "description"}
    policies = {
        "power", "disruptionPolicy", "disruptionDeadline", "deletionPolicy", "deletionProtection", "managementPolicy",
        "createTimeout",
    }  # fmt: skip
    nodes = {f"cluster_conf.cluster.{role}.{size}" for role in ROLES for size in ("count", "cpu", "memory")}
    assert texts | policies | {"credentialsSecretRef.name"} | nodes == CHANGEABLE | FIXED
    assert {"cluster_conf.cluster.controller.count"} == FIXED
    assert {"password", "cluster_conf.env.admin.password"} == REFUSED
    assert {".".join(path) for path in leaves()} >= CHANGEABLE | FIXED | REFUSED
    own = {"disruptionPolicy", "disruptionDeadline", "deletionPolicy", "deletionProtection", "managementPolicy",
           "createTimeout", "credentialsSecretRef.name"}  # fmt: skip
    assert own | SHOWN == CHANGEABLE, "what may be edited is carried out by a call, or obeyed by the operator itself"
    assert not own & SHOWN


REFUSALS = [
    (hpc(cluster_conf=ehpc()["cluster_conf"]), "controller: an hpc cluster has only login", "hpc has no controller"),
    (hpc(deploy_mode="2"), "deploy_mode of an hpc cluster", "the slim mode exists for ehpc only"),
    (with_role("controller", count=2), "controller.count: count of controller nodes must be 1", "one controller"),
    (with_role("compute", cpu=1), "compute.cpu: cpu of compute nodes must be at least 2", "documented minimum"),
    (with_role("compute", memory=2048), "compute.memory: memory of compute nodes must be at least 4096", "minimum"),
    (with_role("login", count=0), "login.count: Input should be greater than or equal to 1", "counts are 1 to 99"),
    (with_role("login", count=100), "login.count: Input should be less than or equal to 99", "counts are 1 to 99"),
    (with_role("login", cpu="2"), "login.cpu: Input should be a valid integer", "nothing is converted"),
    (with_role("login", cpu=True), "login.cpu: Input should be a valid integer", "a bool is no number"),
    (ehpc(paid_type="Reserved", is_auto_renewal=0), "duration: paid_type Reserved needs duration", "no term"),
    (ehpc(paid_type="Reserved", is_auto_renewal=0, duration=2), "paid_type Reserved needs duration", "unlisted term"),
    (ehpc(paid_type="Reserved", duration=1), "paid_type Reserved needs is_auto_renewal", "it would renew unasked"),
    (ehpc(paid_type="PayForUsed", duration=1), "duration needs paid_type Reserved", "a term that buys nothing"),
    (ehpc(duration=1), "duration needs paid_type Reserved", "the same without a paid_type"),
    (ehpc(is_auto_renewal=1), "is_auto_renewal needs paid_type Reserved", "nothing to renew"),
    (ehpc(paid_type="PayForUesd"), "spec.paid_type: Input should be 'Reserved' or 'PayForUsed'", "a page's misprint"),
    (with_env(admin__password="Secret-word-1"), "put it into a Secret and name that in adminPasswordSecretRef", "law"),
    (ehpc(password="Secret-word-1"), "put it into a Secret and name that in passwordSecretRef", "law"),
    (with_env(admin__user="Admin"), "spec.cluster_conf.env.admin.user: String should match", "documented shape"),
    (ehpc(cluster_name="abcdefghijklmno-1"), "cluster_name must not contain a word that looks like", "a forged mark"),
    (ehpc(description="of abcdefghijklmno-12."), "description must not contain a word that looks like", "the same"),
    (ehpc(createTimeout="30s"), "createTimeout must be between 1m and 168h", "every create would be called failed"),
    (ehpc(createTimeout="soon"), "spec.createTimeout: String should match pattern", "not a duration"),
    (ehpc(zone="jn1a&x=1"), "spec.zone: String should match pattern", "it enters a URL"),
    (ehpc(owner="usr-1/../x"), "spec.owner: String should match pattern", "it enters a path"),
    (ehpc(power="Off"), "spec.power: Input should be 'Running' or 'Stopped'", "no third state"),
    (ehpc(managementPolicy="Dry"), "spec.managementPolicy: Input should be 'Full', 'Observe' or 'Plan'", "unknown"),
    (ehpc(disruptionPolicy="Never"), "disruptionPolicy: Input should be 'WhenIdle' or 'Immediate'", "unknown"),
    (ehpc(disruptionDeadline="soon"), "spec.disruptionDeadline: String should match pattern", "not a duration"),
    (ehpc(disruptionDeadline="0s"), "disruptionDeadline must be between 1s and 720h", "Immediate says that"),
    (ehpc(disruptionDeadline="721h"), "disruptionDeadline must be between 1s and 720h", "nobody remembers a month"),
    (ehpc(colour="red"), "spec.colour: not known to this version of the operator", "nothing is ignored silently"),
    ({}, "spec.cluster_type: required", "everybody says which kind"),
    (None, "spec: Input should be a valid dictionary", "no spec at all"),
]


@pytest.mark.parametrize(("spec", "sentence", "reason"), REFUSALS)
def test_a_wrong_spec_is_refused_with_the_field_and_without_its_values(spec, sentence, reason):
    desired, problem = parse_spec(spec)
    assert problem is not None, reason
    assert sentence in problem, reason
    assert problem.endswith(("correct it in the manifest and apply again", "to the version of the CRD"))
    assert "Secret-word" not in problem
    assert desired.deletion_protection, "a wish that cannot be read never lets a cluster be deleted"
    assert desired.management_policy == "Observe", "nor anything be bought"


ACCEPTED = [
    (ehpc(), "the smallest ehpc"),
    (hpc(deploy_mode="1"), "the smallest hpc, saying the mode it has anyway"),
    (ehpc(paid_type="PayForUsed", duration=0, is_auto_renewal=0), "as the newer page's example sends it"),
    (ehpc(paid_type="Reserved", duration=70, is_auto_renewal=1), "five years, sic"),
    ({"cluster_type": "ehpc", "managementPolicy": "Observe"}, "Observe needs nothing of a create"),
    (ehpc(cluster_name="流体力学"), "a name in any script"),
    (ehpc(cluster_name="aardvark-1"), "too short for a mark"),
    (with_role("login", cpu=3, memory=3000), "off the documented ladder is the platform's to refuse"),
    (with_env(admin__user="admin", nfs_need=1, nfs_network="10.104.0.0/16"), "the documented env"),
]


@pytest.mark.parametrize(("spec", "reason"), ACCEPTED)
def test_a_right_spec_is_read(spec, reason):
    assert parse_spec(spec)[1] is None, reason


def test_each_rule_about_a_spec_is_the_one_that_refuses_something_here():
    """A rule that no row above trips would be a claim that nobody has tried."""
    met = set()
    for spec, _, _ in REFUSALS:
        try:
            rule = broken(Spec.model_validate(spec))
        except ValueError:
            continue
        met.add(rule.message)
    untried = {rule.message for rule in SPEC_RULES} - met
    assert untried == {
        "an hpc cluster has only login nodes: remove compute, or set cluster_type to ehpc",
        "cluster_conf.cluster.name must equal cluster_name: give one of them, or both alike",
        "name must not contain a word that looks like an operator's mark (a, 14 letters or digits 2-7, -, a number)",
    }, "these three are in the tests below"


@pytest.mark.parametrize(
    ("name", "cluster_name", "sentence"),
    [
        ("b", "a", "cluster_conf.cluster.name must equal cluster_name"),
        ("abcdefghijklmno-1", None, "name must not contain a word that looks like"),
    ],
)
def test_the_inner_name_is_held_to_the_outer_ones_rules(name, cluster_name, sentence):
    spec = ehpc(**({"cluster_name": cluster_name} if cluster_name else {}))
    spec["cluster_conf"]["cluster"]["name"] = name
    assert sentence in parse_spec(spec)[1]


def test_an_hpc_cluster_has_no_compute_nodes():
    spec = hpc()
    spec["cluster_conf"]["cluster"]["compute"] = {"cpu": 2, "memory": 4096}
    assert "remove compute" in parse_spec(spec)[1]
