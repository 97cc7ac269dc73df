"""The spec's fields as paths: walked for the rules that speak of every field, and written as CEL.

`kube.rules`, `kube.transitions` and tests import it. Pure; which field may do what is not known here.
"""

from collections.abc import Iterator

from pydantic import BaseModel

from hpc_operator.kube.schema import Spec


def leaves(model: type[BaseModel] = Spec, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every leaf of the spec, as a path of JSON names."""
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        here = (*path, field.alias or name)
        if inner is None:
            yield here
        else:
            yield from leaves(inner, here)


def _model_in(annotation: object) -> type[BaseModel] | None:
    options = getattr(annotation, "__args__", (annotation,))
    return next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)


def select(root: str, path: tuple[str, ...]) -> str:
    """CEL: the field at a path below `root`."""
    return ".".join((root, *(segment.replace(".", "__dot__") for segment in path)))


def present(root: str, path: tuple[str, ...]) -> str:
    """CEL: whether the field is there. (`.?` would be shorter, but the server cannot bound the cost of its `==`.)"""
    model: type[BaseModel] | None = Spec
    asked = []
    for depth, segment in enumerate(path, 1):
        field = next(f for n, f in model.model_fields.items() if (f.alias or n) == segment) if model else None
        if field is not None and not field.is_required():
            asked.append(f"has({select(root, path[:depth])})")
        model = _model_in(field.annotation) if field else None
    return " && ".join(asked) or "true"
