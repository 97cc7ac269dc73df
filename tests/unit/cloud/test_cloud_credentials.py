"""Which key, and which account: every way in which it can be missing, malformed, or somebody else's."""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from cloud_scripts import ACCOUNT, UNHURRIED, HandClock, resource
from hypothesis import given as drawing
from hypothesis import strategies as st

from hpc_operator.cloud.credentials import AccountKeys, GivenKey, MountedKey, Source, parsed
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.reconcile.ports import SecretProblem, Unavailable

ENDPOINT = ACCOUNT.endpoint
PAIR = {"access_key_id": "AKIDENTITY", "secret_access_key": "SECRETVALUE"}
WHOLE = {**PAIR, "owner": "usr-secret", "zone": "sec1a"}


class Secrets:
    """The Secrets of a namespace, and how often they were read."""

    def __init__(self, **held: Mapping[str, str]) -> None:
        self.held = held
        self.reads = 0
        self.fail: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def read(self, namespace: str, name: str) -> Mapping[str, str]:
        self.reads += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        if name not in self.held:
            raise SecretProblem("CredentialsMissing", f"Secret {namespace}/{name} does not exist.")
        return self.held[name]


def keys(
    own: Source | None = None,
    secrets: Secrets | None = None,
    *,
    owner: str | None = "usr-set",
    zone: str | None = "set1a",
    clock: HandClock | None = None,
    scrubber: Scrubber | None = None,
) -> AccountKeys:
    read = (secrets or Secrets()).read
    return AccountKeys(own, ENDPOINT, read, clock or HandClock(), scrubber or Scrubber(), owner=owner, zone=zone)


def given(**values: str) -> GivenKey:
    return GivenKey({**PAIR, **values})


@pytest.mark.parametrize(
    ("spec", "settings", "source", "expected", "reason"),
    [
        ({"owner": "usr-spec", "zone": "sp1a"}, ("usr-set", "set1a"), {}, ("usr-spec", "sp1a"), "the spec wins"),
        ({}, ("usr-set", "set1a"), {"owner": "usr-f", "zone": "f1a"}, ("usr-set", "set1a"), "then the settings"),
        ({}, (None, None), {"owner": "usr-f", "zone": "f1a"}, ("usr-f", "f1a"), "then what lies beside the key"),
        ({"zone": "sp1a"}, ("usr-set", None), {}, ("usr-set", "sp1a"), "each for itself"),
    ],
)
async def test_the_account_with_the_operators_own_key(
    spec: dict[str, str],
    settings: tuple[str | None, str | None],
    source: dict[str, str],
    expected: tuple[str, str],
    reason: str,
) -> None:
    made = keys(given(**source), owner=settings[0], zone=settings[1])
    found = await made.credentials(resource(**spec))
    assert (found.account.owner, found.account.zone, found.account.endpoint) == (*expected, ENDPOINT), reason
    assert found.own


async def test_a_resource_with_a_secret_never_takes_the_operators_account() -> None:
    made = keys(given(), Secrets(mine=WHOLE, bare=PAIR))
    found = await made.credentials(resource(credentials_secret="mine"))
    assert (found.account.owner, found.account.zone, found.own) == ("usr-secret", "sec1a", False)
    for spec in ({}, {"owner": "usr-spec"}, {"zone": "sp1a"}):
        with pytest.raises(SecretProblem, match="Secret bare") as raised:
            await made.credentials(resource(credentials_secret="bare", **spec))
        assert raised.value.reason == "CredentialsMissing"
    found = await made.credentials(resource(credentials_secret="bare", owner="usr-spec", zone="sp1a"))
    assert found.account.owner == "usr-spec"


