"""docs/compatibility.md, the chart and the pages name the versions that are pinned and tried, and no others."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_control_plane import wheels
from local_control_plane.binaries import KUBERNETES
from local_control_plane.places import MODULE, Places

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "compatibility.md").read_text()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = [MODULE, *sorted(path.parent for path in MODULE.glob("kubernetes-*/go.mod"))]
TRIED = [Places(module, MODULE).version_of(KUBERNETES).removeprefix("v") for module in MODULES]
HELMS = [Places(MODULE, MODULE).version_of("helm.sh/helm/v4").removeprefix("v"), wheels.CARRIED["helm3"].version]
ARGO = Places(MODULE / "argocd", MODULE).version_of("github.com/argoproj/argo-cd/v3").removeprefix("v")


def minor(version: str) -> tuple[int, int]:
    """Of `1.30.14`: (1, 30)."""
    first, second = version.split(".")[:2]
    return int(first), int(second)


OLDEST = ".".join(map(str, min(map(minor, TRIED))))


def rows(page: str, first: str) -> list[str]:
    """The first cells of the table whose header begins with `first`."""
    table = page.split(f"| {first} |", 1)[1].split("\n\n", maxsplit=1)[0]
    return [line.split("|")[1].strip() for line in table.splitlines()[2:]]


def test_every_kubernetes_that_is_built_has_its_row_and_no_other_is_called_tried() -> None:
    assert rows(PAGE, "Kubernetes") == sorted(TRIED, key=minor)


def test_a_module_is_named_after_the_kubernetes_it_pins() -> None:
    """`CONTROL_PLANE=1.30` must not run another one."""
    assert [module.name for module in MODULES[1:]] == [
        f"kubernetes-{'.'.join(map(str, minor(version)))}" for version in TRIED[1:]
    ]


def test_the_chart_takes_what_was_tried_and_nothing_older() -> None:
    chart = yaml.safe_load((ROOT / "deploy" / "charts" / "hpc-operator" / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={OLDEST}.0-0"


def test_make_runs_the_oldest() -> None:
    assert f"\nOLDEST := {OLDEST}\n" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("page", ["install.md", "policies.md"])
def test_pages_name_the_same_minimum(page: str) -> None:
    said = re.findall(r"Kubernetes (\d+\.\d+) or newer", (ROOT / "docs" / page).read_text())
    assert said == [OLDEST]


def test_both_helms_have_their_row() -> None:
    assert rows(PAGE, "Helm") == HELMS


def test_argo_cd_has_its_row() -> None:
    assert rows(PAGE, "Argo CD") == [ARGO]


def test_every_python_that_is_promised_has_its_row() -> None:
    promised = [found[1] for each in PROJECT["classifiers"] if (found := re.search(r":: Python :: (3\.\d+)$", each))]
    assert rows(PAGE, "Python") == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"
