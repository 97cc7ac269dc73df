"""What is generated for the chart is what stands in the repository (install.yaml: test_chart_values), and its templates hold nothing that GitOps cannot run."""

import re
from pathlib import Path

import pytest
import yaml

from chart_files import places, values_schema, values_table
from chart_files.documented import documented
from chart_files.settings_schema import REFUSED
from hpc_operator.settings import Settings

VALUES = documented(places.VALUES.read_text())
SCHEMA = values_schema.schema(VALUES)
TEMPLATES = sorted((places.CHART / "templates").iterdir())


def test_the_schema_is_what_values_and_settings_say() -> None:
    assert places.SCHEMA.read_text() == values_schema.text(VALUES), "run `make chart`"


def test_the_readme_has_the_values_as_they_are_commented() -> None:
    text = places.README.read_text()
    assert values_table.readme(text, VALUES) == text, "run `make chart`"


def test_the_chart_carries_the_crd() -> None:
    assert places.CRD_COPY.read_text() == places.CRD.read_text(), "run `make chart`"


def test_the_chart_has_the_versions_of_the_package() -> None:
    chart = yaml.safe_load((places.CHART / "Chart.yaml").read_text())
    version = re.search(r'^version = "(.+)"$', (places.ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert (chart["version"], chart["appVersion"]) == (version[1], version[1])


def test_every_setting_is_allowed_or_has_a_place_that_is_named() -> None:
    settings = SCHEMA["properties"]["settings"]["properties"]
    assert set(settings) == set(Settings.model_fields)
    assert all(settings[name] == {"const": sentence} for name, sentence in REFUSED.items())
    assert {"access_key_id", "secret_access_key", "namespaces", "fleet"} < REFUSED.keys()


def objects(schema: dict, path: str = "") -> list[tuple[str, dict]]:
    """Every object schema with properties of ours; what contradicts is not a shape."""
    found = [(path, schema)] if "properties" in schema else []
    return found + [
        each for key, inner in schema.get("properties", {}).items() for each in objects(inner, f"{path}.{key}")
    ]


def test_every_object_of_ours_is_closed() -> None:
    assert [path for path, schema in objects(SCHEMA) if schema.get("additionalProperties") is not False] == []


def test_a_value_without_a_comment_is_refused() -> None:
    with pytest.raises(ValueError, match="bare"):
        documented("# -- Said.\nsaid: 1\nbare: 2\n")


def test_a_comment_belongs_to_the_key_below_it_alone() -> None:
    (value,) = documented("group:\n  # -- Two\n  # lines.\n  key: [1]\n")
    assert (value.name, value.text, value.default) == ("group.key", "Two lines.", [1])


# Argo CD renders with `helm template`: a look at the server finds nothing, chance differs at each sync, and hooks other
# than these run as something else or not at all.
IMPURE = re.compile(r"\b(lookup|rand\w+|uuidv4|now|gen\w+(?:Key|Cert|CA|Password)|htpasswd|bcrypt|derivePassword)\b")
HOOKS = {"test"}


def impure(text: str) -> list[str]:
    inside = " ".join(re.findall(r"\{\{.*?\}\}", text, re.DOTALL))
    return [word[0] for word in IMPURE.finditer(re.sub(r'"[^"]*"|/\*.*?\*/', "", inside, flags=re.DOTALL))]


def hooks(text: str) -> set[str]:
    return {name.strip() for line in re.findall(r"helm\.sh/hook[\"']?:([^\n}]+)", text) for name in line.split(",")}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_depends_on_its_values_alone(template: Path) -> None:
    text = template.read_text()
    assert impure(text) == []
    assert hooks(text) <= HOOKS


def test_what_is_impure_is_seen() -> None:
    assert impure('{{ (lookup "v1" "Secret" "a" "b") }} {{ randAlphaNum 8 }} {{ now | date "2006" }} lookup') == [
        "lookup",
        "randAlphaNum",
        "now",
    ]
    assert hooks("annotations:\n  helm.sh/hook: pre-install,post-upgrade\n") == {"pre-install", "post-upgrade"}


@pytest.mark.parametrize(
    ("fact", "values"),
    [("call_quota", "quota"), ("request_lifetime", "request_lifetime")],
)
def test_the_trial_tells_operator_and_simulator_the_same(fact: str, values: str) -> None:
    """A lifetime that differs makes the doubt window wrong, a quota that differs closes the tap."""
    assert f'"{fact}" (.Values.settings.{values} |' in (places.CHART / "templates" / "simulator.yaml").read_text()
    assert values in yaml.safe_load((places.CHART / "values-trial.yaml").read_text())["settings"]
