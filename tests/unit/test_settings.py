"""Settings: where they come from, and what a wrong one says."""

import pytest

from hpc_operator.decide.guards import lease_suffices
from hpc_operator.settings import PREFIX, Settings, SettingsProblem, load

GOOD = {"FLEET": "lab", "OWNER": "usr-1", "ZONE": "jn1a"}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(PREFIX + name, value)


def test_the_policy_carries_what_was_set_and_the_default_owner_and_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "ZONES", "pek3, jn1a")
    monkeypatch.setenv(PREFIX + "VISIBILITY_LAG", "12.5")
    policy = load().policy()
    assert policy.zones == ("pek3", "jn1a")
    assert policy.owners == ("usr-1",)
    assert policy.visibility_lag == 12.5
    assert policy.window == 15 + 60 + 30 + 12.5


def test_a_flag_wins_over_the_environment_and_an_absent_flag_does_not() -> None:
    settings = load({"zone": "pek3", "owner": None})
    assert (settings.zone, settings.owner) == ("pek3", "usr-1")


def test_only_the_fixed_values_that_were_set_become_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "NFS_DNS", "10.0.0.2")
    monkeypatch.setenv(PREFIX + "START_HOOK_ON", "1")
    assert load().env_defaults() == {"nfs_dns": "10.0.0.2", "start_hook_on": 1}


def test_a_lease_that_is_kept_suffices_for_a_send_at_any_time() -> None:
    settings = load()
    just_before_renewal = settings.lease_duration * (1 - 1 / 8)
    assert lease_suffices(just_before_renewal - 1.0, settings.send_deadline)


WRONG = [
    ({"FLEET": None}, "fleet", "FLEET", "it is required: there is no safe default"),
    ({"FLEET": "Lab One"}, "fleet", "FLEET", "it is part of every mark"),
    ({"LEASE_DURATION": "1"}, "lease_duration", "LEASE_DURATION", "too short to renew"),
    ({"VISIBILITY_LAG": "0"}, "visibility_lag", "VISIBILITY_LAG", "a summand of the window"),
    ({"ENDPOINT": "ftp://x"}, "endpoint", "ENDPOINT", "not a web address"),
    ({"SIGNATURE_ENCODING": "thrice"}, "signature_encoding", "SIGNATURE_ENCODING", "no such dialect"),
    ({"ACCESS_KEY_ID": "key"}, "", "SECRET_ACCESS_KEY", "half a key"),
    ({"ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s", "CREDENTIALS_DIR": "/x"}, "", "CREDENTIALS_DIR", "two keys"),
    ({"RETRY_CAP": "1"}, "", "RETRY_CAP", "the cap is below the base"),
    ({"LEASE_DURATION": "20"}, "", "LEASE_DURATION", "a held Lease would never suffice for a send"),
    ({"SEND_DEADLINE": "25"}, "", "SEND_DEADLINE", "the same from the other side"),
    ({"ALLOWED_NAMESPACES": "lab,Team A"}, "allowed_namespaces", "ALLOWED_NAMESPACES", "no namespace has such a name"),
    ({"MAX_CLUSTERS": "-1"}, "max_clusters", "MAX_CLUSTERS", "a count"),
    ({"MAX_NODES_PER_CLUSTER": "0"}, "max_nodes_per_cluster", "MAX_NODES_PER_CLUSTER", "no cluster has no node"),
    ({"MAX_DELETIONS": "ten"}, "max_deletions", "MAX_DELETIONS", "a count"),
    ({"HOLD_DELETIONS": "maybe"}, "hold_deletions", "HOLD_DELETIONS", "yes or no"),
]


@pytest.mark.parametrize(("environment", "setting", "variable", "why"), WRONG)
def test_a_wrong_setting_is_one_line_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str | None], setting: str, variable: str, why: str
) -> None:
    for name, value in environment.items():
        if value is None:
            monkeypatch.delenv(PREFIX + name)
        else:
            monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsProblem) as raised:
        load()
    assert len(raised.value.lines) == 1, why
    line = raised.value.lines[0]
    assert line.startswith(setting), why
    assert PREFIX + variable in line, why
    assert "\n" not in line


def test_no_secret_reaches_a_repr_or_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "ACCESS_KEY_ID", "QYACCESS")
    monkeypatch.setenv(PREFIX + "SECRET_ACCESS_KEY", "verysecret")
    assert "verysecret" not in repr(load())
    monkeypatch.setenv(PREFIX + "CREDENTIALS_DIR", "/x")
    with pytest.raises(SettingsProblem) as raised:
        load()
    assert "verysecret" not in str(raised.value)


def test_every_setting_explains_itself() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_ceilings_and_bulk_deletions_reach_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = load().policy()
    assert (plain.allowed_namespaces, plain.max_clusters, plain.max_nodes_per_cluster) == ((), None, None)
    assert (plain.max_deletions, plain.hold_deletions) == (None, True)
    given = {"ALLOWED_NAMESPACES": "lab, prod", "MAX_CLUSTERS": "7", "MAX_NODES_PER_CLUSTER": "32"}
    for name, value in {**given, "MAX_DELETIONS": "3", "HOLD_DELETIONS": "false"}.items():
        monkeypatch.setenv(PREFIX + name, value)
    policy = load().policy()
    assert (policy.allowed_namespaces, policy.max_clusters, policy.max_nodes_per_cluster) == (("lab", "prod"), 7, 32)
    assert (policy.max_deletions, policy.hold_deletions) == (3, False)
