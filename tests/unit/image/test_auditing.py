"""Only a service that answered for every requirement gives an all-clear; pip-audit itself runs here too."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from supply.auditing import audit, judged

WANTED = {"kopf": "1.45.2", "typing-extensions": "4.16.0"}
HASH = "--hash=sha256:" + "0" * 64
CLEAN = [
    {"name": "kopf", "version": "1.45.2", "vulns": []},
    {"name": "typing_extensions", "version": "4.16.0", "vulns": []},
]
ILL = {"name": "kopf", "version": "1.45.2", "vulns": [{"id": "CVE-1", "fix_versions": ["1.46"]}]}
SKIPPED = {"name": "kopf", "skip_reason": "Dependency not found on PyPI"}
OLDER = {"name": "kopf", "version": "1.45.1", "vulns": []}
JUDGED = [
    (CLEAN, 0, "2 requirements looked up, 0 known vulnerabilities", "all answered"),
    ([ILL, CLEAN[1]], 1, "kopf 1.45.2: CVE-1, fixed in 1.46", "a vulnerability"),
    ([SKIPPED, CLEAN[1]], 2, "NOT AUDITED: 1 of 2 requirements could not be looked up (kopf): Dependency", "skipped"),
    ([CLEAN[1]], 2, "NOT AUDITED: 1 of 2", "left out"),
    ([OLDER, CLEAN[1]], 2, "NOT AUDITED: 1 of 2", "another version was looked up"),
    ([ILL], 1, "NOT AUDITED: 1 of 2", "a vulnerability, and one not looked up: both are told"),
    ([], 2, "NOT AUDITED: 2 of 2 requirements could not be looked up (kopf, typing-extensions): no route", "nothing"),
]


@pytest.mark.parametrize(("entries", "code", "said", "reason"), JUDGED, ids=[row[3] for row in JUDGED])
def test_a_report_is_judged(entries, code, said, reason) -> None:
    found = judged(WANTED, json.dumps({"dependencies": entries}), "no route")
    assert (found.code, said in str(found)) == (code, True), str(found)


@pytest.mark.parametrize("report", ["", "No known vulnerabilities found", "[]", "{}"])
def test_what_is_no_report_is_no_all_clear(report: str) -> None:
    assert judged(WANTED, report, "no route").code == 2


class Service(BaseHTTPRequestHandler):
    """Answers as OSV does: something is known against h11 0.16.0, nothing against the rest."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        package = {"name": "h11", "ecosystem": "PyPI"}
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.17.0"}]}]
        ill = {"id": "PYSEC-0", "affected": [{"package": package, "ranges": ranges}], "summary": "made up"}
        body = json.dumps({"vulns": [ill]} if asked["package"]["name"] == "h11" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def lock(folder: Path, *lines: str) -> Path:
    path = folder / "lock"
    path.write_text("".join(f"{line} {HASH}\n" for line in lines))
    return path


def test_pip_audit_and_a_service_that_answers(service: str, tmp_path: Path) -> None:
    ours = ("--vulnerability-service", "osv", "--osv-url", service)
    found = audit(lock(tmp_path, "h11==0.16.0", "kopf==1.45.2"), *ours)
    assert (found.code, found.known) == (1, ("h11 0.16.0: PYSEC-0, fixed in 0.17.0",))
    assert audit(lock(tmp_path, "kopf==1.45.2"), *ours).code == 0


def test_pip_audit_and_nobody_who_answers(service: str, tmp_path: Path) -> None:
    nowhere = service.replace("http://127.0.0.1", "http://127.0.0.1:9/x")
    found = audit(lock(tmp_path, "kopf==1.45.2"), "-s", "osv", "--osv-url", nowhere, "--timeout", "5")
    assert found.code == 2
    assert "NOT AUDITED: 1 of 1" in str(found)
    assert "127.0.0.1" in str(found), "it says who did not answer"
