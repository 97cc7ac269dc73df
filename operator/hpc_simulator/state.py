"""The state file: the world survives a restart, also after SIGKILL.

Lives here: reading and writing of the file and of the log of calls beside it. The command line imports it.
Never comes in: settings and faults; those are given anew at each start.

The world is written whole and atomically (`FILE`), the log of calls grows line by line (`FILE.calls`); both before the
answer of the call leaves. The world's file repeats the last call's record, so that a kill between the two loses none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from hpc_simulator.accounts import Account
from hpc_simulator.cloud import Cloud
from hpc_simulator.log import CallRecord
from hpc_simulator.settings import Settings
from hpc_simulator.world import World


@dataclass(frozen=True, slots=True)
class Kept:
    """What the state file holds."""

    world: World
    last_calls: list[CallRecord]


_KEPT = TypeAdapter(Kept)
_RECORD = TypeAdapter(CallRecord)


class StateFile:
    """One state file. Raises OSError when it cannot be read or written, ValueError when it is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._calls = path.with_name(path.name + ".calls")
        self._revision = -1
        self._written = 0

    def open(self, clock: Callable[[], float], settings: Settings, account: Account, seed: str) -> Cloud:
        """The cloud of the file, or a new one; the account given is entered, or replaces the one of its key."""
        if not self._path.exists():
            self._calls.unlink(missing_ok=True)
            cloud = Cloud(clock, settings, accounts=[account], seed=seed)
        else:
            kept = _KEPT.validate_json(self._path.read_bytes())
            records = self._records(kept.last_calls)
            cloud = Cloud(clock, settings, accounts=[account], world=kept.world, records=records)
            self._written = len(records)
        self.keep(cloud)
        return cloud

    def keep(self, cloud: Cloud) -> None:
        """Write down what is new. To be called before an answer leaves."""
        fresh = cloud.calls[self._written :]
        if cloud.revision != self._revision:
            draft = self._path.with_name(self._path.name + ".new")
            draft.write_bytes(_KEPT.dump_json(Kept(cloud.world, fresh)))
            draft.replace(self._path)
            self._revision = cloud.revision
        if fresh:
            with self._calls.open("ab") as file:
                file.write(b"".join(_RECORD.dump_json(record) + b"\n" for record in fresh))
            self._written += len(fresh)

    def _records(self, last: list[CallRecord]) -> list[CallRecord]:
        """The log of calls, a torn last line cut off, the world's own last records added when missing."""
        lines = self._calls.read_bytes().splitlines(keepends=True) if self._calls.exists() else []
        records = []
        for line in lines:
            try:
                records.append(_RECORD.validate_json(line))
            except ValidationError:
                break
        records += [record for record in last if record.seq > len(records)]
        self._calls.write_bytes(b"".join(_RECORD.dump_json(record) + b"\n" for record in records))
        return records
