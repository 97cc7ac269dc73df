"""Where the console scripts of this environment are."""

import sys
from pathlib import Path


def script(name: str) -> str:
    """The path of an installed console script."""
    return str(Path(sys.executable).with_name(name))
