"""Where the local control plane keeps its things: the Go module of its programs and the user's cache.

The modules of this package may import it. It creates and builds nothing.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

MODULE = Path(__file__).resolve().parents[1]
"""The folder with go.mod and go.sum, which pin the control plane; further modules lie in folders of it."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one set of pinned versions. All of `cache` may be deleted at any time nothing is running."""

    module: Path
    cache: Path

    def within(self, folder: str) -> "Places":
        """The same cache with the Go module in a folder of this one's: its programs are pinned and kept apart."""
        return Places(self.module / folder, self.cache)

    @property
    def binaries(self) -> Path:
        """Built programs; keyed by go.mod and go.sum, so that other versions never stand in for these."""
        pins = (self.module / "go.mod").read_bytes() + (self.module / "go.sum").read_bytes()
        return self.cache / hashlib.sha256(pins).hexdigest()[:16] / "bin"

    @property
    def go_cache(self) -> Path:
        """Go's compile cache (grows to about 4 GB); it may be deleted once everything wanted is built."""
        return self.cache / "go-build"

    @property
    def scratch(self) -> Path:
        """Go's working folder while a build runs; empty otherwise."""
        return self.cache / "work"

    @property
    def toolchain(self) -> Path:
        """Where a Go toolchain is installed when none on PATH is new enough."""
        return self.cache / "go"

    @property
    def build_lock(self) -> Path:
        """One build at a time for this user: two side by side need twice the memory and are no faster."""
        return self.cache / "build.lock"

    @property
    def go_version(self) -> tuple[int, ...]:
        """The oldest Go that can build these programs, from go.mod's `go` line."""
        return tuple(int(part) for part in self._find(r"^go (\d+(?:\.\d+)*)$").split("."))

    def pins(self, module: str) -> bool:
        """Whether go.mod requires this Go module."""
        return self._search(_pin(module)) is not None

    def version_of(self, module: str) -> str:
        """The pinned version of a Go module, as `v1.37.2`."""
        return self._find(_pin(module))

    def _find(self, pattern: str) -> str:
        found = self._search(pattern)
        if found is None:
            raise ValueError(f"{self.module / 'go.mod'} has no line like {pattern}")
        return found[1]

    def _search(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, (self.module / "go.mod").read_text(), re.MULTILINE)


def _pin(module: str) -> str:
    return rf"^(?:\t|require ){re.escape(module)} (v\S+)"


def user_places() -> Places:
    """The places of this checkout and this user (XDG_CACHE_HOME is obeyed)."""
    return Places(MODULE, platformdirs.user_cache_path("hpc-operator") / "control-plane")
