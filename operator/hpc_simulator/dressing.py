"""How an answer is written that the API reference does not describe to the letter: the last stage before the bytes.

Lives here: one pure function on the document of any answer, after the call has made it. Only `envelope` imports it, and
`clusters` for the texts of people. Never comes in: what a call means; a setting that changes one call belongs there.
"""

from hpc_simulator.settings import Settings

LONG = 100_000
"""Characters of a long text."""

_NEEDED = frozenset({
    *("ret_code", "message", "total_count", "cluster_set", "app_cluster", "job_set", "hpc_app_nodes_set"),
    *("cluster_id", "cluster_name", "cluster_status", "job_id", "job_ids", "hpc_cluster_id", "status", "resource_ids"),
    *("node_id", "role", "permission", "uid_number", "gid_number"),
})  # fmt: skip
"""What a client cannot do without, in whichever object it stands."""

_EXTRA: dict[str, object] = {
    "x_request_id": "r-0123456789",
    "x_trace": {"ret_code": 5000, "message": "not yours", "cluster_id": "ehpc-notyours", "total_count": 0, "hops": []},
    "x_history": [None, True, 1.5, {"cluster_status": "deleting", "job_id": "j-notyours"}],
}
"""Fields that no page names; nothing in them is about the object that they stand in."""


def dressed(document: dict[str, object], settings: Settings) -> dict[str, object]:
    """The document as the settings let it be written; the same object where they ask for nothing."""
    if settings.messages == "absent":
        document = {name: value for name, value in document.items() if name != "message"}
    return document if plain(settings) else _object(document, settings)


def plain(settings: Settings) -> bool:
    """Whether objects are written as the calls make them."""
    return settings.optional_fields == "all" and not settings.extra_fields and settings.numbers_as == "numbers"


def worded(text: str, settings: Settings) -> str:
    """A text that people read: Chinese around it, or very long, with its own words at the end."""
    match settings.texts:
        case "plain":
            return text
        case "chinese":
            return f"集群「{text}」，说明：高性能计算😀"
        case "long":
            return ("长文本 long text " * (LONG // 14 + 1))[: LONG - len(text)] + text


def _object(fields: dict[str, object], settings: Settings) -> dict[str, object]:
    made = {name: _value(value, settings) for name, value in fields.items() if _there(name, settings)}
    if settings.optional_fields == "null":
        made |= dict.fromkeys(fields.keys() - _NEEDED)
    return {**_EXTRA, **made, "x_end": None} if settings.extra_fields else made


def _there(name: str, settings: Settings) -> bool:
    return settings.optional_fields == "all" or name in _NEEDED


def _value(value: object, settings: Settings) -> object:
    match value:
        case dict():
            return _object(value, settings)
        case list():
            return [_value(item, settings) for item in value]
        case bool():
            return value
        case int():
            return {"numbers": value, "strings": str(value), "floats": float(value)}[settings.numbers_as]
        case _:
            return value
