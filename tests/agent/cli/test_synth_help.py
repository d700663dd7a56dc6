"""The help of `thymos synth` names every gate, and its examples are ones that the command line takes."""

import shlex

import pytest

from thymos.agent.cli import app
from thymos.agent.cli.synth import command as synth_command
from thymos.agent.synth.gates.registry import SWITCHABLE


def test_the_help_names_every_gate_and_its_examples_parse(capsys: pytest.CaptureFixture[str]) -> None:
    app(["synth", "--help"], result_action="return_value")
    told = capsys.readouterr().out
    assert all(name in " ".join(told.split()) for name in SWITCHABLE)
    epilogue = str(synth_command.help_epilogue)
    lines = [line for line in epilogue.splitlines() if line.startswith("thymos ")]
    assert len(lines) == 6
    for line in lines:
        app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)
