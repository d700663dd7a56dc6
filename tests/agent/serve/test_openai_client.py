"""The official `openai` client and LangChain's `ChatOpenAI`, against a server on this machine."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.agent.serve.fakes import FakeAgent, FakeWriter
from tests.agent.serve.materials import as_data_url, png, wav
from thymos.agent.serve.keys import KeyFile
from thymos.agent.serve.work import Work

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"])]

Connect = Callable[..., OpenAI]


@pytest.fixture
def connect(live: Callable[..., str]) -> Iterator[Connect]:
    opened = []

    def connect(key: str = "none", **limits: Any) -> OpenAI:
        client = OpenAI(base_url=f"{live(**limits)}/v1", api_key=key, max_retries=0, timeout=30)
        opened.append(client)
        return client

    yield connect
    for client in opened:
        client.close()


def user(content: Any) -> list[Any]:
    return [{"role": "user", "content": content}]


def test_a_conversation_is_answered_with_findings_beside_the_words(connect: Connect, agent: FakeAgent) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "First."},
        {"role": "assistant", "content": "Yes?"},
        *user("How does she feel?"),
    ]
    answer = connect().chat.completions.create(model="thymos", messages=messages, metadata={"taxonomy": "ekman"})
    message = answer.choices[0].message
    assert (message.role, message.content, answer.choices[0].finish_reason) == (
        "assistant",
        "How does she feel?",
        "stop",
    )
    assert message.model_extra is not None
    assert message.model_extra["thymos"]["sources"][0]["id"] == "theory-1"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3 + 2 + 2 + 5, 5)
    assert answer.model == "thymos"
    history, asked, _ = agent.heard[-1]
    assert history == ("First.",)
    assert asked.taxonomy == "ekman"


def test_a_stream_gives_words_one_by_one_then_findings_then_usage(connect: Connect) -> None:
    stream = connect().chat.completions.create(
        model="thymos", messages=user("one two three"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert [chunk.choices[0].delta.content for chunk in chunks[:4]] == ["", "one", " two", " three"]
    assert chunks[0].choices[0].delta.role == "assistant"
    last = chunks[-2].choices[0]
    assert last.finish_reason == "stop"
    assert last.delta.model_extra is not None
    assert last.delta.model_extra["thymos"]["tool"] == "search"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 6
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_has_no_usage_unless_asked_for(connect: Connect) -> None:
    chunks = list(connect().chat.completions.create(model="thymos", messages=user("one"), stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_words_come_while_the_rest_is_not_yet_said(connect: Connect, agent: FakeAgent) -> None:
    agent.pause = 0.3
    start = time.monotonic()
    moments = [
        time.monotonic() - start
        for chunk in connect().chat.completions.create(model="thymos", messages=user("slow b c d"), stream=True)
        if chunk.choices and chunk.choices[0].delta.content
    ]
    assert len(moments) == 4
    assert moments[-1] - moments[0] > 0.6


def test_pictures_and_recordings_come_as_parts(connect: Connect, agent: FakeAgent) -> None:
    parts = [
        {"type": "text", "text": "Both."},
        {"type": "image_url", "image_url": {"url": as_data_url(png(), "image/png"), "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": base64.b64encode(wav()).decode(), "format": "wav"}},
    ]
    answer = connect().chat.completions.create(model="thymos", messages=user(parts))
    assert answer.choices[0].message.content == "Both."
    _, message, sizes = agent.heard[-1]
    assert [(each.kind, each.media_type) for each in message.attachments] == [
        ("face", "image/png"),
        ("speech", "audio/wav"),
    ]
    assert sizes == (len(png()), len(wav()))


def test_an_answer_is_cut_where_it_gets_longer_than_wished(connect: Connect) -> None:
    answer = connect().chat.completions.create(model="thymos", messages=user("a b c d"), max_completion_tokens=2)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("a b", "length")
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 2


def test_the_plain_model_gets_what_was_asked_for(connect: Connect, writer: FakeWriter) -> None:
    answer = connect().chat.completions.create(
        model="tiny-writer",
        messages=[{"role": "developer", "content": "Be brief."}, *user("one two three")],
        max_tokens=2,
        temperature=0.5,
        top_p=0.9,
        seed=7,
        stop="X",
    )
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("one two ", "length")
    assert answer.choices[0].message.model_extra == {"thymos": None}
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    assert (answer.usage.prompt_tokens, answer.usage.prompt_tokens_details.cached_tokens) == (7, 3)
    assert writer.asked == [
        {
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "one two three"}],
            "max_tokens": 2,
            "temperature": 0.5,
            "top_p": 0.9,
            "seed": 7,
            "stop": ("X",),
        }
    ]


def test_models_are_listed_and_looked_up(connect: Connect) -> None:
    client = connect()
    assert [model.id for model in client.models.list()] == ["thymos", "tiny-writer"]
    assert client.models.retrieve("thymos").owned_by == "thymos"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n": 2}, "n must be 1"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools must be left out"),
        ({"response_format": {"type": "json_object"}}, "response_format must be left out"),
        ({"logprobs": True}, "logprobs must be left out"),
        ({"frequency_penalty": 0.5}, "frequency_penalty must be left out"),
        ({"stop": "x"}, "stop must be left out for model thymos"),
        ({"temperature": 3}, "temperature must be"),
        ({"extra_body": {"top_q": 1}}, "parameter must be one of chat completions, got 'top_q'"),
        ({"metadata": {"taxonomy": "nope"}}, "taxonomy must be one of goemotions, ekman"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "last message must be the user's"),
        ({"messages": [{"role": "user", "content": " "}]}, "last message must say something"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}, "must be as documented"),
        ({"messages": []}, "messages must be as documented"),
    ],
)
def test_what_would_change_the_answer_and_is_not_done_is_refused(connect: Connect, given: Any, said: str) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        connect().chat.completions.create(**({"model": "thymos", "messages": user("hello")} | given))
    assert said in str(told.value)
    assert told.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "given",
    [
        {"user": "me", "store": True, "service_tier": "auto", "n": 1, "tools": [], "tool_choice": "none"},
        {"response_format": {"type": "text"}, "frequency_penalty": 0, "logit_bias": {}, "logprobs": False},
        {"temperature": 0.3, "top_p": 0.5, "seed": 1, "reasoning_effort": "low", "parallel_tool_calls": False},
    ],
)
def test_what_changes_no_answer_is_taken(connect: Connect, given: Any) -> None:
    answer = connect().chat.completions.create(model="thymos", messages=user("hello"), **given)
    assert answer.choices[0].message.content == "hello"


def test_a_key_is_needed_where_there_are_keys(connect: Connect, tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "home" / "keys.json").add("laptop")
    client = connect(key="wrong")
    with pytest.raises(openai.AuthenticationError):
        client.models.list()
    assert len(client.with_options(api_key=key).models.list().data) == 2


def test_an_unknown_model_is_not_found(connect: Connect) -> None:
    with pytest.raises(openai.NotFoundError) as told:
        connect().chat.completions.create(model="gpt-4o", messages=user("hello"))
    assert told.value.code == "model_not_found"


@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_an_error_of_its_own(connect: Connect, stream: bool) -> None:
    client = connect()
    with pytest.raises(openai.UnprocessableEntityError, match="one that can be answered"):
        client.chat.completions.create(model="thymos", messages=user("fail"), stream=stream)
    with pytest.raises(openai.InternalServerError) as told:
        client.chat.completions.create(model="thymos", messages=user("crash"), stream=stream)
    assert "secret" not in str(told.value)


def test_an_error_after_the_stream_began_is_told_in_it(connect: Connect, writer: FakeWriter) -> None:
    def broken(messages: Any, **given: Any) -> Iterator[str]:
        yield "one "
        raise ZeroDivisionError("a secret of the inside")

    writer.stream = broken  # type: ignore[method-assign]
    stream = connect().chat.completions.create(model="tiny-writer", messages=user("hello"), stream=True)
    with pytest.raises(openai.APIError) as told:
        list(stream)
    assert "secret" not in str(told.value)


def test_pictures_are_refused_by_the_plain_model(connect: Connect) -> None:
    part = {"type": "image_url", "image_url": {"url": as_data_url(png(), "image/png")}}
    with pytest.raises(openai.BadRequestError, match="must be text for model tiny-writer"):
        connect().chat.completions.create(model="tiny-writer", messages=user([part]))


def test_a_full_queue_says_when_to_come_again(connect: Connect, agent: FakeAgent) -> None:
    client = connect(workers=1, waiting=0)
    held = client.chat.completions.create(model="thymos", messages=user("hold"), stream=True)
    with pytest.raises(openai.RateLimitError) as told:
        client.chat.completions.create(model="thymos", messages=user("hello"))
    assert told.value.code == "rate_limit_exceeded"
    assert 1 <= int(told.value.response.headers["retry-after"]) <= 60
    agent.gate.set()
    assert "".join(chunk.choices[0].delta.content or "" for chunk in held) == "hold"
    assert client.chat.completions.create(model="thymos", messages=user("hello")).choices


@pytest.mark.parametrize("stream", [False, True])
def test_whoever_has_the_whole_answer_finds_the_queue_free(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    leave = Work._left

    def late(work: Work) -> None:
        time.sleep(0.3)
        leave(work)

    monkeypatch.setattr(Work, "_left", late)
    client = connect(workers=1, waiting=0)
    for _ in range(2):
        answer = client.chat.completions.create(model="thymos", messages=user("hello"), stream=stream)
        if isinstance(answer, openai.Stream):
            assert any(chunk.choices[0].finish_reason == "stop" for chunk in answer)  # reads no further


def test_a_client_that_leaves_ends_the_work(connect: Connect, agent: FakeAgent) -> None:
    agent.pause = 0.05
    stream = connect().chat.completions.create(model="thymos", messages=user("slow " * 400), stream=True)
    next(iter(stream))
    stream.close()
    until = time.monotonic() + 5
    while not agent.closed and time.monotonic() < until:
        time.sleep(0.02)
    assert agent.closed == 1


def test_langchain_asks_and_streams(live: Callable[..., str]) -> None:
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="thymos", base_url=f"{live()}/v1", api_key="none", max_retries=0)  # type: ignore[arg-type]
    answer = model.invoke([("system", "Be brief."), ("user", "How does she feel?")])
    assert answer.content == "How does she feel?"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 5
    assert [chunk.content for chunk in model.stream("one two") if chunk.content] == ["one", " two"]
    parts = [
        {"type": "text", "text": "Look."},
        {"type": "image_url", "image_url": {"url": as_data_url(png(), "image/png")}},
    ]
    assert model.invoke([{"role": "user", "content": parts}]).content == "Look."


async def test_langchain_asks_without_blocking(live: Callable[..., str]) -> None:
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="tiny-writer", base_url=f"{live()}/v1", api_key="none", max_retries=0)  # type: ignore[arg-type]
    assert [chunk.content async for chunk in model.astream("one two") if chunk.content] == ["one ", "two "]
    await model.root_async_client.close()
