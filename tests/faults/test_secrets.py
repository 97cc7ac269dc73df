"""A service that repeats all it was sent, and everything that came out of the lives under it: no secret is told.

Every world of this suite is searched at its end (`World.leaks`). Here the cloud echoes signed URLs and whole bodies into
each field that the operator shows, with DEBUG logs on, through the real log configuration.
"""

import base64
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest

from faults.harness import Exchange, World, run
from hpc_operator import logs
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.measuring.counting import Metrics
from hpc_simulator import Answer
from hpc_simulator import faults as f
from outputs import Searched, _base64, as_outputs, findings, forms

GIVEN, ADMIN = 'Gi"ven\\Pass&word/1+=', "Adm1n*Pass!w(o)rd&2"
SPEC: dict[str, Any] = {
    "passwordSecretRef": {"name": "given", "key": "password"},
    "adminPasswordSecretRef": {"name": "given", "key": "admin"},
}


@pytest.fixture
def logged() -> Iterator[Callable[[World], io.StringIO]]:
    """DEBUG logs of a world, as `main` configures them, through the scrubbers of its processes."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def begin(world: World) -> io.StringIO:
        out = io.StringIO()

        def scrub(text: str) -> str:
            for process in world.processes:
                text = process.scrubber.scrub(text)
            return text

        logs.configure("DEBUG", scrub, out)
        logging.disable(logging.NOTSET)
        return out

    yield begin
    root.handlers[:], root.level = before


def secrets_of_people(world: World) -> None:
    values = {"password": GIVEN, "admin": ADMIN}
    world.kube.put_secret("given", {name: base64.b64encode(value.encode()).decode() for name, value in values.items()})


def echo(exchange: Exchange) -> str:
    """The whole request in one text: the signed URL, raw and decoded, and the passwords of the body, short enough."""
    try:
        body = json.loads(exchange.body)
        conf = body.get("cluster_conf", {})
        said = [body.get("password"), conf.get("env", {}).get("admin.password")]
    except ValueError:
        said = []
    told = [value for value in said if value]
    return " ".join([*told, *map(quote, told), exchange.url, unquote(exchange.url), exchange.body])


def failing(code: int, cut: int) -> Callable[[Exchange], Answer]:
    """createCluster and deleteCluster fail with a message that repeats the request, beginning anywhere in it."""

    def bend(exchange: Exchange) -> Answer:
        if exchange.call not in ("createCluster", "deleteCluster", "modifyCluster"):
            return exchange.answer
        fields = {"action": "x", "ret_code": code, "message": echo(exchange)[cut:]}
        return Answer(200, {}, json.dumps(fields).encode())

    return bend


def shown(exchange: Exchange) -> Answer:
    """Lists and logs whose every shown text repeats what this key and these passwords are."""
    if exchange.call not in ("list", "operation") or exchange.answer.status != 200:
        return exchange.answer
    fields = json.loads(exchange.answer.body)
    told = f"{GIVEN} {ADMIN} {exchange.url} {unquote(exchange.url)}"
    for item in fields.get("cluster_set", []):
        line = item.get("app_cluster", item)
        line |= {"cluster_name": f"{line['cluster_name']} {told}"}
        line |= {"cluster_status": "SIMULATOR-ACCESS-KEY" if len(fields["cluster_set"]) > 2 else line["cluster_status"]}
    for item in fields.get("job_set", []):
        item |= {"error_codes": told, "job_action": told}
    return Answer(200, {}, json.dumps(fields).encode())


def refused_reads(exchange: Exchange) -> Answer:
    """Every read is refused with a message that repeats it."""
    if exchange.call == "createCluster":
        return exchange.answer
    fields = {"action": "x", "ret_code": 5000, "message": f"cannot serve {unquote(exchange.url)} {GIVEN} {ADMIN}"}
    return Answer(200, {}, json.dumps(fields).encode())


BENDS: dict[str, Callable[[Exchange], Answer]] = {
    **{f"refusal from {cut}": failing(1101, cut) for cut in (0, 3, 20, 37, 120)},
    **{f"code {code}": failing(code, 0) for code in (1400, 2110, 2400, 5000, 9999)},
    "lists and logs": shown,
    "refused reads": refused_reads,
}


def _searched(world: World, out: io.StringIO) -> None:
    world.extra_outputs |= {"log": out.getvalue(), **as_outputs("log line", _values(out))}


def _values(out: io.StringIO) -> Iterator[object]:
    for line in out.getvalue().splitlines():
        yield json.loads(line)


@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS)
def test_a_service_that_repeats_what_it_was_sent_is_not_repeated(
    bend: Callable[[Exchange], Answer], logged: Callable[[World], io.StringIO], tell: Callable[[str], None]
) -> None:
    counted = Searched()

    async def scenario(world: World) -> None:
        out = logged(world)
        secrets_of_people(world)
        world.process()
        world.people.apply(spec=SPEC)
        world.people.apply("generated")
        await world.wait(30)
        world.bend = bend
        world.people.apply("third", spec=SPEC)
        await world.wait(600)
        for name in ("demo", "third", "generated"):
            world.people.delete(name)
        await world.wait(300)
        world.bend = None
        await world.wait(900)
        _searched(world, out)
        assert findings({**world.keys_used, **world.kube.secret_values}, world.outputs(), counted) == []
        assert {GIVEN, ADMIN} <= set(world.kube.secret_values.values())
        assert len(world.kube.secret_values) > 2, "generated ones too"
        assert "***" in out.getvalue() or "***" in str(world.kube.sent), "something was there to be hidden"

    run(scenario, create_seconds=20.0, delete_seconds=20.0)
    tell(f"echoing service: {counted}")


@pytest.mark.parametrize("bend", ["refusal from 0", "refusal from 37", "lists and logs", "refused reads"])
def test_without_the_scrubber_the_same_lives_are_red(bend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search bites: the echo does reach what is written."""
    monkeypatch.setattr(Scrubber, "scrub", lambda _self, text: text)

    async def scenario(world: World) -> None:
        secrets_of_people(world)
        world.process()
        world.people.apply(spec=SPEC)
        await world.wait(15)
        world.bend = BENDS[bend]
        world.people.apply("third", spec=SPEC)
        await world.wait(600)

    with pytest.raises(AssertionError, match=r"tells|signed URL"):
        run(scenario, create_seconds=20.0)


