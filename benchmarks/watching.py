"""Every HpcCluster of a namespace as the API server tells it, from now on: one list, then a watch, again when it ends.

A watch may end at any time, also right away; what was missed meanwhile is in the next list. `load` and `outside` see
with it when a status came to say something.
"""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp


async def follow(session: aiohttp.ClientSession, path: str) -> AsyncGenerator[Mapping[str, Any], None]:
    """Objects as they are and become, for ever; an object may come again unchanged. After each list, an empty one."""
    endless = aiohttp.ClientTimeout(total=None)
    while True:
        async with session.get(path) as answer:
            answer.raise_for_status()
            found = await answer.json()
        for each in found["items"]:
            yield each
        yield {}
        query = {"watch": "1", "resourceVersion": found["metadata"]["resourceVersion"]}
        async with session.get(path, params=query, timeout=endless) as answer:
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    break
                yield event["object"]
