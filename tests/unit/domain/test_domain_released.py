"""The freeze: what a released version wrote keeps its meaning, and whoever raises a format must add its fixtures."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from hpc_operator.domain import mark
from hpc_operator.domain.desired import Ref
from hpc_operator.kube import names
from hpc_operator.kube.crd import definition, paths

RELEASED = Path(__file__).parents[2] / "fixtures" / "released"
VERSIONS: dict[str, dict[str, Any]] = {
    folder.name: yaml.safe_load((folder / "versions.yaml").read_text()) for folder in sorted(RELEASED.iterdir())
}
MARKS = [(version, row) for version, found in VERSIONS.items() for row in found["marks"]]


@pytest.mark.parametrize(("version", "row"), MARKS)
def test_a_mark_of_a_released_version_is_derived_as_ever(version: str, row: list[str]) -> None:
    fleet, namespace, name, uid, expected = row
    assert VERSIONS[version]["mark"] == expected[0]
    assert mark.stem(fleet, Ref(namespace, name, uid)) == expected


@pytest.mark.parametrize("wanted", ["record", "operation", "mark"])
def test_every_format_that_is_written_has_fixtures(wanted: str) -> None:
    """Raised: play the fixtures of the new version (docs/releasing.md), and go on reading those of the earlier ones."""
    written = {"record": names.RECORD_VERSION, "operation": names.OPERATION_VERSION, "mark": mark.VERSION}[wanted]
    assert written == max(found[wanted] for found in VERSIONS.values())


def _schema(crd: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def _words(schema: dict[str, Any], here: str = "") -> set[str]:
    found = {f"{here}={word}" for word in schema.get("enum", [])}
    for name, inner in schema.get("properties", {}).items():
        found |= _words(inner, f"{here}.{name}")
    return found | (_words(schema["items"], f"{here}[]") if "items" in schema else set())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_or_a_word_of_a_released_crd_never_goes(version: str) -> None:
    """Stored objects have them: without, the server would drop what an open intent says."""
    before, now = yaml.safe_load((RELEASED / version / "crd.yaml").read_text()), definition()
    assert set(paths(_schema(before))) - set(paths(_schema(now))) == set()
    assert _words(_schema(before)) - _words(_schema(now)) == set()
    assert names.VERSION in [each["name"] for each in before["spec"]["versions"]]
