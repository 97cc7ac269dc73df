"""A Secret mounted into a Pod, without a kubelet: a folder whose whole content is exchanged in one step."""

import os
from collections.abc import Mapping
from pathlib import Path


class Mount:
    """An optional volume: the folder is there and empty while there is no Secret."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._number = folder, 0
        folder.mkdir()

    def put(self, values: Mapping[str, str]) -> None:
        """What the Secret holds from now on, exchanged as the kubelet does it: one link, which the others go through."""
        self._number += 1
        version = self.folder / f"..v{self._number}"
        version.mkdir()
        for name, value in values.items():
            (version / name).write_text(value)
        (self.folder / "..next").symlink_to(version.name)
        os.replace(self.folder / "..next", self.folder / "..data")
        there = {path.name for path in self.folder.iterdir() if not path.name.startswith("..")}
        for name in values.keys() - there:
            (self.folder / name).symlink_to(f"..data/{name}")
        for name in there - values.keys():
            (self.folder / name).unlink()
