"""What the process says about itself: log lines without secrets, and the three HTTP answers."""

import io
import json
import logging
from collections.abc import Iterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from hpc_operator import logs
from hpc_operator.serving import application, serving


async def test_probes_answer_with_their_sentence_and_metrics_are_exposed() -> None:
    registry = CollectorRegistry()
    Counter("passes", "made", registry=registry).inc()
    app = application(healthy=lambda: (True, "leading"), ready=lambda: (False, "no CRD"), metrics=registry)
    async with serving(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
        told = {}
        for path in ("healthz", "readyz", "metrics"):
            async with session.get(f"http://127.0.0.1:{port}/{path}") as answer:
                told[path] = (answer.status, await answer.text())
    assert told["healthz"] == (200, "leading\n")
    assert told["readyz"] == (503, "no CRD\n")
    assert told["metrics"][0] == 200
    assert "passes_total 1.0" in told["metrics"][1]


@pytest.fixture
def _own_logging() -> Iterator[None]:
    root, quiet = logging.getLogger(), [logging.getLogger(name) for name in logs._QUIET]
    before, levels = (root.handlers[:], root.level), [each.level for each in quiet]
    yield
    root.handlers[:], root.level = before
    for each, level in zip(quiet, levels, strict=True):
        each.setLevel(level)


@pytest.mark.usefixtures("_own_logging")
def test_every_line_is_json_and_neither_message_extra_nor_traceback_tells_a_secret() -> None:
    out = io.StringIO()
    logs.configure("INFO", lambda text: text.replace("hush", "***"), out)
    try:
        int("hush")
    except ValueError:
        logging.getLogger("a").exception("hush in %s", "the message", extra={"resource": "hush/extra"})
    logging.getLogger("httpx").info("GET https://api/?signature=hush")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == 1, "httpx logs whole signed URLs at INFO: that logger is quiet"
    assert {"time", "level", "logger", "message", "resource", "exc_info"} <= lines[0].keys()
    assert (lines[0]["level"], lines[0]["resource"]) == ("ERROR", "***/extra")
    assert "hush" not in out.getvalue()
    assert lines[0]["exc_info"].count("***") >= 1
