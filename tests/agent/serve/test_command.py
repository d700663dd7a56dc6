"""`thymos serve`: every flag changes something, and what can't be served is refused before a model is loaded."""

import socket
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from thymos.agent.cli import app
from thymos.agent.cli.serve import LimitFlags, settings_of
from thymos.agent.serve.listen import listening
from thymos.agent.serve.settings import Limits, Settings
from thymos.prompts.errors import InputError


@pytest.mark.parametrize("name", [each.name for each in fields(LimitFlags)])
def test_a_flag_of_a_limit_changes_it(tmp_path: Path, name: str) -> None:
    usual = settings_of(LimitFlags(), home=tmp_path)
    changed = settings_of(replace(LimitFlags(), **{name: 7}), home=tmp_path)
    assert changed.limits != usual.limits


def test_limits_are_the_same_with_and_without_the_command(tmp_path: Path) -> None:
    told = settings_of(LimitFlags(), home=tmp_path)
    assert told.limits == Limits()
    assert Settings(home=tmp_path).port == told.port


def bound(*words: str) -> dict[str, Any]:
    command, arguments, _ = app.parse_args(["serve", *words], exit_on_error=False, print_error=False)
    assert command.__name__ == "serve"
    return dict(arguments.arguments)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--host", "::1"], "host", "::1"),
        (["--port", "0"], "port", 0),
        (["--home", "x"], "home", Path("x")),
        (["--keys", "k.json"], "keys", Path("k.json")),
        (["--name", "a", "--name", "b"], "name", ("a", "b")),
        (["--allow-host", "a"], "allow_host", ("a",)),
        (["--model", "m"], "model", "m"),
        (["--adapter", "none"], "adapter", "none"),
        (["--taxonomy", "ekman"], "taxonomy", "ekman"),
        (["--kb", "x"], "kb", Path("x")),
        (["--device", "cpu"], "device", "cpu"),
        (["--llm", "http://127.0.0.1:1/v1"], "llm", "http://127.0.0.1:1/v1"),
        (["--redact"], "redact", True),
        (["--quiet"], "quiet", True),
        (["--queue", "3"], "limits", LimitFlags(queue=3)),
    ],
)
def test_a_flag_is_taken(words: list[str], name: str, value: object) -> None:
    assert bound(*words)[name] == value


def test_beyond_this_machine_it_is_refused_before_a_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="serve keys add"):
        app(["serve", "--host", "0.0.0.0", "--home", str(tmp_path)], result_action="return_value", exit_on_error=False)


@pytest.mark.enable_socket
def test_an_address_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = Settings(home=tmp_path, port=taken.getsockname()[1])
        with pytest.raises(InputError, match="address must be one that is free"):
            listening(told)


def test_the_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    app(["serve", "--help"], result_action="return_value")
    assert "thymos serve" in capsys.readouterr().out
