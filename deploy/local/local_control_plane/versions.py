"""Which Kubernetes the programs are of: the one that deploy/local pins, or another that $CONTROL_PLANE names.

Only `binaries` imports it. It builds nothing.
"""

import os

from local_control_plane.errors import BuildError
from local_control_plane.places import Places

VARIABLE = "CONTROL_PLANE"
"""`1.30` means the Go module in deploy/local/kubernetes-1.30; unset or empty, the one in deploy/local."""

_PREFIX = "kubernetes-"


def named() -> str:
    """The version asked for, as `1.30`; empty for today's."""
    return os.environ.get(VARIABLE, "")


def chosen(places: Places) -> Places:
    """The Go module of the version asked for. BuildError, with the known ones, when there is none."""
    if not named():
        return places
    found = places.within(_PREFIX + named())
    if not (found.module / "go.mod").is_file():
        known = sorted(each.parent.name.removeprefix(_PREFIX) for each in places.module.glob(f"{_PREFIX}*/go.mod"))
        raise BuildError(f"{VARIABLE}={named()}: no Go module pins that Kubernetes; known are {', '.join(known)}")
    return found
