"""Hashes go beside licences, what is in no lock is refused, and the schema is asked."""

import json
from pathlib import Path

import pytest

from supply.bill import ROOT, _told, joined, problem
from supply.lock import pinned

EMPTY = {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6"}


def environment() -> dict:
    """As of an environment that holds all that the lock names."""
    components = [
        {"type": "library", "name": name, "version": version, "bom-ref": name, "externalReferences": []}
        for name, version in pinned(ROOT / "requirements.run.lock").items()
    ]
    root = {"type": "application", "name": "hpc-operator", "version": "0", "bom-ref": "root"}
    return {**EMPTY, "metadata": {"component": root}, "components": components}


@pytest.fixture(scope="module")
def lock() -> dict:
    return _told("requirements", "requirements.run.lock")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "a.whl"
    path.write_bytes(b"wheel")
    return path


def test_every_requirement_of_the_image_is_in_the_bill_with_hashes(wheel: Path, lock: dict) -> None:
    made = joined(environment(), lock, wheel)
    hashed = {
        component["name"]
        for component in made["components"]
        for reference in component["externalReferences"]
        if any(each["alg"] == "SHA-256" for each in reference.get("hashes", []))
    }
    assert hashed == set(pinned(ROOT / "requirements.run.lock"))
    assert len(made["metadata"]["component"]["hashes"]) == 1
    made["components"] = made["components"][:3]  # the schema is slow
    assert problem(json.dumps(made)) is None


def test_what_the_lock_does_not_name_is_refused(wheel: Path, lock: dict) -> None:
    strange = environment()
    strange["components"][0]["version"] = "0.0.1"
    with pytest.raises(ValueError, match="is not in the lock"):
        joined(strange, lock, wheel)


def test_what_is_no_bill_is_seen() -> None:
    assert problem(json.dumps(EMPTY)) is None
    assert problem(json.dumps({**EMPTY, "colour": "red"})) is not None
