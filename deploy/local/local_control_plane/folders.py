"""The folder of one server: claimed by one process at a time, temporary ones removed, also those of killed runs.

Only `server` imports it. It knows nothing of what the server keeps inside.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import filelock

from local_control_plane.errors import FolderInUseError

CLAIM = "control-plane.lock"
PREFIX = "hpc-operator-control-plane-"


class Folder:
    """A claimed folder. `claim` is the descriptor that holds the claim; programs started for this folder hold it too,
    so that it is free only when the last of them is gone. A temporary folder is removed by `release`."""

    def __init__(self, path: Path, claim: int, *, temporary: bool) -> None:
        self.path, self.claim, self._temporary = path, claim, temporary

    def release(self) -> None:
        """Give the folder up; the caller has stopped what runs in it."""
        if self._temporary:
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.claim)


def claim_named(path: Path) -> Folder:
    """Claim a folder that keeps its data. FolderInUseError: a server runs in it, or it holds something else."""
    if path.exists() and not path.is_dir():
        raise FolderInUseError(f"{path} is not a folder.")
    if path.exists() and any(path.iterdir()) and not (path / CLAIM).exists():
        raise FolderInUseError(f"{path} holds something else; name an empty or a new folder.")
    path.mkdir(parents=True, exist_ok=True)
    claim = _claim(path)
    if claim is None:
        owner = (path / CLAIM).read_text().strip() or "unknown"
        raise FolderInUseError(
            f"A control plane (process {owner}) is running in {path}; stop it or name another folder."
        )
    return Folder(path, claim, temporary=False)


def claim_temporary(beside: Path | None = None) -> Folder:
    """Claim a new temporary folder in `beside` (default: the system's place), and remove those of killed processes."""
    home = beside or Path(tempfile.gettempdir())
    # Between making a folder and claiming it nobody may take it for an abandoned one.
    with filelock.FileLock(home / f"{PREFIX}{os.getuid()}.lock"):
        _remove_abandoned(home)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))
        claim = _claim(path)
    if claim is None:
        raise FolderInUseError(f"{path} was claimed by another process at once.")
    return Folder(path, claim, temporary=True)


def _claim(path: Path) -> int | None:
    descriptor = os.open(path / CLAIM, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _remove_abandoned(home: Path) -> None:
    for path in home.glob(f"{PREFIX}*/"):
        if path.stat().st_uid == os.getuid() and (claim := _claim(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(claim)