async def test_a_secret_is_at_most_a_minute_old_and_a_failure_some_seconds() -> None:
    clock, secrets = HandClock(), Secrets()
    made = keys(None, secrets, clock=clock)
    for _ in range(3):
        with pytest.raises(SecretProblem, match="does not exist") as raised:
            await made.credentials(resource(credentials_secret="late"))
    assert (raised.value.reason, secrets.reads) == ("CredentialsMissing", 1), "many who miss it read once"
    secrets.held["late"] = WHOLE
    clock.at += 15
    first = await made.credentials(resource(credentials_secret="late"))
    secrets.held["late"] = {**WHOLE, "secret_access_key": "ROTATED"}
    clock.at += 49
    assert await made.credentials(resource(credentials_secret="late")) == first
    clock.at += 1
    second = await made.credentials(resource(credentials_secret="late"))
    assert (second.secret_access_key, secrets.reads) == ("ROTATED", 3)
    assert second.fingerprint != first.fingerprint


class Turns(list[object]):
    """What turned, in order, since it was asked last."""

    def of(self, made: AccountKeys) -> "Turns":
        made.when_turned(self.append)
        return self

    def told(self) -> list[object]:
        found = list(self)
        self.clear()
        return found


@pytest.mark.parametrize(
    ("change", "turns", "reason"),
    [
        ({"secret_access_key": "ROTATED"}, True, "another key"),
        ({"zone": "other1a"}, True, "another zone"),
        ({"owner": "usr-other"}, True, "another owner"),
        ({"owner": ""}, True, "no owner any more"),
        ({"access_key_id": ""}, True, "no key any more"),
        ({"note": "x"}, False, "what nobody reads"),
        ({"access_key_id": " AKIDENTITY\n"}, False, "the same key, written otherwise"),
    ],
)
async def test_a_secret_that_holds_something_else_turned_and_turns_back(
    change: dict[str, str], turns: bool, reason: str
) -> None:
    clock, secrets = HandClock(), Secrets(mine=WHOLE)
    made = keys(None, secrets, clock=clock)
    turned = Turns().of(made)

    async def ask() -> None:
        clock.at += 50
        with suppress(SecretProblem):
            await made.credentials(resource(credentials_secret="mine"))

    await ask()
    await ask()
    assert turned.told() == [], "what is met for the first time, and what stays, is no turn"
    secrets.held["mine"] = {**WHOLE, **change}
    await ask()
    await ask()
    assert turned.told() == [("lab", "mine")] * turns, reason
    secrets.held["mine"] = WHOLE
    await ask()
    assert turned.told() == [("lab", "mine")] * turns


async def test_kubernetes_being_away_is_no_turn_and_what_was_read_is_not_used_for_longer() -> None:
    clock, secrets = HandClock(), Secrets(mine=WHOLE)
    made = keys(None, secrets, clock=clock)
    turned = Turns().of(made)
    first = await made.credentials(resource(credentials_secret="mine"))
    secrets.fail = Unavailable("down")
    clock.at += 49
    assert await made.credentials(resource(credentials_secret="mine")) == first
    clock.at += 1
    for _ in range(2):
        with pytest.raises(Unavailable, match="down"):
            await made.credentials(resource(credentials_secret="mine"))
    secrets.fail = None
    assert await made.credentials(resource(credentials_secret="mine")) == first
    assert turned.told() == []


async def test_a_right_that_was_taken_away_turned_it_and_is_asked_for_seldom() -> None:
    clock, secrets = HandClock(), Secrets(mine=WHOLE)
    made = keys(None, secrets, clock=clock)
    turned = Turns().of(made)
    await made.credentials(resource(credentials_secret="mine"))
    secrets.fail = Unavailable("forbidden", permanent=True)
    clock.at += 50
    for _ in range(3):
        with pytest.raises(Unavailable, match="forbidden") as raised:
            await made.credentials(resource(credentials_secret="mine"))
        assert raised.value.permanent
    assert (secrets.reads, turned.told()) == (2, [("lab", "mine")])


