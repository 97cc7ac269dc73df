"""The command line: a flag for every setting but the secrets, and wrong settings said before anything is touched."""

import click
import pytest
from click.testing import CliRunner

from hpc_operator.cli import main
from hpc_operator.settings import SECRET, Settings


def _run_flags() -> set[str]:
    command = main.commands["run"]
    return {parameter.name or "" for parameter in command.params if isinstance(parameter, click.Option)}


def test_every_setting_but_the_secrets_is_a_flag() -> None:
    assert _run_flags() - {"help"} == set(Settings.model_fields) - set(SECRET)


def test_the_help_names_the_environment_variable_of_each_flag() -> None:
    shown = CliRunner().invoke(main, ["run", "--help"]).output
    missing = [name for name in _run_flags() if f"HPC_OPERATOR_{name.upper()}" not in "".join(shown.split())]
    assert missing == []


def test_a_missing_fleet_ends_the_process_with_a_line_that_says_what_to_do() -> None:
    done = CliRunner(env={"HPC_OPERATOR_FLEET": None}).invoke(main, ["run"])
    assert done.exit_code == 2
    assert "fleet: is not set. Set HPC_OPERATOR_FLEET or --fleet: a name that no other" in done.output


@pytest.mark.parametrize(
    ("flag", "value", "named"),
    [
        ("--poll", "0", "poll"),
        ("--endpoint", "ftp://x", "endpoint"),
        ("--signature-encoding", "thrice", "signature_encoding"),
        ("--quota-share", "2", "quota_share"),
    ],
)
def test_an_impossible_value_is_named(flag: str, value: str, named: str) -> None:
    done = CliRunner().invoke(main, ["run", "--fleet", "test", flag, value])
    assert done.exit_code == 2
    assert f"hpc-operator: {named}: " in done.output


def test_half_a_key_is_refused_and_its_value_is_not_told() -> None:
    done = CliRunner(env={"HPC_OPERATOR_ACCESS_KEY_ID": "HALF-OF-A-KEY"}).invoke(main, ["run", "--fleet", "test"])
    assert done.exit_code == 2
    assert "belong together" in done.output
    assert "HALF-OF-A-KEY" not in done.output


def test_help_is_asked_in_the_short_way_too() -> None:
    assert CliRunner().invoke(main, ["-h"]).output == CliRunner().invoke(main, ["--help"]).output
    assert CliRunner().invoke(main, ["doctor", "-h"]).exit_code == 0
