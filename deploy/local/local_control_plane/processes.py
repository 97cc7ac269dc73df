"""One program that never outlives this process: started in the background, logged to a file, ended in order.

Tests and the demo may import it too, for processes of their own. It knows nothing of Kubernetes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_control_plane.errors import StartError

KEEPER = Path(__file__).with_name("keeper.py")


class Program:
    """A running program with `pid` and `log`; it and what it started are ended by `stop`, `kill` or our own death.

    It runs in a process group of its own, so that Ctrl-C in a terminal reaches us alone and we end things in order.
    `hold` are file descriptors that stay open until the program is gone (a folder's lock, for one).
    StartError: the command cannot be run at all.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        grace: float = 10.0,
        hold: Sequence[int] = (),
    ) -> None:
        self.command = [str(part) for part in command]
        self.log = log
        self._grace = grace
        self._log_start = log.stat().st_size if log.exists() else 0
        order, lifeline = os.pipe()
        answer, answering = os.pipe()
        # Closed by the system when this process is gone, however it went: then the keeper kills the program.
        self._lifeline = os.fdopen(lifeline, "wb")
        with log.open("ab") as output, os.fdopen(order, "rb") as stdin, os.fdopen(answering, "wb") as stdout:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(KEEPER), str(grace), *self.command],
                stdin=stdin,
                stdout=stdout,
                stderr=output,
                env=environment,
                cwd=folder,
                pass_fds=hold,
                start_new_session=True,
            )
        self.pid = self._keeper.pid  # until the program itself has one
        try:
            self.pid = self._read_pid(answer)
        except BaseException:
            self._lifeline.close()
            self._keeper.wait()
            raise

    def _read_pid(self, answer: int) -> int:
        with os.fdopen(answer, "rb") as first_line:
            pid = first_line.readline()
        if not pid:
            raise StartError(f"{self.command[0]} cannot be started: {self.tail(1)}")
        return int(pid)

    def poll(self) -> int | None:
        """The exit status (128 + n after signal n), or None while it runs."""
        return self._keeper.poll()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait up to `timeout` seconds for its end; what `poll` then says."""
        try:
            return self._keeper.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after the grace time; returns when nothing of it is left. Harmless after its end."""
        if self._keeper.poll() is None:
            self._keeper.terminate()
        ended = self.wait(self._grace + 10.0)
        if ended is None or ended < 0:  # the keeper hangs, or was itself killed: then nobody else ends the program
            self._end_group()
            self._keeper.wait()
        self._lifeline.close()

    def kill(self) -> None:
        """SIGKILL to it and all it started, at once."""
        if self._keeper.poll() is None:
            self._end_group()
        self._keeper.wait()
        self._lifeline.close()

    def _end_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it has ended meanwhile

    def output(self) -> str:
        """Everything this run has written so far."""
        with self.log.open("rb") as written:
            written.seek(self._log_start)
            return written.read().decode(errors="replace")

    def tail(self, lines: int = 15) -> str:
        """The last lines it wrote, for a message."""
        return "\n".join(self.output().splitlines()[-lines:])
