"""The commands of the alerts' runbooks, as they stand: kubectl and hpc-operator understand each of them."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from stage import Stage, until
from stage.manifests import ehpc
from stage.operators import environment
from stage.programs import script

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
COMMAND = re.compile(r"^ *((?:kubectl|hpc-operator) .+)$", re.MULTILINE)
FENCE = re.compile(r"^ *```\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
MISUNDERSTOOD = re.compile(
    r"unknown|[Uu]sage:|No such (?:command|option)|resource type|jsonpath|unable to parse|must specify"
)
"""What the programs say to a command that they do not understand, whatever there is or is not on the server."""
OPEN = "{.status.operation.action}"


def commands() -> Iterator[tuple[str, str]]:
    for page in sorted(RUNBOOKS.glob("*.md")):
        for block in FENCE.findall(page.read_text()):
            yield from ((page.stem, command) for command in COMMAND.findall(block))


ALL = sorted({command for _, command in commands()})


def run(stage: Stage, command: str) -> "subprocess.CompletedProcess[str]":
    """As it stands, for the stage's server; what runs in the operator's Pod runs here with the same settings."""
    command = command.replace("NAMESPACE", stage.namespace).replace("NAME", "demo")
    _, inside, ours = command.rpartition(" -- ")
    words = shlex.split(ours if inside else command)
    if words[0] == "hpc-operator" or words[:2] == ["kubectl", "hpc"]:
        program: list[str | Path] = (
            [script("hpc-operator"), *words[1:]] if words[0] == "hpc-operator" else [script("kubectl-hpc"), *words[2:]]
        )
    else:
        program = [stage.server.binary("kubectl"), *words[1:], "--request-timeout=20s"]
    own = {**environment(stage.settings()), **stage.server.environment()}
    return subprocess.run(program, env=own, capture_output=True, text=True, check=False)


def test_what_is_misunderstood_is_seen(stage: Stage) -> None:
    for wrong in (
        "kubectl get hpcs",
        "kubectl get hpc --namspace=x",
        "kubectl lgos deploy/x",
        "kubectl get hpc -A -o jsonpath='{range'",
        "hpc-operator staus",
        "hpc-operator status --every",
        "hpc-operator orphan",
    ):
        done = run(stage, wrong)
        assert done.returncode != 0, wrong
        assert MISUNDERSTOOD.search(done.stdout + done.stderr), done.stdout + done.stderr


def test_every_command_is_understood_and_names_what_is_open(stage: Stage) -> None:
    assert len(ALL) > 20
    operator = stage.operator()
    stage.kube.apply(ehpc("demo"))
    stage.wait_ready("demo")
    stage.cloud.set(time_factor=1.0)
    stage.kube.kubectl("delete", "hpccluster", "demo", "--wait=false")
    (opened,) = [command for command in ALL if OPEN in command]
    until("the deletion is an open operation", lambda: f"{stage.namespace}/demo Delete 20" in run(stage, opened).stdout)
    operator.stop()
    for command in ALL:
        done = run(stage, command)
        assert not MISUNDERSTOOD.search(done.stderr), (command, done.stderr)
        if "kubectl" not in command.split(" -- ")[-1]:
            assert done.returncode in (0, 1), (command, done.stderr)
