"""What is looked at of a message and of those before it: not too long a one, and none that the guard answered.

Takes messages and calls; gives those that count. Knows nothing of tools.
"""

from collections.abc import Sequence

from thymos.agent.chat.calls import Call
from thymos.agent.chat.guard import guard
from thymos.agent.chat.reading import read
from thymos.agent.chat.values import Message
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError

ABOUT = frozenset({"analyse", "compare", "timeline", "label_file", "synthesise"})  # calls that follow-ups are about
LATEST = 20  # messages of a conversation that are looked at again
MOST_CHARACTERS = 20_000  # of a message


def memory_of(call: Call, last: Call | None) -> Call | None:
    """Return what follow-ups are about from now on."""
    return call if call.tool in ABOUT and not call.missing else last


def answerable(history: Sequence[Message]) -> list[Message]:
    """Return the latest messages without those that the guard answered: they are neither read again nor passed on."""
    latest = history[-LATEST:]
    short = [each for each in latest if len(each.text) <= MOST_CHARACTERS]
    return [each for each in short if guard(read(each.text).asked, each.text) is None]


def check(message: Message) -> None:
    """Refuse what can't be answered.

    Raises:
        InputError: the message is empty or too long, or names an unknown label set.
    """
    if not message.text.strip() and not message.attachments:
        raise InputError("message must say something or bring a file, got neither; write or attach something")
    if len(message.text) > MOST_CHARACTERS:
        raise InputError(
            f"message must have at most {MOST_CHARACTERS:,} characters, got {len(message.text):,}; attach it as a file"
        )
    if message.taxonomy is not None:
        load_taxonomy(message.taxonomy)
