"""The tree that the image is, made by the file that its build stage runs, and asked as the image would be.

pytestmark = pytest.mark.slow

It needs the package index, or pip's cache of it. What is read-only in a container is asserted here by its effect:
after all commands the tree is as it was, and nothing stands in the working directory.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stage.programs import script
from stage.waiting import until

from containerfile import CONTAINERFILE, ROOT, stages
from local_control_plane.processes import Program
from supply.lock import pinned

IMAGE = stages(CONTAINERFILE.read_text())[1][-1]


class Tree:
    """An assembled tree; `run` starts one of its commands with the image's variables, in an empty folder."""

    def __init__(self, path: Path, empty: Path) -> None:
        self.path, self.empty = path, empty
        told = {name: text.replace("/opt/hpc-operator", str(path)) for name, text in IMAGE.environment().items()}
        self.variables = {**told, "LANG": "C.UTF-8"}

    def command(self, name: str) -> str:
        return str(self.path / "bin" / name)

    def run(self, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command(name), *arguments],
            cwd=self.empty,
            env={**self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    def files(self) -> dict[str, tuple[int, int]]:
        return {
            str(path.relative_to(self.path)): (path.lstat().st_size, path.lstat().st_mtime_ns)
            for path in self.path.rglob("*")
        }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    folder = tmp_path_factory.mktemp("image")
    subprocess.run([script("hatchling"), "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    (folder / "empty").mkdir()
    made = Tree(folder / "tree", folder / "empty")
    python = sys._base_executable  # type: ignore[attr-defined]
    assemble = ROOT / "deploy" / "image" / "assemble"
    subprocess.run([assemble, python, script("pip"), made.path, ROOT / "requirements.run.lock", wheel], check=True)
    before = made.files()
    yield made
    assert made.files() == before, "nothing may be written in an image"
    assert list(made.empty.iterdir()) == []


def test_it_holds_what_the_lock_names_and_the_wheel(tree: Tree) -> None:
    infos = tree.path.glob("lib/python*/site-packages/*.dist-info/METADATA")
    held = {re.search("^Name: (.*)$", info.read_text(), re.MULTILINE)[1] for info in infos}  # type: ignore[index]
    assert {re.sub("[-_.]+", "-", name).lower() for name in held} == {
        *pinned(ROOT / "requirements.run.lock"),
        "hpc-operator",
    }
    commands = {path.name for path in (tree.path / "bin").iterdir() if not path.name.startswith("python")}
    assert commands == {"hpc-operator", "hpc-simulator", "kubectl-hpc"}


def test_all_of_it_is_compiled(tree: Tree) -> None:
    sources = list(tree.path.glob("lib/python*/site-packages/hpc_*/**/*.py"))
    assert len(sources) > 100
    assert [path for path in sources if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))] == []


def test_its_commands_answer(tree: Tree) -> None:
    version = tree.run("hpc-operator", "--version")
    assert (version.returncode, version.stdout.startswith("hpc-operator, version ")) == (0, True), version.stderr
    assert tree.run("kubectl-hpc", "--help").stdout.startswith("Usage: kubectl hpc")
    judged = tree.run("hpc-operator", "validate", str(ROOT / "examples"))
    assert (judged.returncode, "0 document(s) invalid" in judged.stdout) == (0, True), judged.stdout


def test_nothing_around_it_is_imported(tree: Tree, tmp_path: Path) -> None:
    """Neither by a variable, nor from the working directory, nor from anybody's home."""
    (tmp_path / "click.py").write_text("raise SystemExit(99)\n")
    done = tree.run("hpc-operator", "--version", PYTHONPATH=str(tmp_path), PYTHONSTARTUP=str(tmp_path / "click.py"))
    assert done.returncode == 0, done.stderr
    plain = subprocess.run(
        [tree.command("python"), "-c", "import hpc_operator.cli"],
        env={**tree.variables, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    assert plain.returncode == 99, "else the file would never have been in the way"


def test_doctor_looks_at_the_simulator_of_the_same_tree(tree: Tree, tmp_path: Path) -> None:
    log, key = tmp_path / "simulator.log", tmp_path / "key"
    key.mkdir()
    (key / "access_key_id").write_text("SIMULATOR-ACCESS-KEY")
    (key / "secret_access_key").write_text("simulator-secret-for-tests-only")
    simulator = Program([tree.command("hpc-simulator")], log)
    try:
        line = until("the simulator listens", lambda: re.search(r"^\{.*listening.*\}$", log.read_text(), re.MULTILINE))
        done = tree.run(
            *("hpc-operator", "doctor", "--no-kubernetes", "-o", "json"),
            HPC_OPERATOR_ENDPOINT=json.loads(line[0])["listening"],
            HPC_OPERATOR_FLEET="image",
            HPC_OPERATOR_OWNER="usr-simulator",
            HPC_OPERATOR_ZONE="jn1a",
            HPC_OPERATOR_CREDENTIALS_DIR=str(key),
        )
    finally:
        simulator.stop()
    found = {each["check"]: each["level"] for each in json.loads(done.stdout)["findings"]}
    assert (found["API"], found["signature"], found["account"]) == ("ok", "ok", "ok"), done.stdout
