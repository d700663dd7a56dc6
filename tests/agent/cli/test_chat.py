"""`thymos chat`: messages and commands of a session, and what they show."""

import io
import json
import os
import signal
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import thymos.agent.cli.chat as chat_command
from thymos.agent.chat.agent import ChatAgent
from thymos.agent.chat.values import Answer
from thymos.agent.cli.chat_session import HELP, Quit, Session
from thymos.agent.cli.chat_view import JsonView, TerminalView
from thymos.prompts.errors import InputError

Made = tuple[Session, Callable[[], str]]


@pytest.fixture
def session(agent: ChatAgent) -> Made:
    out = StringIO()
    view = TerminalView(Console(file=out, width=100))
    return Session(agent, view, agent.threads.create("ekman").id), out.getvalue


def test_a_message_is_answered_with_bars_and_words(session: Made) -> None:
    talk, shown = session
    assert talk.say('She wrote "I love it". Mood?') == 0
    assert "joy" in shown()
    assert "█" in shown()
    assert "90%" in shown()


def test_reasons_and_sources_of_the_last_answer_can_be_seen(session: Made) -> None:
    talk, shown = session
    talk.say('She wrote "I love it". Mood?')
    talk.say("/why")
    assert "What would change it" in shown()
    talk.say("/sources")
    assert "[kb:definition-joy]" in shown()


@pytest.mark.parametrize("command", ["/why", "/sources", "/good"])
def test_a_command_on_an_answer_needs_one(session: Made, command: str) -> None:
    talk, shown = session
    assert talk.say(command) == InputError.exit_code
    assert "there must be an answer first" in shown()


def test_an_attachment_comes_with_the_next_message(session: Made, tmp_path: Path) -> None:
    talk, shown = session
    (tmp_path / "talk.txt").write_text("Ann: we won\nBob: so late\n", encoding="utf-8")
    assert talk.say(f"/attach {tmp_path / 'talk.txt'}") == 0
    talk.say("how does the mood change?")
    assert "turn 2, Bob" in shown()
    (turn,) = talk.agent.threads.turns(talk.thread)
    assert [each.name for each in turn.message.attachments] == ["talk.txt"]


def test_a_file_that_is_not_there_is_told(session: Made) -> None:
    talk, shown = session
    assert talk.say("/attach /nowhere/x.wav") == InputError.exit_code
    assert "attachment must be a file that can be read" in shown()


def test_the_label_set_changes_from_the_next_message_on(session: Made) -> None:
    talk, shown = session
    talk.say("/taxonomy plutchik")
    talk.say('She wrote "I love it". Mood?')
    assert talk.agent.threads.get(talk.thread).taxonomy == "plutchik"
    talk.say("/taxonomy")
    assert "goemotions" in shown()


def test_feedback_is_kept_with_its_label(session: Made) -> None:
    talk, _ = session
    talk.say('She wrote "I love it". Mood?')
    talk.say("/bad anger it was ironic")
    (turn,) = talk.agent.threads.turns(talk.thread)
    assert turn.feedback is not None
    assert (turn.feedback.rating, turn.feedback.label, turn.feedback.comment) == (-1, "anger", "it was ironic")


def test_conversations_are_opened_and_deleted(session: Made) -> None:
    talk, _ = session
    first = talk.thread
    talk.say('She wrote "I love it". Mood?')
    talk.say("/new")
    assert talk.thread != first
    talk.say(f"/open {first[:10]}")
    assert talk.thread == first
    talk.say("/delete")
    assert first not in [each.id for each in talk.agent.threads.listed()]


