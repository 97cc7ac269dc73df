"""Which version of the program this is: for a metric, the log and `--version`. Apart, since that needs nothing else."""

from importlib.metadata import PackageNotFoundError, version


def released() -> str:
    """The version of this distribution."""
    try:
        return version("hpc-operator")
    except PackageNotFoundError:
        return "unknown"
