"""The command line `hpc-simulator`: the composition root.

Lives here: flags, the real clock, signals, the order of starting and ending. Nobody imports it but the console script.
Never comes in: rules of the API.
"""

import asyncio
import json
import signal
import ssl
import time
from pathlib import Path
from typing import Annotated

import typer

from hpc_simulator.accounts import Account
from hpc_simulator.cloud import Cloud
from hpc_simulator.control import Control, read_settings
from hpc_simulator.server import ApiServer
from hpc_simulator.settings import Settings
from hpc_simulator.state import StateFile

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
_DEFAULT = Account()


@app.command()
def serve(  # noqa: PLR0917  # one parameter for each flag is how typer works
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the API; 0 takes a free one.")] = 0,
    control_port: Annotated[int, typer.Option(help="Port of the control endpoint; 0 takes a free one.")] = 0,
    state: Annotated[
        Path | None,
        typer.Option(help="File that keeps the world over restarts; the log of calls is beside it in FILE.calls."),
    ] = None,
    time_factor: Annotated[
        float, typer.Option(help="Multiplies the duration of jobs: 0.01 makes a create take 3.6 s instead of 6 min.")
    ] = 1.0,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="NAME=VALUE for any setting of docs/simulator.md, none to unset one; may be repeated.",
        ),
    ] = None,
    key: Annotated[str, typer.Option(help="Access key of the first account.")] = _DEFAULT.key,
    secret: Annotated[str, typer.Option(help="Its secret; made up, for trial only.")] = _DEFAULT.secret,
    owner: Annotated[str, typer.Option(help="Its owner.")] = _DEFAULT.owner,
    zone: Annotated[str, typer.Option(help="Its zone.")] = _DEFAULT.zone,
    seed: Annotated[str, typer.Option(help="Decides the ids that are given out.")] = "",
    certificate: Annotated[Path | None, typer.Option(help="PEM file: serve HTTPS with it.")] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="PEM file with its key.")] = None,
) -> None:
    """Play the HPC API, with signatures, quotas, jobs that take time, and faults on demand.

    Prints one JSON line when it listens: {"listening": "http://127.0.0.1:PORT/api", "control": "http://..."}.
    `GET` on the control address prints how faults are ordered, answers released and the truth is read.

    With --state, everything true in the simulated cloud is written before each answer leaves and survives a kill;
    settings, faults and held answers do not: they are given anew at each start.

    Ends at once on SIGTERM or Ctrl-C, also while answers are held. Exits with 2 when it cannot start.
    """
    account = Account(key=key, secret=secret, owner=owner, zone=zone)
    try:
        settings = _settings(time_factor, setting or [])
        file = None if state is None else StateFile(state)
        cloud = (
            Cloud(time.time, settings, accounts=[account], seed=seed)
            if file is None
            else file.open(time.time, settings, account, seed)
        )
        tls = _tls(certificate, certificate_key)
        asyncio.run(_run(cloud, file, (host, port, control_port), tls))
    except (OSError, ValueError) as wrong:
        typer.echo(f"hpc-simulator cannot start: {wrong}", err=True)
        raise typer.Exit(2) from wrong


def main() -> None:
    """Entry point of the console script."""
    app()


async def _run(cloud: Cloud, file: StateFile | None, address: tuple[str, int, int], tls: ssl.SSLContext | None) -> None:
    host, port, control_port = address
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    api = ApiServer(cloud, (lambda: None) if file is None else (lambda: file.keep(cloud)))
    control = Control(api)
    try:
        chosen = await api.start(host, port, tls)
        control_chosen = await control.start(host, control_port)
        scheme = "http" if tls is None else "https"
        line = {"listening": f"{scheme}://{host}:{chosen}/api", "control": f"http://{host}:{control_chosen}"}
        typer.echo(json.dumps(line))
        await end.wait()
    finally:
        await control.stop()
        await api.stop()


def _settings(time_factor: float, pairs: list[str]) -> Settings:
    defaults, changes = Settings(), dict[str, object](time_factor=time_factor)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--set {pair}: NAME=VALUE expected")
        changes[name] = _read(value, getattr(defaults, name, value))
    return read_settings(defaults, changes)


def _read(value: str, default: object) -> object:
    """A text as the settings' types take it: these read numbers in texts, but not where only 0 and 1 are allowed."""
    if default is None and value == "none":
        return None
    return int(value) if type(default) is int and value.isascii() and value.isdigit() else value


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
