"""Waiting for a condition, with a deadline that only a hanging program reaches: the machine may be slow."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryError, retry, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from local_control_plane import ControlPlane, KubectlError

T = TypeVar("T")
DEADLINE = 300.0


def until(what: str, probe: Callable[[], T | None], deadline: float = DEADLINE, pause: float = 0.1) -> T:
    """Ask until the answer counts as true; AssertionError after `deadline` seconds."""
    waiting = retry(
        retry=retry_if_result(lambda answer: not answer),
        wait=wait_fixed(pause),
        stop=stop_after_delay(deadline),
    )
    try:
        found = waiting(probe)()
    except RetryError:
        raise AssertionError(f"not within {deadline:.0f} s: {what}") from None
    assert found is not None
    return found


@retry(retry=retry_if_exception_type(KubectlError), wait=wait_fixed(0.2), stop=stop_after_delay(60), reraise=True)
def until_served(server: ControlPlane) -> None:
    """The CRD just applied is served. Right after the apply kubectl may find no conditions to wait for, and gives up."""
    server.kubectl("wait", "--for=condition=Established", "--timeout=300s", "crd/hpcclusters.hpc.qingcloud.com")
    server.kubectl("get", "hpcclusters")