async def test_many_at_once_read_a_secret_once_and_each_secret_for_itself() -> None:
    clock, secrets = HandClock(), Secrets(mine=WHOLE, other=WHOLE)
    secrets.gate = asyncio.Event()
    made = keys(None, secrets, clock=clock)
    names = ["mine", "other"] * 50
    asked = [asyncio.create_task(made.credentials(resource(credentials_secret=name))) for name in names]
    await asyncio.sleep(0)
    asked[0].cancel()
    await asyncio.sleep(0)
    secrets.gate.set()
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert secrets.reads == 2 + 1, "who reads may be cancelled: the next one reads"
    assert len({each.fingerprint for each in found[1:]}) == 1  # type: ignore[union-attr]


async def test_a_key_that_nobody_uses_any_more_is_forgotten() -> None:
    clock, secrets = HandClock(), Secrets(mine=WHOLE, other=WHOLE)
    made = keys(None, secrets, clock=clock)
    turned = Turns().of(made)
    await made.credentials(resource(credentials_secret="mine"))
    clock.at += 700
    await made.credentials(resource(credentials_secret="other"))
    assert list(made._sources._held) == list(made._sources._reading) == [("lab", "other")]
    secrets.held["mine"] = {**WHOLE, "zone": "x1"}
    await made.credentials(resource(credentials_secret="mine"))
    assert turned.told() == []


async def test_the_operators_own_key_turns_with_its_files(tmp_path: Path) -> None:
    made = keys(mounted(tmp_path, **PAIR))
    turned = Turns().of(made)
    first = await made.credentials(resource())
    assert await made.credentials(resource()) == first
    assert turned.told() == []
    mounted(tmp_path, secret_access_key="ROTATED")
    assert (await made.credentials(resource())).secret_access_key == "ROTATED"
    assert turned.told() == [None]
    (tmp_path / "access_key_id").unlink()
    for _ in range(2):
        with pytest.raises(SecretProblem, match="access_key_id is missing"):
            await made.credentials(resource())
    assert turned.told() == [None]
    mounted(tmp_path, **PAIR)
    assert await made.credentials(resource()) == first
    assert turned.told() == [None]


def test_a_mount_that_is_replaced_while_it_is_read_gives_no_mixed_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in "12":
        (tmp_path / f"..v{number}").mkdir()
        mounted(tmp_path / f"..v{number}", access_key_id=f"AK{number}", secret_access_key=f"SK{number}")
    (tmp_path / "..data").symlink_to("..v1")
    for name in PAIR:
        (tmp_path / name).symlink_to(f"..data/{name}")

    def reading(path: Path) -> str:
        text = path.read_text()
        if text == "AK1":
            (tmp_path / "..new").symlink_to("..v2")
            os.replace(tmp_path / "..new", tmp_path / "..data")
        return text

    monkeypatch.setattr("hpc_operator.cloud.credentials._text", reading)
    found = MountedKey(tmp_path).read()
    assert (found.access_key_id.get_secret_value(), found.secret_access_key.get_secret_value()) == ("AK2", "SK2")


