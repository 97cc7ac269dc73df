"""What can go wrong with the local control plane, each with a message for the person who started it.

Every module of this package and its users may import it. Nothing that starts or reads anything belongs here.
"""


class LocalControlPlaneError(Exception):
    """The local control plane cannot do what was asked; the text says what failed and what to do."""


class BuildError(LocalControlPlaneError):
    """A program, or the Go toolchain for it, could not be found or built."""


class FolderInUseError(LocalControlPlaneError):
    """The named folder belongs to a running server, or holds something else."""


class StartError(LocalControlPlaneError):
    """A program did not come up; the text carries its last log lines."""


class KubectlError(LocalControlPlaneError):
    """kubectl answered with an error; `returncode`, `stdout` and `stderr` are its own."""

    def __init__(self, arguments: tuple[str, ...], returncode: int, stdout: str, stderr: str) -> None:
        super().__init__(f"kubectl {' '.join(arguments)}: exit {returncode}: {stderr.strip() or stdout.strip()}")
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr
