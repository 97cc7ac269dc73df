"""The bill of materials of the image's Python part, as CycloneDX: what is in the tree, by licence, with hashes.

cyclonedx-py tells of an environment the licences and who needs whom, and of a lock the hashes; this puts the second
beside the first. It stands for what `assemble` made, not for the base image (docs/image.md).
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
_TOOL = (sys.executable, "-m", "cyclonedx_py")
_FLAGS = ("--no-validate", "--output-reproducible", "--spec-version", "1.6", "--output-file", "-")

Bill = dict[str, Any]


def joined(environment: Bill, lock: Bill, wheel: Path) -> Bill:
    """The bill of the environment, with the hashes that the lock allows and that of our own wheel.

    ValueError where the environment holds what the lock does not name in that version.
    """
    allowed = {(canonicalize_name(each["name"]), each["version"]): each for each in lock["components"]}
    for component in environment["components"]:
        locked = allowed.get((canonicalize_name(component["name"]), component["version"]))
        if locked is None:
            raise ValueError(f"{component['name']} {component['version']} is not in the lock")
        component["externalReferences"] = [
            *component.get("externalReferences", []),
            *(each for each in locked["externalReferences"] if each["type"] == "distribution"),
        ]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    environment["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return environment


def problem(text: str) -> str | None:
    """What the strict CycloneDX schema has against a bill; None where nothing."""
    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return None if found is None else str(found)


def _told(*arguments: str) -> Bill:
    done = subprocess.run([*_TOOL, *arguments, *_FLAGS], capture_output=True, text=True, check=True, cwd=ROOT)
    found: Bill = json.loads(done.stdout)
    return found


def main(python: str, wheel: str, out: str) -> int:
    """`make sbom`: of the interpreter `python`, written to `out` once it is valid."""
    project = ("--pyproject", "pyproject.toml")
    environment = _told("environment", *project, str(Path(python).absolute()))
    bill = joined(environment, _told("requirements", "requirements.run.lock"), Path(wheel))
    text = json.dumps(bill, indent=2) + "\n"
    if (wrong := problem(text)) is not None:
        click.echo(f"not valid CycloneDX: {wrong}", err=True)
        return 1
    Path(out).write_text(text)
    click.echo(f"{out}: {len(bill['components'])} components, valid CycloneDX {bill['specVersion']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
