"""`make test-rbac`: each right that the chart gives is taken away in turn, and something named must fail.

Every row is an operator process of its own on one genuine API server, where nobody may change the owners of what he
may not delete. Exit code 1 when a missing right is named neither by doctor nor at run time, or when the life that lacks
nothing was refused something.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from stage import Stage, rights, until_served
from stage.chart import Scope
from stage.doctor import doctor
from stage.manifests import CRD
from stage.rights import Granted

from local_control_plane import ControlPlane
from rbac.life import Missed, SmallLife

GUARD = "--enable-admission-plugins=OwnerReferencesPermissionEnforcement"
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 180)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Row:
    """What became of one life. `right` None: nothing was taken away."""

    right: Granted | None
    doctor: str
    told: str
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.right.verb} {self.right.kind}" if self.right else "nothing"

    @property
    def good(self) -> bool:
        if self.right is None:
            return self.doctor == "well" and self.told == "lived to its end"
        return self.doctor == "names it" and not self.told.startswith("NOT TOLD")


def _play(server: ControlPlane, folder: Path, number: int, right: Granted | None) -> Row:
    """`right` has the namespace of the scope that was asked for the list; each life has its own."""
    namespace, began = f"without-{number}", time.monotonic()
    place = folder / namespace
    place.mkdir()
    server.kubectl("create", "namespace", namespace)
    missing = right and Granted(right.verb, right.group, right.resource, namespace, right.name)
    said, told = "", ""
    try:
        with Stage(server, namespace, place, crd=False) as stage:
            stage.refusals_meant = missing is not None
            token = stage.token(stage.scope())
            if missing:
                rights.give(stage.kube, stage.scope(), but=[missing])
            said = _doctor(stage, token, missing)
            told = _lived(SmallLife(stage, missing))
    except AssertionError as error:
        told = _in_short(error)
    return Row(right, said, told, time.monotonic() - began)


def _doctor(stage: Stage, token: str, missing: Granted | None) -> str:
    """What it says; not through the proxy, since it looks whether the Lease's namespace is there, and may not."""
    kubeconfig = stage.server.kubeconfig_for(stage.folder / "for-doctor", token, stage.namespace)
    found = doctor(stage.settings(KUBECONFIG=str(kubeconfig)), "--no-cloud")
    if missing and f"missing: {missing.verb} {missing.kind} in" in found.line("rights"):
        return "names it"
    return "well" if found.findings["rights"]["level"] == "ok" else found.line("rights")


def _in_short(error: AssertionError) -> str:
    return f"NOT TOLD: {' '.join(str(error).split())[:300]}"


def _lived(life: SmallLife) -> str:
    try:
        life.live()
    except Missed as missed:
        return str(missed)
    except AssertionError as error:
        return _in_short(error)
    return "lived to its end" if life.missing is None else "NOT TOLD: lived to its end"


def _rows(server: ControlPlane, folder: Path, jobs: int, only: str) -> Iterator[Row]:
    every = [None, *rights.of(Scope("any", namespaces=("any",)))]
    wanted = [each for each in every if only in (f"{each.verb} {each.kind}" if each else "nothing")]
    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(_play, server, folder, number, right) for number, right in enumerate(wanted)]
        for done, each in enumerate(as_completed(running), 1):
            row = each.result()
            console.print(f"[{done}/{len(wanted)}] {row.name}: {row.told} ({row.seconds:.0f} s)", markup=False)
            yield row


@app.command()
def main(
    jobs: Annotated[int, typer.Option(help="Lives at a time.")] = 4,
    only: Annotated[str, typer.Option(help="Only rights whose name contains this.")] = "",
) -> None:
    """Take each right away and print who says so."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hpc-rbac-") as folder, ControlPlane(apiserver_flags=(GUARD,)) as server:
        server.kubectl("apply", "--server-side", "-f", str(CRD))
        until_served(server)
        rows = list(_rows(server, Path(folder), jobs, only))
    table = Table("taken away", "doctor", "told at run time", "s")
    for row in rows:
        table.add_row(row.name, row.doctor, row.told, f"{row.seconds:.0f}", style=None if row.good else "red")
    console.print(table)
    bad = [row.name for row in rows if not row.good]
    console.print(
        f"{len(rows)} lives in {time.monotonic() - began:.0f} s; not as it must be: {', '.join(bad) or 'none'}"
    )
    raise typer.Exit(1 if bad else 0)


app()
