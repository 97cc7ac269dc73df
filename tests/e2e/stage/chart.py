"""The Helm chart as helm renders it, once in this process for each shape: what an operator of a stage may do.

Names and namespaces are placeholders when helm renders; a stage puts its own in their place.
"""

import json
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from local_control_plane.binaries import ensure
from stage.manifests import ROOT

CHART = ROOT / "deploy" / "charts" / "hpc-operator"
_HOME, _NAME, _SERVED, _SECRETS = "the-release-namespace", "the-release-name", "served-{}", "secrets-{}"


@dataclass(frozen=True)
class Scope:
    """Where an operator acts: its Lease and ServiceAccount `name` are in `home`; it serves `namespaces` (none: all), and
    where it serves all, it has the Secrets of `secret_namespaces` alone (none: of all).
    """

    home: str
    name: str = "hpc-operator"
    namespaces: tuple[str, ...] = ()
    secret_namespaces: tuple[str, ...] = ()

    @property
    def user(self) -> str:
        """Who the API server says that it is."""
        return f"system:serviceaccount:{self.home}:{self.name}"


def template(*flags: str, home: str = _HOME, name: str = _NAME) -> str:
    """What `helm template` writes for the chart under this release name."""
    given = ("--set", "fleet=stage", "--set", f"fullnameOverride={name}")
    command = [str(ensure(["helm"])["helm"]), "template", name, str(CHART), "--namespace", home, *given, *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


@cache
def _rendered(served: int, secrets: int) -> str:
    scope = {"namespaces": _numbered(_SERVED, served), "secretNamespaces": _numbered(_SECRETS, secrets)}
    shown = (f"--show-only=templates/{file}.yaml" for file in ("serviceaccount", "rbac"))
    return template("--set-json", f"scope={json.dumps(scope)}", *shown)


def _numbered(form: str, number: int) -> list[str]:
    return [form.format(index) for index in range(number)]


def objects(scope: Scope) -> list[dict[str, Any]]:
    """The ServiceAccount, its roles and their bindings."""
    text = _rendered(len(scope.namespaces), len(scope.secret_namespaces))
    places = {_HOME: scope.home, _NAME: scope.name}
    for form, found in ((_SERVED, scope.namespaces), (_SECRETS, scope.secret_namespaces)):
        places |= {form.format(index): namespace for index, namespace in enumerate(found)}
    for placeholder, meant in places.items():
        text = text.replace(placeholder, meant)
    return [made for made in yaml.safe_load_all(text) if made]
