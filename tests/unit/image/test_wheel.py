"""The wheel: both packages whole, their commands, their metadata, and the same bytes each time."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def build(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("first"))


def test_it_holds_both_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    source = ROOT / "operator"
    written = {str(path.relative_to(source)) for path in source.rglob("*") if path.suffix in (".py", ".typed")}
    assert held == written
    assert {"hpc_operator/py.typed", "hpc_simulator/py.typed"} < held


def test_its_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (folder,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        told = message_from_bytes(archive.read(f"{folder}/METADATA"))
        commands = archive.read(f"{folder}/entry_points.txt").decode()
        assert archive.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert (told["Name"], told["License-Expression"], told["Requires-Python"]) == (
        *("hpc-operator", "Apache-2.0"),
        ">=3.11",
    )
    assert "Typing :: Typed" in told.get_all("Classifier", [])
    assert [line.split(" = ")[0] for line in commands.splitlines()[1:]] == [
        "hpc-operator",
        "hpc-simulator",
        "kubectl-hpc",
    ]


def test_two_builds_are_equal(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    assert (again.name, again.read_bytes()) == (wheel.name, wheel.read_bytes())