def test_a_password_that_the_service_cut_is_not_told_by_halves() -> None:
    """The message is cut to 300 characters before anybody can scrub it: wherever the cut falls, no half is shown."""
    told: list[str] = []

    def cut(exchange: Exchange) -> Answer:
        if exchange.call != "createCluster":
            return exchange.answer
        password = json.loads(exchange.body)["password"]
        told.append(password)
        fields = {"ret_code": 1101, "message": "x" * (296 - len(told)) + password}
        return Answer(200, {}, json.dumps(fields).encode())

    async def scenario(world: World) -> None:
        secrets_of_people(world)
        world.process()
        world.cloud.add_fault(f.Code(1101), "createCluster", count=None)
        world.bend = cut
        world.people.apply(spec=SPEC)
        for number in range(10):
            assert await world.until(lambda: world.reason() == "SpecRefused", 300), world.message()
            assert json.dumps(GIVEN[:4])[1:-1] not in json.dumps(world.kube.sent), number
            world.people.annotate(reconcile_at=str(number))
            await world.wait(60)
        assert len(told) >= 10

    run(scenario)


def test_lives_with_faults_and_all_logs_on(logged: Callable[[World], io.StringIO], tell: Callable[[str], None]) -> None:
    """A handful of lives as the single faults play them, with every log line searched."""
    counted = Searched()
    faults = {
        "createCluster": [f.LostAfter(), f.Code(1101), f.Http(502), f.Tear()],
        "list": [f.Code(5000), f.Http(502, body="<html>signature=abc</html>")],
        "deleteCluster": [f.LostAfter(), f.Code(5100)],
    }
    for call, kinds in faults.items():
        for kind in kinds:

            async def scenario(world: World, call: str = call, kind: Any = kind) -> None:
                out = logged(world)
                secrets_of_people(world)
                world.process()
                world.cloud.add_fault(kind, call)
                world.people.apply(spec=SPEC)
                await world.wait(900)
                world.people.annotate(reconcile_at="1")
                await world.wait(300)
                world.people.delete()
                await world.wait(900)
                _searched(world, out)
                assert findings({**world.keys_used, **world.kube.secret_values}, world.outputs(), counted) == []
                assert out.getvalue().count("\n") > 10

            run(scenario, create_seconds=20.0, delete_seconds=20.0)
    tell(f"lives with faults and DEBUG logs: {counted}")


