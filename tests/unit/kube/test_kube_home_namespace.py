"""Which namespace a command means that names none: as kubectl takes it."""

from pathlib import Path

import pytest
import yaml

from hpc_operator.kube import store
from hpc_operator.kube.store import home_namespace

CONTEXTS = {"one": {"cluster": "c", "user": "u", "namespace": "lab"}, "bare": {"cluster": "c", "user": "u"}}


def config(folder: Path, current: str = "one") -> Path:
    path = folder / "config"
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "contexts": [{"name": name, "context": context} for name, context in CONTEXTS.items()],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    path.write_text(yaml.safe_dump(made))
    return path


@pytest.mark.parametrize(
    ("current", "context", "namespace"),
    [("one", None, "lab"), ("bare", None, "default"), ("bare", "one", "lab"), ("one", "bare", "default")],
)
def test_it_is_the_contexts(tmp_path: Path, current: str, context: str | None, namespace: str) -> None:
    assert home_namespace(config(tmp_path, current), context) == namespace


def test_in_a_pod_it_is_the_pods_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = tmp_path / "namespace"
    said.write_text("hpc-system\n")
    monkeypatch.setattr(store, "_POD_NAMESPACE", said)
    assert home_namespace() == "hpc-system"
    assert home_namespace(config(tmp_path)) == "lab", "a kubeconfig that is named comes first"


@pytest.mark.parametrize("text", ["", "[]", "contexts: {", "contexts: []"])
def test_a_broken_file_is_told_by_whoever_connects(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    assert home_namespace(path) == "default"
    assert home_namespace(tmp_path / "missing", "one") == "default"
