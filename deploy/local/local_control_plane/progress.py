"""Shows people how a long build goes: a live line in a terminal, a plain line now and then elsewhere.

Only `binaries` and the command line use it. It decides nothing.
"""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PLAIN_INTERVAL = 30.0
"""Seconds between two lines where there is no terminal."""


class BuildProgress:
    """Step n of m with what is done and how long it has taken; written to standard error."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self._live = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self.console, transient=True
        )
        self._task: TaskID | None = None
        self._title, self._began, self._spoke = "", 0.0, 0.0

    def __enter__(self) -> "BuildProgress":
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self.console.print(text, soft_wrap=True, markup=False)

    def begin(self, title: str) -> None:
        """A step starts."""
        self._title, self._began, self._spoke = title, time.monotonic(), 0.0
        if self.console.is_terminal:
            self._task = self._live.add_task(title)
        else:
            self.say(f"{title} …")

    def tick(self, detail: str) -> None:
        """The step goes on; `detail` says how far it is. Call it about once a second."""
        if self._task is not None:
            self._live.update(self._task, description=f"{self._title}: {detail}")
        elif self._elapsed() - self._spoke >= PLAIN_INTERVAL:
            self._spoke = self._elapsed()
            self.say(f"{self._title}: {detail}, {_clock(self._elapsed())}")

    def end(self, result: str) -> None:
        """The step is over; `result` stays on the screen."""
        if self._task is not None:
            self._live.remove_task(self._task)
            self._task = None
        self.say(f"{self._title}: {result} in {_clock(self._elapsed())}")

    def _elapsed(self) -> float:
        return time.monotonic() - self._began


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
