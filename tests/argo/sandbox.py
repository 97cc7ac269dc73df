"""Argo CD's Lua sandbox, rebuilt from what its util/lua/lua.go and oslib_safe.go open (read at 3.6.0). PUC Lua 5.1 plays
gopher-lua.

Open are `package`, the base library, `table`, and an `os` of two functions that only `require("os")` gives. There is no
`string` library, also not behind a string's methods. Beyond Argo CD it refuses to read or write a global that is not
there: a script that gets nil from a misspelled name, or leaves something behind, is an error here.
"""

from collections.abc import Mapping
from typing import Any

from lupa import lua51

_BASE = [
    "_VERSION",
    "assert",
    "collectgarbage",
    "dofile",
    "error",
    "getfenv",
    "getmetatable",
    "ipairs",
    "load",
    "loadfile",
    "loadstring",
    "module",
    "newproxy",
    "next",
    "pairs",
    "pcall",
    "print",
    "rawequal",
    "rawget",
    "rawset",
    "require",
    "select",
    "setfenv",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "xpcall",
]
_TABLE = ("concat", "getn", "insert", "maxn", "remove", "sort")
_PACKAGE = ("loaded", "loaders", "preload", "seeall")

_CLOSE = """
local base, tables, packages, time, date = ...
debug.setmetatable("", nil)
local function only(from, names)
  for key in pairs(from) do
    if not names[key] then from[key] = nil end
  end
end
for key in pairs(package.loaded) do
  if key ~= "_G" and key ~= "table" and key ~= "package" then package.loaded[key] = nil end
end
package.loaders = { package.loaders[1] }
package.preload.os = function() return { time = time, date = date } end
local globals = _G
only(package, packages)
only(table, tables)
only(globals, base)
"""
_STRICT = """
local globals, fails, text = _G, error, tostring
setfenv(..., setmetatable({}, {
  __index = function(_, name)
    if globals[name] == nil then fails("no global " .. text(name), 2) end
    return globals[name]
  end,
  __newindex = function(_, name) fails("sets the global " .. text(name), 2) end,
}))
"""


class Sandbox:
    """One script, one object, a fresh state each time. `now`: what `os.date` answers, whatever format is asked."""

    def __init__(self, now: str = "2030-01-01T00:00:00Z") -> None:
        self._now = now
        self.formats: list[str] = []

    def run(self, script: str, live: Mapping[str, Any]) -> Any:
        """What the script returns for the object: an empty table is `[]`, as it is for Argo CD."""
        lua = lua51.LuaRuntime(register_eval=False, register_builtins=False, unpack_returned_tuples=True)
        close, run = lua.compile(_CLOSE), lua.compile(script)
        strict = lua.compile(_STRICT)
        names = {*_BASE, "_G", "package", "table"}
        close(_set(lua, names), _set(lua, {*_TABLE}), _set(lua, {*_PACKAGE}), _nothing, self._date)
        values = lua.globals()
        values["obj"], values["actionParams"] = _decoded(lua, live), lua.table()
        strict(run)
        return _encoded(run())

    def _date(self, form: str) -> str:
        self.formats.append(form)
        return self._now


def _nothing() -> int:
    return 0


def _set(lua: Any, names: set[str]) -> Any:
    return lua.table_from(dict.fromkeys(names, True))


def _decoded(lua: Any, value: Any) -> Any:
    """As Argo CD hands an object in: numbers are floats, and null is nil."""
    if isinstance(value, Mapping):
        return lua.table_from({key: _decoded(lua, each) for key, each in value.items() if each is not None})
    if isinstance(value, list):
        return lua.table_from([_decoded(lua, each) for each in value])
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _encoded(value: Any) -> Any:
    if lua51.lua_type(value) != "table":
        return value
    keys = list(value.keys())
    if keys == list(range(1, len(keys) + 1)):
        return [_encoded(value[key]) for key in keys]
    return {key: _encoded(value[key]) for key in keys}


def cleaned(returned: Any, live: Any) -> Any:
    """What Argo CD makes of an action's answer: an empty list where a mapping was is taken for no change."""
    if isinstance(live, Mapping) and returned == []:
        return live
    if isinstance(live, Mapping) and isinstance(returned, Mapping):
        return {key: cleaned(each, live.get(key)) for key, each in returned.items()}
    if isinstance(live, list) and isinstance(returned, list):
        return [cleaned(each, live[at] if at < len(live) else None) for at, each in enumerate(returned)]
    return returned
