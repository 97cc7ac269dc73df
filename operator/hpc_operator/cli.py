"""The command line: one small function for each command; settings are read here, exit codes are given here.

Nobody imports this module. Exit codes: 0 well, 1 it failed or something must be mended, 2 wrong usage or settings;
`run` has more of its own.

Each command imports what it needs when it is called, after its settings were read: with everything that the others need
(Kopf, the clients of Kubernetes and of the cloud) a check of a manifest would take three times as long.
"""

import asyncio
import logging
import re
import sys
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hpc_operator.kube import names
from hpc_operator.measuring.released import released
from hpc_operator.settings import PREFIX, SECRET, Settings, SettingsProblem, load

if TYPE_CHECKING:
    from hpc_operator.account import Means
    from hpc_operator.doctor.finding import Line
    from hpc_operator.status.judging import Stage

_log = logging.getLogger(__name__)
T = TypeVar("T")
_OUTPUT = click.Option(
    ["-o", "--output"], type=click.Choice(["text", "json"]), default="text", help="how it is shown", show_default=True
)


def ticks() -> float:
    """Monotonic seconds that also count a suspended machine."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _flags() -> list[click.Parameter]:
    """One flag for each setting but the secrets."""
    return [
        click.Option([f"--{name.replace('_', '-')}"], help=f"{field.description} [env: {PREFIX}{name.upper()}]")
        for name, field in Settings.model_fields.items()
        if name not in SECRET
    ]


def _settings(flags: Mapping[str, str | None]) -> Settings:
    """The settings; the process ends with a line for each that is wrong."""
    try:
        return load(flags)
    except SettingsProblem as problem:
        for line in problem.lines:
            click.echo(f"hpc-operator: {line}", err=True)
        sys.exit(2)


def run(**flags: str | None) -> None:
    """Run the operator until SIGTERM. Each flag is also an environment variable."""
    settings = _settings(flags)
    import uvloop

    from hpc_operator import logs
    from hpc_operator.cloud.scrub import Scrubber
    from hpc_operator.main import operate
    from hpc_operator.reconcile.ports import Unavailable

    scrubber = Scrubber()
    logs.configure(settings.log_level, scrubber.scrub, sys.stderr)
    logs.catch_crashes()
    try:
        code = uvloop.run(operate(settings, scrubber, ticks))
    except (Unavailable, OSError) as error:
        _log.critical("cannot start: %s", error)
        code = 1
    sys.exit(code)


def _means(flags: Mapping[str, str | None]) -> "Means":
    """For a command that only reads: its own output is what counts, so logs are quiet unless asked for."""
    settings = _settings(flags)
    from hpc_operator import logs
    from hpc_operator.account import Means
    from hpc_operator.cloud.scrub import Scrubber

    scrubber = Scrubber()
    logs.configure("DEBUG" if settings.log_level == "DEBUG" else "CRITICAL", scrubber.scrub, sys.stderr)
    return Means(settings, scrubber, time.time, ticks, asyncio.sleep)


def _ran(reading: Coroutine[Any, Any, T]) -> T:
    """What it answers; the process ends with a sentence where the service could not be known."""
    from hpc_operator.cloud.transport import CertificatesUnread

    try:
        return asyncio.run(reading)
    except CertificatesUnread as problem:
        click.echo(f"hpc-operator: {problem}", err=True)
        sys.exit(2)


def doctor(*, output: str, no_cloud: bool, no_kubernetes: bool, **flags: str | None) -> None:
    """Check account and Kubernetes by harmless reads, and say what to do.

    Takes every setting of `run`. Exit code: 0 well, 1 something must be mended, 2 wrong settings.
    """
    if no_cloud and no_kubernetes:
        raise click.UsageError("--no-cloud and --no-kubernetes leave nothing to look at: give one of them")
    means = _means(flags)
    from hpc_operator.doctor import telling
    from hpc_operator.doctor.examination import examine

    scrub = means.scrubber.scrub

    def tell(line: "Line") -> None:
        if output != "json":
            click.echo(telling.line(line, scrub))

    lines = _ran(examine(means, tell, cloud=not no_cloud, kubernetes=not no_kubernetes))
    click.echo(telling.as_json(lines, scrub) if output == "json" else telling.summary(lines))
    sys.exit(telling.exit_code(lines))


def orphans(*, output: str, **flags: str | None) -> None:
    """List clusters of this fleet that no HpcCluster stands for. Reads only: nothing is ever deleted.

    Takes every setting of `run`. Exit code: 0 none, 1 some, 2 not all could be read (or wrong settings).
    """
    means = _means(flags)
    from hpc_operator.orphans import telling
    from hpc_operator.orphans.search import search

    settings = means.settings
    found = telling.judge(_ran(search(means)), settings.fleet, settings.policy().window)
    told = telling.as_json if output == "json" else telling.as_text
    click.echo(told(found, means.scrubber.scrub))
    sys.exit(telling.exit_code(found))


def status(
    *,
    name: str | None,
    namespace: str | None,
    all_namespaces: bool,
    output: str,
    kubeconfig: Path | None,
    context: str | None,
) -> None:
    """What an HpcCluster is doing, what it waits for, and what must be done; without NAME a table of all.

    Reads Kubernetes alone: no call to the cloud, no key. Exit code: 0 nobody has to do anything, 1 a person must,
    2 it cannot be read.
    """
    if all_namespaces and (name is not None or namespace is not None):
        raise click.UsageError("-A is for the table of all namespaces: leave NAME and -n out")
    from hpc_operator.status import telling
    from hpc_operator.status.reading import Question, look
    from hpc_operator.status.screen import as_screen

    question = Question(name, namespace, all_namespaces, kubeconfig, context)
    told = telling.tell(asyncio.run(look(question, ticks)), time.time())
    if output == "json":
        click.echo(telling.as_json(told))
    elif told.seen.problem:
        click.echo(f"hpc-operator: {told.seen.problem}", err=True)
    else:
        shown = telling.as_table if name is None else as_screen
        click.echo(shown(told, _paint))
    sys.exit(telling.exit_code(told))


def import_(*, cluster_id: str, name: str | None, namespace: str | None, **flags: str | None) -> None:
    """Print an HpcCluster manifest for the existing cluster ID, to be adopted with managementPolicy Observe.

    Takes every setting of `run` and only reads. Exit code: 0 printed, 1 refused, 2 it could not be read (or wrong
    usage or settings).
    """
    if not re.fullmatch(names.CLUSTER_ID_PATTERN, cluster_id):
        raise click.UsageError(f"ID must be the id of one cluster (ehpc-… or hpc-…), not {cluster_id!r}")
    for flag, given in (("--name", name), ("--namespace", namespace)):
        if given is not None and not re.fullmatch(_OBJECT_NAME, given):
            raise click.UsageError(f"{flag}: {given!r} is no name for Kubernetes: lower-case letters, digits, hyphens")
    means = _means(flags)
    from hpc_operator.importing.run import Asked
    from hpc_operator.importing.run import run as reading

    made = _ran(reading(means, Asked(cluster_id, name, namespace)))
    for problem in (*made.warnings, *([made.refused] if made.refused else [])):
        click.echo(f"hpc-operator: {means.scrubber.scrub(problem)}", err=True)
    if made.text:
        click.echo(made.text)
    sys.exit(made.code)


_OBJECT_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def take_over(*, namespace: str, dry_run: bool, output: str, **flags: str | None) -> None:
    """Let a restored fleet go on with its clusters: annotate what is blocked by OwnedElsewhere with take-over.

    For resources whose Kubernetes was rebuilt from git or a backup. Takes every setting of `run`; in the cloud it only
    reads. Exit code: 0 nothing is left, 1 something is, 2 not all could be read (or wrong settings).
    """
    means = _means(flags)
    from hpc_operator.taking_over import telling
    from hpc_operator.taking_over.search import take_over as taken

    found = _ran(taken(means, namespace, rehearse=dry_run))
    told = telling.as_json if output == "json" else telling.as_text
    click.echo(told(found, means.scrubber.scrub))
    sys.exit(telling.exit_code(found))


def _paint(text: str, stage: "Stage") -> str:
    """Laid over for terminals; click takes it off where the output is none."""
    return click.style(text, fg=_COLOURS[stage.name], bold=stage.name == "YOU")


_COLOURS = {"YOU": "red", "BUSY": "yellow", "UNSEEN": "yellow", "WELL": "green"}


def validate(*, files: tuple[Path, ...], output: str) -> None:
    """Check manifests without a server: the schema and the rules of the HpcCluster CRD.

    FILES are files, directories (their *.yaml, *.yml and *.json) or - for standard input. Exit code: 0 valid,
    1 invalid, 2 something cannot be read.
    """
    from hpc_operator.validating import reporting

    report = reporting.validated(files, sys.stdin.buffer)
    click.echo(reporting.as_json(report) if output == "json" else reporting.as_text(report))
    sys.exit(report.exit_code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(released(), prog_name="hpc-operator")
def main() -> None:
    """Kubernetes operator for QingCloud HPC clusters: never creates one twice, never loses one."""


def kubectl() -> None:
    """The same program as the kubectl plugin `kubectl hpc`: what names no command is asked of `status`."""
    given = sys.argv[1:]
    plain = not given or (given[0] not in main.commands and given[0] not in ("-h", "--help", "--version"))
    main(["status", *given] if plain else given, prog_name="kubectl hpc")


_KUBE: list[click.Parameter] = [
    click.Option(
        [f"--{name}"],
        type=click.Path(path_type=Path) if name == "kubeconfig" else str,
        envvar=f"{PREFIX}{name.upper()}",
        show_envvar=True,
        help=Settings.model_fields[name].description,
    )
    for name in ("kubeconfig", "context")
]
_LEFT_OUT: list[click.Parameter] = [
    _OUTPUT,
    click.Option(["--no-cloud"], is_flag=True, help="leave the HPC API out"),
    click.Option(["--no-kubernetes"], is_flag=True, help="leave Kubernetes out"),
]
_STATUS: list[click.Parameter] = [
    click.Argument(["name"], required=False),
    click.Option(["-n", "--namespace"], help="namespace; without it, the kubeconfig context's"),
    click.Option(["-A", "--all-namespaces"], is_flag=True, help="a table of all namespaces"),
    _OUTPUT,
    *_KUBE,
]
_IMPORT: list[click.Parameter] = [
    click.Argument(["cluster_id"], metavar="ID"),
    click.Option(["--name"], help="name of the HpcCluster; without it, made from the cluster's"),
    click.Option(["-n", "--namespace"], help="namespace of the HpcCluster; without it, none is written"),
    *_flags(),
]
_TAKE_OVER: list[click.Parameter] = [
    click.Option(["-n", "--namespace"], required=True, help="namespace whose HpcClusters are taken over"),
    click.Option(["--dry-run"], is_flag=True, help="say what would be done, and change nothing"),
    _OUTPUT,
    *_flags(),
]
_FILES = click.Argument(["files"], nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
main.add_command(click.Command("run", callback=run, params=_flags(), help=run.__doc__))
main.add_command(click.Command("doctor", callback=doctor, params=[*_LEFT_OUT, *_flags()], help=doctor.__doc__))
main.add_command(click.Command("orphans", callback=orphans, params=[_OUTPUT, *_flags()], help=orphans.__doc__))
main.add_command(click.Command("status", callback=status, params=_STATUS, help=status.__doc__))
main.add_command(click.Command("import", callback=import_, params=_IMPORT, help=import_.__doc__))
main.add_command(click.Command("take-over", callback=take_over, params=_TAKE_OVER, help=take_over.__doc__))
main.add_command(click.Command("validate", callback=validate, params=[_FILES, _OUTPUT], help=validate.__doc__))

if __name__ == "__main__":
    main()
