"""Keeps one program for a parent process and ends it when the parent is gone, however the parent ended.

Started by `processes` as a script of its own, `keeper.py GRACE COMMAND…`; nothing imports it. Standard library only,
one thread. SIGTERM is the order to stop the program in good order. Its standard input is a pipe that only the parent
holds: the end of that pipe means that the parent is gone, and the program is killed at once. Its first output line is
the program's pid; it exits as the program did (128 + n after signal n).
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

PARENT = 0
LOG = 2
PR_SET_PDEATHSIG = 1


def die_with_keeper() -> None:
    """In the new program's process, before it runs: end when the keeper ends (Linux; elsewhere the pipe has to do)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end(program: "subprocess.Popen[bytes]", grace: float) -> None:
    """Ask the program to stop, and end its whole process group after `grace` seconds."""
    program.terminate()
    try:
        program.wait(grace)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def keep(command: list[str], grace: float) -> int:
    """Run the command until it ends or the parent is gone; the exit status to hand on."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    # This process has one thread, so running code between fork and exec is safe here.
    program = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=LOG,
        stderr=LOG,
        process_group=0,
        preexec_fn=die_with_keeper,  # noqa: PLW1509 - one thread, see above
    )
    os.write(1, f"{program.pid}\n".encode())
    os.close(1)
    while program.poll() is None:
        ready, _, _ = select.select([PARENT, reader], [], [])
        woken = os.read(reader, 64) if reader in ready else b""
        if PARENT in ready or any(number != signal.SIGCHLD for number in woken):
            end(program, 0.0 if PARENT in ready else grace)
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # nobody of its group is left
    return program.returncode if program.returncode >= 0 else 128 - program.returncode


if __name__ == "__main__":
    sys.exit(keep(sys.argv[2:], float(sys.argv[1])))
