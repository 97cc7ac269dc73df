"""`make play`: what its shell file promises is there, and nothing is left when it is ended as a closed terminal ends it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from stage import until
from stage.manifests import ROOT

from local_control_plane.processes import Program


def test_a_shell_that_sources_the_file_has_all_it_needs(tmp_path: Path) -> None:
    paths = os.pathsep.join(str(ROOT / part) for part in ("deploy/local", "tests", "tests/e2e"))
    environment = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(tmp_path)}
    program = Program([sys.executable, "-m", "stage"], tmp_path / "play.log", environment=environment)
    try:
        until("it is told what to source", lambda: "Ctrl-C ends everything" in program.output(), deadline=120)
        (source,) = [line for line in program.output().splitlines() if line.startswith("source ")]
        asked = "kubectl get --raw /readyz && helm version && hpc-operator doctor --no-kubernetes && echo $CONTROL"
        done = subprocess.run(
            ["bash", "-c", f"{source} && {asked}"], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert done.returncode == 0, done.stdout + done.stderr
        os.kill(program.pid, signal.SIGHUP)
        until("it has ended", lambda: program.poll() is not None, deadline=60)
        assert program.poll() == 0
        assert "nothing is left running" in program.output()
        assert not Path(source.removeprefix("source ")).exists()
    finally:
        program.stop()