@pytest.mark.parametrize(
    ("values", "why", "name"),
    [
        ({}, "CredentialsMissing", "access_key_id is missing; it holds nothing"),
        ({"access_key_id": "AK"}, "CredentialsMissing", "secret_access_key is missing; it holds access_key_id"),
        ({"accessKey": "AK", "secretAccessKey": "S"}, "CredentialsMissing", "it holds accessKey, secretAccessKey. Put"),
        (dict.fromkeys("abcdefghij", "A"), "CredentialsMissing", "it holds a, b, c, d, e, f, g, h, …. Put"),
        ({"access_key_id": " \n", "secret_access_key": "S"}, "CredentialsMissing", "access_key_id is empty"),
        ({"access_key_id": "A K", "secret_access_key": "S"}, "CredentialsMalformed", "access_key_id"),
        ({"access_key_id": "AK", "secret_access_key": "S\nT"}, "CredentialsMalformed", "secret_access_key"),
        ({"access_key_id": "AK", "secret_access_key": "Sé"}, "CredentialsMalformed", "secret_access_key"),
        ({"access_key_id": "AK", "secret_access_key": "S" * 300}, "CredentialsMalformed", "secret_access_key"),
        ({**PAIR, "owner": "usr/../x"}, "CredentialsMalformed", "owner"),
        ({**PAIR, "zone": "a b"}, "CredentialsMalformed", "zone"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_never_its_value(values: dict[str, str], why: str, name: str) -> None:
    with pytest.raises(SecretProblem, match=name) as raised:
        parsed(values, "Secret lab/key")
    assert raised.value.reason == why
    assert "Secret lab/key" in str(raised.value)
    assert not any(value in str(raised.value) for value in values.values() if len(value) > 3)


@pytest.mark.parametrize(
    "name", ["QYACCESSKEYIDEXAMPLE", "0123456789abcdef", "Qj8-vN2_k1" + "x" * 30], ids=["id", "short", "secret"]
)
def test_a_name_that_may_be_a_key_itself_is_not_repeated(name: str) -> None:
    """`--from-literal=$KEY=$SECRET` makes the key's id the name of a value."""
    with pytest.raises(SecretProblem, match="it holds a name that is not repeated here, owner") as raised:
        parsed({name: "S", "owner": "usr-x"}, "Secret lab/key")
    assert name not in str(raised.value)


def test_a_directory_that_is_not_there_and_one_that_comes(tmp_path: Path) -> None:
    own = MountedKey(tmp_path / "key")
    with pytest.raises(
        SecretProblem, match=r"/key cannot be read \(No such file or directory\). Put access_key_id and"
    ):
        own.read()
    (tmp_path / "key").mkdir()
    with pytest.raises(SecretProblem, match="access_key_id is missing; it holds nothing"):
        own.read()
    mounted(tmp_path / "key", **PAIR)
    assert own.read().where == f"directory {tmp_path / 'key'}"


def test_a_mount_that_is_a_secret_is_told_as_the_secret(tmp_path: Path) -> None:
    """A person mends the Secret; where it is mounted is a path inside the Pod."""
    mounted(tmp_path, access_key_id="AK")
    with pytest.raises(SecretProblem) as raised:
        MountedKey(tmp_path, "ops/key").read()
    assert str(raised.value).startswith(f"Secret ops/key (mounted at {tmp_path}): secret_access_key is missing")


def test_what_the_kubelet_keeps_behind_a_mount_is_not_named(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    mounted(tmp_path, accessKey="AK", owner="usr-x")
    with pytest.raises(SecretProblem, match=r"it holds accessKey, owner\. Put"):
        MountedKey(tmp_path).read()


async def test_no_key_at_all_says_both_ways_out() -> None:
    with pytest.raises(SecretProblem, match="credentialsSecretRef"):
        await keys(None).credentials(resource())


async def test_an_account_that_nobody_names_says_where_to_name_it() -> None:
    with pytest.raises(SecretProblem, match=r"No owner is given; set spec\.owner or the operator's setting owner"):
        await keys(given(), owner=None).credentials(resource())
    with pytest.raises(SecretProblem, match="zone is no valid zone"):
        await keys(given()).credentials(resource(zone="../x"))


def mounted(folder: Path, **values: str) -> MountedKey:
    for name, value in values.items():
        (folder / name).write_text(value)
    return MountedKey(folder)


def test_mounted_files_are_read_without_the_newline_that_editors_leave(tmp_path: Path) -> None:
    found = mounted(tmp_path, access_key_id="AK\n", secret_access_key=" SK \n", owner="usr-1\n", zone="\n").read()
    assert (found.access_key_id.get_secret_value(), found.secret_access_key.get_secret_value()) == ("AK", "SK")
    assert (found.owner, found.zone) == ("usr-1", None)


def test_mounted_files_are_read_again_when_the_mount_changes(tmp_path: Path) -> None:
    # As the kubelet does it: the files are links through `..data`, which is replaced in one step.
    for number in ("1", "2"):
        version = tmp_path / f"..v{number}"
        version.mkdir()
        mounted(version, access_key_id=f"AK{number}", secret_access_key="SK")
    (tmp_path / "..data").symlink_to("..v1")
    for name in PAIR:
        (tmp_path / name).symlink_to(f"..data/{name}")
    source = MountedKey(tmp_path)
    first = source.read()
    assert source.read() is first
    (tmp_path / "..new").symlink_to("..v2")
    os.replace(tmp_path / "..new", tmp_path / "..data")
    assert source.read().access_key_id.get_secret_value() == "AK2"


def test_a_key_that_vanishes_is_not_used_any_more(tmp_path: Path) -> None:
    source = mounted(tmp_path, **PAIR)
    source.read()
    (tmp_path / "access_key_id").unlink()
    for _ in range(2):
        with pytest.raises(SecretProblem, match=f"{tmp_path}: access_key_id is missing"):
            source.read()


def test_files_that_are_no_text_or_no_files_are_named(tmp_path: Path) -> None:
    source = mounted(tmp_path, **PAIR)
    (tmp_path / "access_key_id").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretProblem, match="not a short text"):
        source.read()
    (tmp_path / "access_key_id").unlink()
    (tmp_path / "access_key_id").mkdir()
    with pytest.raises(SecretProblem, match="cannot be read"):
        source.read()


def test_the_fingerprint_tells_keys_apart_and_nothing_else() -> None:
    one = given().read()
    others = [given(access_key_id="OTHER").read(), given(secret_access_key="OTHER").read()]
    assert given(owner="usr-x", zone="z").read().fingerprint == one.fingerprint
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 3
    assert len(one.fingerprint) == 16
    assert int(one.fingerprint, 16) >= 0


async def test_handed_out_keys_are_known_to_the_scrubber_and_shown_nowhere() -> None:
    scrubber = Scrubber()
    made = keys(given(), scrubber=scrubber)
    found = await made.credentials(resource())
    shown = f"{found!r} {given()!r} {given().read()!r} {vars(given())!r} {made.own()!r}"
    assert not any(value in shown for value in PAIR.values())
    assert scrubber.scrub("AKIDENTITY SECRETVALUE") == "*** ***"


@UNHURRIED
@drawing(
    st.dictionaries(
        st.sampled_from([*WHOLE]),
        st.binary(max_size=40)
        | st.sampled_from(
            [b"AK" * 9000, b"\xef\xbb\xbfAK", b"A\0K", b"AK", b"usr-1", b"\xe2\x80\xaeAK", b"\r\nAK\r\n"]
        ),
    )
)
def test_whatever_the_files_hold_it_is_a_key_or_a_sentence_without_it(held: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in held.items():
            (Path(folder) / name).write_bytes(content)
        try:
            pair = MountedKey(Path(folder)).read()
        except SecretProblem as problem:
            shown = str(problem).replace(folder, "")
            assert not any(
                content.decode("utf-8", "replace").strip() in shown
                for content in held.values()
                if len(content.strip()) > 9
            )
        else:
            for secret in (pair.access_key_id, pair.secret_access_key):
                value = secret.get_secret_value()
                assert 0 < len(value) <= 256
                assert value.isascii()
                assert value.isprintable()
                assert " " not in value


def test_a_pipe_in_the_mount_is_not_waited_for(tmp_path: Path) -> None:
    source = mounted(tmp_path, secret_access_key="SK")
    os.mkfifo(tmp_path / "access_key_id")
    with pytest.raises(SecretProblem, match="not a short text"):
        source.read()
    (tmp_path / "access_key_id").unlink()
    (tmp_path / "access_key_id").symlink_to("/dev/zero")
    with pytest.raises(SecretProblem, match="not a short text"):
        source.read()
