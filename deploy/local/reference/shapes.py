"""One field of a structural schema in words: its type and what it may hold. Pure."""

from typing import Any

from hpc_operator.kube import names
from reference.markdown import code

Schema = dict[str, Any]
_WORDS = {
    r"^[^\x00-\x1f\x7f]*$": "no control characters",
    r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$": "no control characters, no blank at either end",
    r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$": "as names of Kubernetes are",
    names.TIME_PATTERN: "as `2026-01-31T09:05:00.000Z`",
}
"""Patterns that say less than words do."""
_LIMITS = (("minimum", "maximum", ""), ("minLength", "maxLength", " characters"), ("minItems", "maxItems", " items"))


def kind(schema: Schema) -> str:
    """The type; of a list, that of its items."""
    return f"list of {schema['items']['type']}" if schema["type"] == "array" else str(schema["type"])


def bounds(schema: Schema) -> str:
    """Enum, bounds and pattern."""
    said = [", ".join(code(each) for each in schema["enum"])] if "enum" in schema else []
    for least, most, unit in _LIMITS:
        if least in schema or most in schema:
            said.append(_between(schema.get(least), schema.get(most)) + unit)
    if schema.get("format") == "date-time":
        said.append("RFC 3339")
    if "pattern" in schema:
        said.append(_WORDS.get(schema["pattern"], code(schema["pattern"])))
    if schema["type"] == "array" and (inner := bounds(schema["items"])):
        said.append(f"each: {inner}")
    return "; ".join(said)


def below(schema: Schema) -> Schema | None:
    """The object that the field is, or a list of."""
    inner = schema["items"] if schema["type"] == "array" else schema
    return inner if "properties" in inner else None


def _between(least: int | None, most: int | None) -> str:
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"{least} to {most}"