def test_a_conversation_is_written_down(session: Made, tmp_path: Path) -> None:
    talk, _ = session
    talk.say('She wrote "I love it". Mood?')
    talk.say(f"/export {tmp_path / 'talk.md'}")
    talk.say(f"/export {tmp_path / 'talk.json'}")
    assert '> She wrote "I love it". Mood?' in (tmp_path / "talk.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))["thread"]["turns"] == 1


def test_leaving_is_no_failure(session: Made) -> None:
    with pytest.raises(Quit):
        session[0].say("/quit")


def test_an_unknown_command_is_told_and_help_lists_all(session: Made) -> None:
    talk, shown = session
    assert talk.say("/sing") == InputError.exit_code
    talk.say("/help")
    assert all(name.split()[0] in shown() for name in HELP)


def test_answers_are_lines_of_json_in_a_pipe(agent: ChatAgent) -> None:
    out = StringIO()
    talk = Session(agent, JsonView(out), agent.threads.create("ekman").id)
    talk.say('She wrote "I love it". Mood?')
    talk.say("/sing")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert Answer.model_validate(first["answer"]).tool == "analyse"
    assert second["type"] == "failed"


def test_text_that_would_steer_the_terminal_is_shown_harmless(session: Made) -> None:
    talk, shown = session
    talk.say('She wrote "I love \x1b[31mit\x07". Mood?')
    assert "\x1b[31m" not in shown()
    assert "\x07" not in shown()


def test_a_conversation_in_which_nothing_was_said_is_not_kept(session: Made, tmp_path: Path) -> None:
    talk, _ = session
    (tmp_path / "talk.txt").write_text("Ann: we won\nBob: so late\n", encoding="utf-8")
    talk.attach(tmp_path / "talk.txt")
    talk.drop_if_empty()
    assert talk.agent.threads.listed() == []
    talk.say("/new")
    talk.say('She wrote "I love it". Mood?')
    talk.drop_if_empty()
    assert len(talk.agent.threads.listed()) == 1


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x.csv", "a\0b", "/"])
def test_a_path_that_can_not_be_is_one_sentence(session: Made, path: str) -> None:
    made, seen = session
    assert made.say(f"/attach {path}") == 2
    assert "must" in seen()
    assert made.say(f"/export {path}") != 0


def test_the_last_conversation_is_another_one_and_empty_ones_are_left_behind(session: Made) -> None:
    made, _ = session
    made.say('She wrote "we won". Mood?')
    first = made.thread
    made.say("/new")
    made.say("/new")
    made.say("/open last")
    assert made.thread == first
    assert [each.id for each in made.agent.threads.listed()] == [first]


def test_a_pipe_ends_where_it_says_so(
    agent: ChatAgent, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chat_command, "_agent", lambda *_: agent)
    monkeypatch.setattr("sys.stdin", io.StringIO('"we won", mood?\n/quit\n"I hate it", mood?\n'))
    assert chat_command.chat(as_json=True) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_lines_of_a_pipe_command_nothing(
    agent: ChatAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.md").write_text("mine")
    lines = [f"/export {tmp_path / 'mine.md'}", f"/attach {tmp_path / 'mine.md'}", "/delete"]
    monkeypatch.setattr(chat_command, "_agent", lambda *_: agent)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    chat_command.chat(as_json=True)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["turn"] for each in answers] == [0, 1, 2]  # of one conversation
    assert (tmp_path / "mine.md").read_text() == "mine"


def test_a_conversation_is_not_written_over_a_file(session: Made, tmp_path: Path) -> None:
    talk, shown = session
    (tmp_path / "talk.md").write_text("mine")
    assert talk.say(f"/export {tmp_path / 'talk.md'}") == 2
    assert "must be a new file" in shown()
    assert (tmp_path / "talk.md").read_text() == "mine"


def test_an_interrupt_stops_the_tool(session: Made, tmp_path: Path) -> None:
    """The labeler sends the interrupt while the tool works, as a user's key would."""
    made, _ = session
    (tmp_path / "rows.csv").write_text("text\n" + "we won\n" * 2000)
    made.say(f"/attach {tmp_path / 'rows.csv'}")
    labeler = made.agent.engines.for_runs("goemotions")
    label = type(labeler).label_batch
    done: list[int] = []

    def slow(self: object, samples: list[object]) -> object:
        if not done:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
        done.append(len(samples))
        return label(self, samples)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(labeler), "label_batch", slow)
        with pytest.raises(KeyboardInterrupt):
            made.say("label this file")
        assert not made._attached  # it was sent: the next message brings nothing along
        ended = len(done)
        time.sleep(0.3)
        assert len(done) == ended < 2000 // 64
