"""The schema of `settings.*`, out of the operator's own settings, so that both always say the same.

What the chart sets itself is refused, and so is every credential: the sentence that JSON Schema offers for that is the
only value it would take. Source: https://json-schema.org/draft-07/json-schema-validation (const, section 6.1.3).
"""

from typing import Any

from hpc_operator.settings import Settings

_KEY = "a key never stands in values: put it into a Secret and name that in credentials.existingSecret"
_CHART = "leave it out: the chart sets it"
REFUSED = {
    "fleet": "leave it out and set the value fleet",
    "namespaces": "leave it out and set scope.namespaces",
    "secret_namespaces": "leave it out and set scope.secretNamespaces",
    "access_key_id": _KEY,
    "secret_access_key": _KEY,
    **dict.fromkeys(("credentials_dir", "credentials_secret"), "leave it out and set credentials.existingSecret"),
    **dict.fromkeys(
        ("kubeconfig", "context", "lease_namespace", "lease_name", "listen_address", "listen_port"), _CHART
    ),
}
"""Settings that have another place, with the sentence that says which."""

_WORD = r"^[^,\s]+$"  # lists reach the operator separated by commas


def refused(sentence: str) -> dict[str, Any]:
    """A schema that nothing satisfies but the sentence itself; messages of helm quote it, and not what was given."""
    return {"const": sentence}


def settings_schema() -> dict[str, Any]:
    """The schema of the value `settings`."""
    fields = Settings.model_json_schema()["properties"]
    allowed = {name: _field(schema) for name, schema in fields.items() if name not in REFUSED}
    denied = {name: refused(sentence) for name, sentence in REFUSED.items()}
    return {"type": "object", "additionalProperties": False, "properties": {**allowed, **denied}}


def _field(schema: dict[str, Any]) -> dict[str, Any]:
    """One field of pydantic's as draft-07 without null: what is not set is left out."""
    kept = {key: value for key, value in schema.items() if key not in ("title", "default", "anyOf")}
    for each in schema.get("anyOf", ()):
        kept |= each if each.get("type") != "null" else {}
    if kept["type"] == "array":
        kept["items"] = {"pattern": _WORD, **kept["items"]}
    return kept
