"""An answer of a chat completion as it comes: words, notes on what is being done, and its end.

Takes a request that was checked; gives an iterator that blocks. One function for the agent, one for the plain model.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.events import Called, Done, Failed, Progress, Said
from thymos.agent.chat.values import Message
from thymos.agent.serve.completion_form import Ended
from thymos.agent.serve.completion_values import AudioPart, CompletionRequest, ImagePart, Incoming
from thymos.agent.serve.core import Core
from thymos.agent.serve.errors import ApiError
from thymos.agent.serve.fetch import fetch
from thymos.agent.serve.media import data_url, from_base64, store
from thymos.agent.serve.protocols import Finish, Writer
from thymos.agent.serve.protocols import Said as Spoken
from thymos.agent.serve.settings import Settings

_TOKEN = re.compile(r"\w+|[^\w\s]")  # what stands for a token where no model writes


class Note(str):
    """What is being done meanwhile; no part of the answer."""


Words = Iterator[str | Note | Ended]


def agent_words(core: Core, body: CompletionRequest) -> Words:
    """Let the agent answer; nothing is kept.

    Raises:
        ApiError: the request asks for what the agent does not do, or what is attached can't be used.
    """
    if body.stops:
        raise ApiError(400, "stop must be left out for model thymos, got texts; cut its answer yourself", param="stop")
    taxonomy = (body.metadata or {}).get("taxonomy")
    if taxonomy is not None:
        core.taxonomy(taxonomy)
    with core.folder() as folder:
        asked = [
            Message(text=each.text, attachments=_attachments(each, folder, core.settings), taxonomy=taxonomy)
            for each in body.messages
            if each.role == "user"
        ]
        _check(asked, core.settings)
        prompt = sum(count(each.text) for each in body.messages)
        ended = None
        for piece in _said(core, asked, folder, prompt, body.most_tokens):
            if isinstance(piece, Ended):
                ended = piece
                break
            yield piece
    if ended is None:
        raise ApiError(500, "the agent must end its answer, got one that broke off")
    yield ended  # once the files are gone


def plain_words(writer: Writer, body: CompletionRequest, most_chars: int) -> Words:
    """Let the language model write.

    Raises:
        ApiError: something is attached, which it can't read.
        InputError: the conversation is too long for it.
    """
    if any(each.attached for each in body.messages):
        raise ApiError(400, f"content must be text for model {writer.name}, got a recording or picture; ask thymos")
    if sum(len(each.text) for each in body.messages) > most_chars:
        raise ApiError(413, f"messages must have at most {most_chars:,} characters, got more; shorten them")
    said: list[Spoken] = [
        {"role": "system" if each.role == "developer" else each.role, "content": each.text} for each in body.messages
    ]
    finish = Finish()
    for piece in writer.stream(
        said,
        max_tokens=body.most_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        seed=body.seed,
        stop=body.stops,
    ):
        if isinstance(piece, Finish):
            finish = piece
        else:
            yield piece
    yield Ended(finish)


def count(text: str) -> int:
    """Return how many words and marks a text has."""
    return len(_TOKEN.findall(text))


def _said(core: Core, asked: Sequence[Message], folder: Path, prompt: int, most: int | None) -> Words:
    """Yield what the agent says, cut where it gets longer than wished."""
    written, length = 0, 0
    for event in core.agent.answer(asked[:-1], asked[-1], folder):
        if isinstance(event, Called):
            yield Note(event.says)
        elif isinstance(event, Progress):
            yield Note(f"{event.share:.0%} {event.says}")
        elif isinstance(event, Said):
            text, cut = _within(event.text, None if most is None else most - written)
            written += count(text)
            length += len(text)
            yield text
            if cut:
                yield Ended(Finish("length", prompt, written))
                return
        elif isinstance(event, Failed):
            raise ApiError(422, event.says)
        elif isinstance(event, Done):
            if not length:  # it was not said piece by piece
                text, cut = _within(event.answer.text, most)
                yield text
                written = count(text)
                yield Ended(Finish("length" if cut else "stop", prompt, written), event.answer)
                return
            yield Ended(Finish("stop", prompt, written), event.answer)
            return


def _within(text: str, most: int | None) -> tuple[str, bool]:
    """Return a text's first tokens, and whether there were more."""
    if most is None or count(text) <= most:
        return text, False
    ends = [match.end() for match in _TOKEN.finditer(text)]
    return text[: ends[most - 1]] if most else "", True


def _attachments(message: Incoming, folder: Path, settings: Settings) -> tuple[Attachment, ...]:
    """Put what a message brings into a folder."""
    limits = settings.limits
    if len(message.attached) > limits.attachments:
        got = len(message.attached)
        raise ApiError(413, f"attachments must be at most {limits.attachments}, got {got}", param="messages")
    found = []
    for number, part in enumerate(message.attached, start=1):
        if isinstance(part, AudioPart):
            content = from_base64(part.input_audio.data, limits.attachment_bytes, "input_audio")
            name = f"recording-{number}.{re.sub(r'[^a-z0-9]', '', part.input_audio.format.lower()) or 'audio'}"
            found.append(store(content, name, "speech", folder, limits, "input_audio"))
        else:
            found.append(store(_picture(part, settings), f"picture-{number}", "face", folder, limits, "image_url"))
    return tuple(found)


def _picture(part: ImagePart, settings: Settings) -> bytes:
    url, limits = part.image_url.url, settings.limits
    if url.startswith("data:"):
        return data_url(url, limits.attachment_bytes, "image_url")
    return fetch(url, settings.image_hosts, most=limits.attachment_bytes, seconds=limits.fetch_seconds)


def _check(asked: Sequence[Message], settings: Settings) -> None:
    most = settings.limits.chars
    if any(len(each.text) > most for each in asked):
        raise ApiError(413, f"text of a message must have at most {most:,} characters, got more", param="messages")
    if not asked[-1].text.strip() and not asked[-1].attachments:
        raise ApiError(400, "last message must say something or bring a file, got neither", param="messages")
