"""The alerts' tests over rules that were changed or rendered, in a folder of their own; promtool's answer as words."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from monitoring_files import RULE_TESTS

Rule = dict[str, Any]
QUIET = "nothing"
"""The test of all alerts together: days on which none may fire. Every other test is of the alert that it is called by."""
_BAD = ("failure", "error")
_GOT = re.compile(r'got:\[\s*0:\s*Labels:\{alertname="(\w+)"')


class Verdicts:
    """What promtool said of each test file, by the file's name: the complaints; none where it passed.

    Source of the format: promtool's JUnit report, a suite for each file and a case for each test.
    """

    def __init__(self, report: Path) -> None:
        suites = ElementTree.parse(report).getroot().findall("testsuite")
        self.complaints = {
            Path(suite.attrib["name"]).stem: [found.text or "" for kind in _BAD for found in suite.iter(kind)]
            for suite in suites
        }

    @property
    def red(self) -> set[str]:
        """The files of which some test failed."""
        return {name for name, said in self.complaints.items() if said}

    @property
    def fired(self) -> set[str]:
        """The alerts that fired where none, or another one, was expected."""
        return {name for said in self.complaints.values() for text in said for name in _GOT.findall(text)}


def over(folder: Path, rules: Mapping[str, Rule], told: Callable[[str], str] = str) -> list[Path]:
    """Each test over its own alert of these, the quiet days over all of them; `told` changes the text of a test."""
    paths = []
    for path in RULE_TESTS:
        mine = [*rules.values()] if path.stem == QUIET else [rules[path.stem]]
        named = f"{path.stem}-rules.yaml"
        (folder / named).write_text(json.dumps({"groups": [{"name": "hpc-operator", "rules": mine}]}))
        copy = folder / path.name
        text = re.sub(r"^rule_files:.*$", f"rule_files: [{named}]", path.read_text(), flags=re.MULTILINE)
        copy.write_text(told(text))
        paths.append(copy)
    return paths
