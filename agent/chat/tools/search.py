"""Tool `search`: what the knowledge base holds on a question.

Takes a call with a question; gives `Passages`.
"""

from collections.abc import Iterator

from thymos.agent.chat.calls import Call
from thymos.agent.chat.desk import Desk
from thymos.agent.chat.events import Event, Found
from thymos.agent.chat.findings import Passages
from thymos.agent.reasoning.recall import as_evidence
from thymos.retrieval.search import Options

_LEAST = 0.33  # cosine from which a passage is on the question
_SHOWN = 4


def search(call: Call, desk: Desk) -> Iterator[Event]:
    """Search for the question of a call."""
    hits = desk.engines.base.search(call.query, Options(k=_SHOWN, least=_LEAST))
    yield Found(finding=Passages(query=call.query, passages=tuple(map(as_evidence, hits))))