# --- the checker itself


PLANTED = {"password": GIVEN, "admin": ADMIN, "access key id": "SIMULATOR-ACCESS-KEY", "token": "eyJhbGciOi.J.bearer"}
ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda value: f"before {value} after",
    "URL-encoded": lambda value: "x=" + quote(value, safe=""),
    "URL-encoded twice": lambda value: "x=" + quote(quote(value, safe=""), safe=""),
    "as browsers encode": lambda value: "x=" + quote(value, safe="!*'()"),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 amid other bytes": lambda value: base64.b64encode(f"u:{value}\n".encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(f"user:{value}.".encode()).decode(),
    "JSON": lambda value: json.dumps({"told": value}),
    "JSON in JSON": lambda value: json.dumps(json.dumps({"told": value})),
    "repr": lambda value: repr([value]),
    "repr in JSON": lambda value: json.dumps(repr([value])),
    "one line of two": lambda value: " ".join(value.split()),
}


@pytest.mark.parametrize("secret", PLANTED)
@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_the_checker_is_red_for_each_encoding(encoding: Callable[[str], str], secret: str) -> None:
    assert findings(PLANTED, {"here": encoding(PLANTED[secret])}) == [f"here: tells {secret}"]


@pytest.mark.parametrize("url", ["?a=b&signature=abc", "Signature%3Dabc", "signature%253Dabc", "signature\\u003dabc"])
def test_the_checker_is_red_for_a_signed_url(url: str) -> None:
    assert findings({}, {"here": url}) == ["here: a signed URL"]


def test_the_checker_is_green_for_what_tells_nothing() -> None:
    counted = Searched()
    assert findings(PLANTED, {"log": "signature ***, password ***", "status": "{}"}, counted) == []
    assert (counted.outputs, counted.secrets, counted.bytes > 10) == (2, 4, True)


@pytest.mark.parametrize("value", PLANTED.values())
def test_what_the_checker_finds_is_what_the_scrubber_hides(value: str) -> None:
    """Both are written independently: each form that one knows, the other hides. (Escaped twice: `logs` sees to that.)"""
    scrubber = Scrubber()
    scrubber.add(value)
    texts = [f"a {form} b" for form in forms(value, twice=False) - _base64(value)]
    texts += [encoding(value) for name, encoding in ENCODINGS.items() if " in JSON" not in name]
    for text in texts:
        assert findings({"it": value}, {"here": text}) == ["here: tells it"]
        assert findings({"it": value}, {"here": scrubber.scrub(text)}) == [], text


@pytest.mark.parametrize("place", ["annotation", "status", "condition", "event", "log", "error", "metric"])
def test_a_world_is_red_wherever_a_secret_comes_out(place: str) -> None:
    """Planted in each kind of output of a life, the password that was generated for it."""

    async def scenario(world: World) -> None:
        process = world.process()
        world.people.apply()
        assert await world.until(world.ready, 900)
        (secret,) = world.kube.secret_values.values()
        path = "/apis/hpc.qingcloud.com/v1alpha1/namespaces/default/hpcclusters/demo"
        match place:
            case "annotation":
                body: dict[str, Any] = {"metadata": {"annotations": {"x": quote(secret, safe="")}}}
                world.kube.request("x", "PATCH", path, body, None)
            case "status":
                world.kube.request("x", "PATCH", f"{path}/status", {"status": {"cluster_name": secret}}, None)
            case "condition":
                body = {"status": {"conditions": [{"type": "Ready", "message": f"said {secret}"}]}}
                world.kube.request("x", "PATCH", f"{path}/status", body, None)
            case "event":
                events = "/apis/events.k8s.io/v1/namespaces/default/events"
                world.kube.request("x", "POST", events, {"note": base64.b64encode(secret.encode()).decode()}, None)
            case "log":
                world.extra_outputs["log"] = json.dumps({"message": secret})
            case "error":
                process.errors.append(f"ValueError: {secret}")
            case _:
                metrics = Metrics()
                metrics.called("create", secret, 1.0)
                told = [sample.labels for metric in metrics.registry.collect() for sample in metric.samples]
                world.extra_outputs["metrics"] = json.dumps(told)

    with pytest.raises(AssertionError, match="tells demo-admin/password"):
        run(scenario)
