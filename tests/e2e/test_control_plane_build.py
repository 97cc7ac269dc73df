"""Finding and building the control plane's programs, tried on a module of a few lines instead of Kubernetes."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from e2e.processes import processes_naming, start_python, wait_until_there
from local_control_plane import BuildError, binaries, toolchain, versions, wheels
from local_control_plane.places import MODULE, Places, user_places

GO_MOD = """module tiny

go 1.21

require (
\thelm.sh/helm/v4 v4.3.1
\tk8s.io/kubernetes v1.37.2
)

replace k8s.io/kubernetes => ./kubernetes
replace helm.sh/helm/v4 => ./helm
"""
BUILDER = """
import sys
from pathlib import Path
from local_control_plane import binaries
from local_control_plane.places import Places
binaries.ensure(["kubectl"], Places(Path(sys.argv[1]), Path(sys.argv[2])))
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        toolchain.find_go(user_places()) is None, reason="the programs come from KUBEBUILDER_ASSETS, no Go is here"
    ),
]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Go's own cache, shared by these tests: its runtime is compiled once."""
    return tmp_path_factory.mktemp("go-build")


@pytest.fixture
def places(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    for name in ("KUBEBUILDER_ASSETS", versions.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOFLAGS", "")
    module, cache = tmp_path / "module", tmp_path / "cache"
    for name, command in (("kubernetes", "kubectl"), ("helm", "helm")):
        main = module / name / "cmd" / command
        main.mkdir(parents=True)
        path = {"kubernetes": "k8s.io/kubernetes", "helm": "helm.sh/helm/v4"}[name]
        (module / name / "go.mod").write_text(f"module {path}\n\ngo 1.21\n")
        (main / "main.go").write_text(f'package main\n\nfunc main() {{ println("{command}") }}\n')
    (module / "go.mod").write_text(GO_MOD)
    (module / "go.sum").write_text("")
    cache.mkdir()
    (cache / "go-build").symlink_to(compiled)
    return Places(module, cache)


def said_by(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True).stderr


def left_over(places: Places) -> list[str]:
    """What lies about of a build: working files, and anything beside finished programs."""
    return [str(path) for path in [places.scratch, *places.binaries.iterdir()] if path.exists()]


def test_what_is_asked_for_is_built_once_and_nothing_else(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    built = binaries.ensure(["kubectl"], places)
    assert said_by(built["kubectl"]) == "kubectl\n"
    assert left_over(places) == [str(built["kubectl"])]
    monkeypatch.setenv("PATH", "/nowhere")  # no Go any more: only what is there can be given
    assert binaries.ensure(["kubectl"], places) == built


def test_other_pins_are_another_program(places: Places) -> None:
    built = binaries.ensure(["kubectl"], places)["kubectl"]
    with (places.module / "go.mod").open("a") as pins:
        pins.write("// another version\n")
    assert binaries.find("kubectl", places) is None
    assert built.exists()


def test_a_program_of_a_module_of_its_own_is_built_there_and_kept_apart(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = places.module / "beside"
    beside.mkdir()
    (beside / "go.mod").write_text("module beside\n\ngo 1.21\n")
    (beside / "go.sum").write_text("")
    (beside / "main.go").write_text('package main\n\nfunc main() { println("beside") }\n')
    monkeypatch.setitem(binaries.SOURCES, "helm", binaries.Source("beside", "beside"))
    built = binaries.ensure(["kubectl", "helm"], places)
    assert said_by(built["helm"]) == "beside\n"
    assert built["helm"].parent == places.within("beside").binaries != built["kubectl"].parent


def test_another_version_of_kubernetes_is_a_module_of_its_own_and_nothing_else_stands_in_for_it(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = binaries.ensure(["kubectl", "helm"], places)
    older = places.module / "kubernetes-1.30"
    shutil.copytree(places.module / "kubernetes", older / "kubernetes")
    (older / "kubernetes" / "cmd" / "kubectl" / "main.go").write_text(
        'package main\n\nfunc main() { println("older") }\n'
    )
    (older / "go.mod").write_text(
        "module older\n\ngo 1.21\n\nrequire k8s.io/kubernetes v1.30.14\n\nreplace k8s.io/kubernetes => ./kubernetes\n"
    )
    (older / "go.sum").write_text("")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(today["kubectl"].parent))
    monkeypatch.setenv(versions.VARIABLE, "1.30")
    built = binaries.ensure(["kubectl", "helm"], places)
    assert said_by(built["kubectl"]) == "older\n"
    assert built["helm"] == today["helm"]
    monkeypatch.setenv(versions.VARIABLE, "1.29")
    with pytest.raises(BuildError, match=r"^CONTROL_PLANE=1.29: no Go module pins that Kubernetes; known are 1.30$"):
        binaries.ensure(["kubectl"], places)


def test_assets_come_before_the_cache_name_by_name(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries.ensure(["kubectl", "helm"], places)
    (tmp_path / "kubectl").write_text("#!/bin/sh\n")
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert binaries.find("kubectl", places) == tmp_path / "kubectl"
    assert binaries.find("helm", places) == places.binaries / "helm"


def test_of_a_program_that_may_be_of_any_version_the_one_on_path_will_do(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = wheels.place("redis-server", places)
    ours.parent.mkdir()
    for name in ("redis-server", "helm3"):
        monkeypatch.setenv("PATH", str(tmp_path))
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert binaries.find("redis-server", places) == tmp_path / "redis-server"
    assert binaries.find("helm3", places) is None, "helm is the pinned one"
    monkeypatch.setenv("PATH", "/nowhere")
    assert binaries.find("redis-server", places) is None
    shutil.copy(tmp_path / "redis-server", ours)
    assert binaries.find("redis-server", places) == ours


def test_an_unknown_name_is_refused_with_the_known_ones(places: Places) -> None:
    with pytest.raises(BuildError, match=r"unknown program 'kubelet'; known are etcd, kubectl, kube-apiserver"):
        binaries.ensure(["kubelet"], places)


def test_a_failing_build_shows_its_last_lines_and_what_to_do(places: Places) -> None:
    (places.module / "kubernetes" / "cmd" / "kubectl" / "main.go").write_text(
        "package main\n\nfunc main() { nothing() }\n"
    )
    with pytest.raises(BuildError, match=r"(?s)Building kubectl failed.*undefined: nothing.*KUBEBUILDER_ASSETS"):
        binaries.ensure(["kubectl"], places)
    assert left_over(places) == []


def test_a_toolchain_that_is_too_old_is_not_taken(places: Places) -> None:
    pins = (places.module / "go.mod").read_text()
    (places.module / "go.mod").write_text(pins.replace("go 1.21", "go 99.1"))
    assert toolchain.find_go(places) is None


@pytest.fixture
def hanging(places: Places, tmp_path: Path) -> dict[str, str]:
    """An environment in which the compiler, once called, never comes back; it leaves `compiling` behind."""
    compiler = tmp_path / "compiler"
    compiler.write_text(f"#!/bin/sh\ntouch {tmp_path}/compiling\nexec tail -f {places.module}/go.mod\n")
    compiler.chmod(0o755)
    return {**os.environ, "PYTHONPATH": str(MODULE), "GOFLAGS": f"-toolexec={compiler}"}


def test_ctrl_c_leaves_nothing_half_built_and_nobody_building(
    places: Places, hanging: dict[str, str], tmp_path: Path
) -> None:
    with start_python("-c", BUILDER, places.module, places.cache, environment=hanging) as builder:
        wait_until_there(tmp_path / "compiling")
        builder.send_signal(signal.SIGINT)
        builder.communicate()
    assert processes_naming(str(tmp_path)) == []
    assert left_over(places) == []


def test_a_second_build_waits_and_takes_over_when_the_first_is_killed(
    places: Places, hanging: dict[str, str], tmp_path: Path
) -> None:
    with start_python("-c", BUILDER, places.module, places.cache, environment=hanging) as first:
        wait_until_there(tmp_path / "compiling")
        with start_python("-c", BUILDER, places.module, places.cache) as second:
            assert second.stderr is not None
            assert second.stderr.readline() == "Another process is building these programs; waiting for it …\n"
            assert not (places.binaries / "kubectl").exists()
            first.kill()
            second.communicate()
        first.communicate()
    assert second.returncode == 0
    assert said_by(places.binaries / "kubectl") == "kubectl\n"
    assert left_over(places) == [str(places.binaries / "kubectl")]
