"""A genuine Kubernetes control plane on this machine, without containers: built from source once, started in seconds.

    with ControlPlane() as server:
        server.kubectl("get", "namespaces")

Tests and the demo import this package; the operator never does.
"""

from local_control_plane.errors import BuildError, FolderInUseError, KubectlError, LocalControlPlaneError, StartError
from local_control_plane.processes import Program
from local_control_plane.server import ControlPlane

__all__ = [
    "BuildError",
    "ControlPlane",
    "FolderInUseError",
    "KubectlError",
    "LocalControlPlaneError",
    "Program",
    "StartError",
]
