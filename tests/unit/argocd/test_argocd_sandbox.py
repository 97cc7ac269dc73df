"""The sandbox refuses what Argo CD's refuses: a script that passes here uses nothing that is missing there."""

import pytest
from lupa.lua51 import LuaError

from argo.sandbox import Sandbox

MISSING = [
    "string.format('%s', 1)",
    "('a'):rep(2)",
    "math.floor(1)",
    "io.open('/etc/passwd')",
    "os.date()",
    "debug.traceback()",
    "coroutine.create(print)",
    "python.eval('1')",
    "require('string')",
    "require('io')",
    "require('os').execute('true')",
    "require('os').getenv('HOME')",
    "table.foreach({}, print)",
    "package.loadlib('a', 'b')",
]
THERE = [
    ("tostring(1) .. type({})", "1table"),
    ("table.concat({'a', 'b'})", "ab"),
    ("require('os').date('!%c')", "2030-01-01T00:00:00Z"),
    ("obj.metadata.generation + 1", 3),
    ("#obj.list", 2),
    ("select('#', pairs(obj))", 3),
]


@pytest.mark.parametrize("text", MISSING)
def test_what_argo_cd_does_not_open_fails(text: str) -> None:
    with pytest.raises(LuaError):
        Sandbox().run(f"return {text}", {})


@pytest.mark.parametrize(("text", "value"), THERE)
def test_what_argo_cd_opens_works(text: str, value: object) -> None:
    assert Sandbox().run(f"return {text}", {"metadata": {"generation": 2}, "list": [1, 2]}) == value


@pytest.mark.parametrize("text", ["return misspelt", "leaks = 1 return leaks"])
def test_a_global_that_is_not_there_is_an_error(text: str) -> None:
    """There it is nil, or stays behind; here the script is red."""
    with pytest.raises(LuaError, match="global"):
        Sandbox().run(text, {})
