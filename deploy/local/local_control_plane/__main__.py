"""The command line: `python -m local_control_plane build | up | path`.

The Makefile calls it. Everything it can do is the package's; it only reads arguments and speaks to people.
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from local_control_plane import ControlPlane, LocalControlPlaneError, binaries
from local_control_plane.places import user_places

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
say = Console(stderr=True, highlight=False, soft_wrap=True)

Names = Annotated[
    list[str] | None, typer.Argument(help=f"Programs: {', '.join(binaries.PROGRAMS)}.", show_default=False)
]
Directory = Annotated[
    Path | None, typer.Option("--dir", help="Keep data and identity here (default: a temporary folder).")
]
Tools = Annotated[
    list[str] | None, typer.Option("--with", help="A further program to have on PATH, e.g. helm. Repeatable.")
]
Controllers = Annotated[str, typer.Option(help="Controllers of kube-controller-manager to run, comma-separated.")]


@contextlib.contextmanager
def _speaking() -> Iterator[None]:
    """Failures are sentences and an exit status, not traces."""
    try:
        yield
    except LocalControlPlaneError as failure:
        say.print(f"Error: {failure}", markup=False)
        raise typer.Exit(1) from failure
    except KeyboardInterrupt as interruption:
        say.print("Stopped; nothing is left running.", markup=False)
        raise typer.Exit(130) from interruption


@app.command()
def build(names: Names = None) -> None:
    """Find the programs or build them into the user's cache (default: etcd, kubectl, kube-apiserver)."""
    with _speaking():
        for name, path in binaries.ensure(names or binaries.CORE).items():
            say.print(f"{name}: {path}", markup=False)


@app.command()
def path(name: str) -> None:
    """Print where a program is."""
    with _speaking():
        found = binaries.find(name)
        if found is None:
            raise LocalControlPlaneError(f"{name} is not built; run: python -m local_control_plane build {name}")
    sys.stdout.write(f"{found}\n")


@app.command()
def cache() -> None:
    """Print the folder of everything built; it may be removed at any time nothing is running."""
    sys.stdout.write(f"{user_places().cache}\n")


@app.command()
def up(directory: Directory = None, tools: Tools = None, controllers: Controllers = "") -> None:
    """Run a server until Ctrl-C and print what a shell needs to use it."""
    wanted = [name for name in controllers.split(",") if name]
    server = ControlPlane(directory, tools=tools or [], controllers=wanted)
    say.print("Starting etcd and kube-apiserver …", markup=False)
    with _speaking(), server:
        say.print(f"Ready: {server.url} (folder {server.folder}). In another shell:", markup=False)
        sys.stdout.write(f"export KUBECONFIG={server.kubeconfig}\n")
        sys.stdout.write(f"export PATH={server.binary('kubectl').parent}:$PATH\n")
        sys.stdout.flush()
        say.print("Ctrl-C stops it.", markup=False)
        never = threading.Event()
        while not never.wait(1.0):
            server.check_running()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; a SIGTERM or a closed terminal ends it in the same order as Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    app()


if __name__ == "__main__":
    main()
