"""What the Containerfile must hold, whoever edits it; hadolint has the rest."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from containerfile import CONTAINERFILE, ROOT, stages

ARGUMENTS, STAGES = stages(CONTAINERFILE.read_text())
BUILD, LAST = STAGES


def test_hadolint_finds_nothing() -> None:
    lint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([lint, CONTAINERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(("stage", "argument"), [(BUILD, "BUILD_DIGEST"), (LAST, "RUN_DIGEST")])
def test_each_base_is_pinned_by_a_digest_that_must_be_given(stage, argument) -> None:
    assert f"@${{{argument}}}" in stage.base
    assert re.fullmatch("sha256:0{64}", ARGUMENTS[argument]), "a default would go stale and be built on all the same"


def test_the_user_is_a_number_and_not_root() -> None:
    assert LAST.last("USER") == "65532:65532"


def test_the_last_stage_takes_the_tree_and_nothing_else() -> None:
    copied = [line for name in ("COPY", "ADD") for line in LAST.all(name)]
    assert copied == ["--from=build /opt/hpc-operator /opt/hpc-operator"]
    assert LAST.base.startswith("gcr.io/distroless/python3-"), "no shell, no pip, no compiler"


def test_what_runs_in_the_last_stage_needs_no_shell_and_runs_as_the_user() -> None:
    assert LAST.all("RUN") == ['["hpc-operator", "--version"]']
    names = [name for name, _ in LAST.instructions]
    assert names.index("USER") < names.index("RUN")


def test_how_it_starts_and_ends() -> None:
    assert (LAST.command("ENTRYPOINT"), LAST.command("CMD")) == (["hpc-operator"], ["run"])
    assert LAST.last("STOPSIGNAL") == "SIGTERM"
    assert LAST.all("HEALTHCHECK") == []
    assert LAST.last("WORKDIR") == "/"
    assert LAST.environment() == {"PATH": "/opt/hpc-operator/bin:/usr/bin", "HOME": "/nonexistent"}


def test_no_secret_and_no_volume_stands_in_it() -> None:
    assert [name for stage in STAGES for name, _ in stage.instructions if name in ("VOLUME", "ONBUILD")] == []
    assert not re.search(r"password|secret|token|access_key", CONTAINERFILE.read_text(), re.IGNORECASE)


def test_it_is_labelled() -> None:
    labels = set(re.findall(r"org\.opencontainers\.image\.([\w.]+)=", LAST.last("LABEL")))
    assert labels == {
        *("title", "description", "licenses", "version", "revision", "created"),
        *("base.name", "base.digest"),
    }


def test_the_build_is_sent_only_what_is_copied() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    (copy,) = BUILD.all("COPY")
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines[1:]} == set(copy.replace("${VERSION}", "*").split()[:-1])
