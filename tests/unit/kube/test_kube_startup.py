"""What is said of the CRD before anything is watched: not there, too old, of other versions only, or nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from hpc_operator.kube import names
from hpc_operator.kube.api import NotServed, VersionNotServed
from hpc_operator.kube.crd import object_schema
from hpc_operator.kube.resources import read_served

GROUP, DOCUMENT = f"/apis/{names.GROUP}", f"/openapi/v3/apis/{names.GROUP}/{names.VERSION}"
KIND = {"group": names.GROUP, "version": names.VERSION, "kind": names.KIND}
OPENAPI = {"components": {"schemas": {"ours": {**object_schema(), "x-kubernetes-group-version-kind": [KIND]}}}}


class Answers:
    """An API server that answers these paths, and knows no other."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        self._answers = answers

    async def request(self, method: str, path: str, **_: object) -> dict[str, Any]:
        """The answer of the path."""
        if method != "GET" or path not in self._answers:
            raise NotServed(path)
        return dict(self._answers[path])


def group(*versions: str) -> dict[str, Any]:
    """The group's discovery document."""
    return {"kind": "APIGroup", "versions": [{"groupVersion": f"{names.GROUP}/{v}", "version": v} for v in versions]}


SERVED = [
    ({GROUP: group("v1alpha1"), DOCUMENT: OPENAPI}, "as it is"),
    ({GROUP: group("v1beta1", "v1alpha1"), DOCUMENT: OPENAPI}, "ours is one of two"),
    ({GROUP: {"versions": "?"}, DOCUMENT: OPENAPI}, "a document of another shape tells nothing"),
    ({DOCUMENT: OPENAPI}, "an API server that does not tell groups"),
]


@pytest.mark.parametrize(("answers", "reason"), SERVED, ids=[row[1] for row in SERVED])
async def test_our_version_is_served(answers: dict[str, Any], reason: str) -> None:
    assert await read_served(Answers(answers)) == OPENAPI, reason


@pytest.mark.parametrize("answers", [{}, {GROUP: group()}])
async def test_there_is_no_crd(answers: dict[str, Any]) -> None:
    assert await read_served(Answers(answers)) is None


@pytest.mark.parametrize("document", [{}, {DOCUMENT: OPENAPI}])
async def test_other_versions_only_are_named_whatever_the_document_says(document: dict[str, Any]) -> None:
    """A genuine server went on answering it for a version that was not served any more."""
    with pytest.raises(VersionNotServed, match="serves v1beta1, v1 and not v1alpha1"):
        await read_served(Answers({GROUP: group("v1beta1", "v1"), **document}))
