"""Manifests for tests, made from the examples that people copy."""

import copy
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"
CRD = ROOT / "crds" / "hpcclusters.yaml"


def example(file: str, name: str | None = None, **spec: object) -> dict[str, Any]:
    """The HpcCluster of an example, under another name and with other fields of spec (None: left out)."""
    made: dict[str, Any] = yaml.safe_load((EXAMPLES / file).read_text())
    if name is not None:
        made["metadata"]["name"] = name
    made["spec"] = {key: value for key, value in {**made["spec"], **spec}.items() if value is not None}
    return made


def ehpc(name: str, **spec: object) -> dict[str, Any]:
    """examples/ehpc-minimal.yaml under another name."""
    return example("ehpc-minimal.yaml", name, **spec)


def secrets(values: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """The Secrets of examples/secrets.yaml with these values, by Secret and key."""
    made = []
    for each in yaml.safe_load_all((EXAMPLES / "secrets.yaml").read_text()):
        filled = copy.deepcopy(each)
        filled["stringData"] = values[each["metadata"]["name"]]
        made.append(filled)
    return made
