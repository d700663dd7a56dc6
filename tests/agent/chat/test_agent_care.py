"""The agent with what is personal, hostile or easily misread: deletion, the guard, paths, long and new messages."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.agent.chat.test_agent import asked, attached
from thymos.adapters.sample import Sample
from thymos.agent.chat.agent import ChatAgent
from thymos.agent.chat.calls import Call
from thymos.agent.chat.events import Done
from thymos.agent.chat.findings import Analysis, LabelledFile
from thymos.agent.chat.values import Message
from thymos.prompts.errors import InputError


@pytest.fixture
def thread(agent: ChatAgent) -> str:
    return agent.threads.create("ekman").id


def test_nothing_of_a_deleted_conversation_is_left_in_any_file(agent: ChatAgent, thread: str, tmp_path: Path) -> None:
    rare = "zanzibarquill"
    asked(agent, thread, f'She said "we won, {rare}". Mood?')
    other = agent.threads.create("ekman").id
    asked(agent, other, 'She said "we won". Mood?')
    config = {"configurable": {"thread_id": f"{thread}-1", "checkpoint_ns": ""}}
    agent._kept.update_state(config, {"message": {"text": rare}}, as_node="guard")  # an answer that was not finished
    agent.threads.begin_turn(thread, Message(text=rare))
    home = tmp_path / "home"
    assert any(rare.encode() in each.read_bytes() for each in home.rglob("*") if each.is_file())
    agent.delete(thread)
    assert [each.name for each in home.rglob("*") if each.is_file() and rare.encode() in each.read_bytes()] == []
    assert [each.id for each in agent.threads.listed()] == [other]
    assert all(each.stat().st_mode & 0o077 == 0 for each in home.glob("*.sqlite"))
    agent.close()
    agent.close()


def test_what_the_guard_answered_is_not_read_again(agent: ChatAgent, thread: str) -> None:
    crisis = Message(text='I want to kill myself. She said "I hate it".')
    (*_, last) = agent.answer([crisis], Message(text="why?"))
    assert isinstance(last, Done)
    assert last.answer.findings == ()
    refused = asked(agent, thread, crisis.text)
    assert refused.guarded == "crisis"
    heard: list[tuple[str, ...]] = []

    class Listening:
        name = "listening"

        def choose(self, message: Message, last: Call | None, history: Sequence[Message]) -> str:
            heard.append(tuple(each.text for each in history))
            return "so"

        def tell(self, *_: object) -> str:
            raise AssertionError

    made = ChatAgent(agent.engines, agent.threads, Listening(), agent._writer)
    asked(made, thread, "and now?")
    assert heard == [()]


def test_a_question_that_names_a_researcher_changes_no_label_set(agent: ChatAgent) -> None:
    thread = agent.threads.create("goemotions").id
    asked(agent, thread, "What did Ekman find about contempt?")
    assert agent.threads.get(thread).taxonomy == "goemotions"
    asked(agent, thread, 'She said "we won". Which of Ekman\'s labels fits?')
    assert agent.threads.get(thread).taxonomy == "ekman"


def test_a_long_message_is_refused_with_what_to_do(agent: ChatAgent, thread: str) -> None:
    with pytest.raises(InputError, match=r"at most 20,000 characters, got 20,001; attach it as a file"):
        list(agent.reply(thread, Message(text="a" * 20_001)))
    assert agent.threads.turns(thread) == []


@pytest.mark.parametrize(
    "new",
    [
        "Why is my mother so cold to me? She told me that I was nothing to her.",
        "And what about my sister? She says that she hates me and my dog.",
    ],
)
def test_a_message_that_tells_something_of_its_own_begins_anew(agent: ChatAgent, thread: str, new: str) -> None:
    asked(agent, thread, 'She said "we won". Mood?')
    answer = asked(agent, thread, new)
    assert all("we won" not in str(each.model_dump()) for each in answer.findings)


def test_a_doubt_is_about_the_answer_however_long_it_is(agent: ChatAgent, thread: str) -> None:
    asked(agent, thread, 'She said "we won". Mood?')
    answer = asked(agent, thread, "That is wrong, I think that she is very sad. Why?")
    assert isinstance(answer.findings[0], Analysis)
    assert answer.findings[0].reasoning.text == "we won"


def test_paths_in_a_users_file_are_not_opened(
    agent: ChatAgent, thread: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Sample] = []
    kind = type(agent.engines.for_runs("ekman"))
    label = kind.label_batch

    def watched(self: object, samples: Sequence[Sample]) -> object:
        seen.extend(samples)
        return label(self, samples)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "label_batch", watched)
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"RIFF")
    file = attached(agent, thread, "rows.csv", f"text,speech,face\nwe won,{secret},{secret}\nI hate it,{secret},\n")
    answer = asked(agent, thread, "label this file", file)
    (finding,) = answer.findings
    assert isinstance(finding, LabelledFile)
    assert (finding.rows, finding.bad_rows) == (2, 0)
    assert [each.modalities for each in seen] == [("text",), ("text",)]


def test_a_table_with_line_ends_of_old_macs_is_answered_in_a_sentence(agent: ChatAgent, thread: str) -> None:
    file = attached(agent, thread, "rows.csv", "text\rwe won\rI hate it\r")
    assert file.kind == "corpus"
    answer = asked(agent, thread, "label this file", file)
    assert answer.tool == "label_file"
    assert answer.text
