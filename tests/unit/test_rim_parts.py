"""What the process says about itself: log lines without secrets, and the three HTTP answers."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from hpc_operator import logs
from hpc_operator.cloud.scrub import Scrubber
from hpc_operator.serving import application, serving
from outputs import findings


async def test_probes_answer_with_their_sentence_and_metrics_are_exposed() -> None:
    registry = CollectorRegistry()
    Counter("passes", "made", registry=registry).inc()
    app = application(
        healthy=lambda: (True, "leading"),
        ready=lambda: (False, "no hush CRD"),
        metrics=registry,
        scrub=lambda text: text.replace("hush ", ""),
    )
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
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook = hooks
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


PASSWORD = 'pa"ss\\w/rd+1'


def scrubbed_logs(level: str = "DEBUG") -> io.StringIO:
    scrubber, out = Scrubber(), io.StringIO()
    scrubber.add(PASSWORD)
    logs.configure(level, scrubber.scrub, out)
    return out


@pytest.mark.usefixtures("_own_logging")
def test_a_secret_is_found_before_it_is_escaped() -> None:
    """Quotes and backslashes in extras, containers, reprs and tracebacks: escaped twice, no form would match."""
    out = scrubbed_logs()
    log = logging.getLogger("a")
    try:
        raise KeyError({"inner": [PASSWORD]})  # noqa: TRY301
    except KeyError:
        log.exception(
            "%s and %r",
            PASSWORD,
            [PASSWORD],
            extra={"told": {"deep": (PASSWORD, ValueError(PASSWORD))}, PASSWORD: 1, "n": 3},
        )
    log.info(f"%d of %d {PASSWORD}", "x")  # noqa: G004
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert findings({"password": PASSWORD}, {"log": out.getvalue()}) == []
    assert lines[0]["n"] == 3
    assert "KeyError" in lines[0]["exc_info"]
    assert lines[1]["message"] == "%d of %d *** (its arguments do not fit)"


@pytest.mark.usefixtures("_own_logging")
def test_crashes_and_warnings_are_log_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Python's own hooks print a traceback raw, with whatever the exception says."""
    out = scrubbed_logs()
    logs.catch_crashes()

    def crash() -> None:
        raise ValueError(PASSWORD)

    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()
    try:
        crash()
    except ValueError:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    warnings.warn(PASSWORD, UserWarning, stacklevel=1)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["level"] for line in told] == ["CRITICAL", "CRITICAL", "WARNING"]
    assert findings({"password": PASSWORD}, {"log": out.getvalue(), "stderr": "".join(capsys.readouterr())}) == []
