"""From settings to the application with the real agent in it. Loads models; nothing else here does.

Takes settings; gives an application.
"""

from pathlib import Path

from fastapi import FastAPI

from thymos.agent.chat.agent import ChatAgent
from thymos.agent.chat.model import ThymosChatModel, public_name
from thymos.agent.labeler import Labeler
from thymos.agent.reasoning.reasoner import Reasoner
from thymos.agent.serve.app import create_app
from thymos.agent.serve.batching import BatchingScorer
from thymos.agent.serve.chat_model_writer import ChatModelWriter, LazyWriter
from thymos.agent.serve.protocols import Reasons, Writer
from thymos.agent.serve.scorers import Scorers
from thymos.agent.serve.settings import Settings


def build_app(settings: Settings, *, kb: Path | None, device: str | None, llm: str | None) -> FastAPI:
    """Load the agent and put the server around it.

    Args:
        settings: how the server is run.
        kb: folder of the knowledge base; None takes the default one.
        device: of the models.
        llm: what chooses tools and writes, or None.

    Raises:
        ThymosError: the model, the adapter or the base can't be used here.
    """
    scorers = Scorers(settings.limits.batch_rows, settings.limits.batch_wait)
    agent = ChatAgent.from_pretrained(
        model=settings.model,
        adapter=settings.adapter,
        home=settings.home,
        kb=kb,
        device=device,
        llm=llm,
        wrap=scorers.of,
    )

    def reasons(scorer: BatchingScorer) -> Reasons:
        return Reasoner(scorer, scorer.taxonomy.name, agent.engines.base, observe=scorer.observe)

    def listener(modality: str) -> Labeler | None:
        found = agent.engines.listener(modality)
        return agent.engines.labeler(found[1], found[0]) if found else None

    def writer() -> Writer:
        decoder, loaded = agent.engines.writing()
        model = ThymosChatModel.over(decoder, loaded)
        return ChatModelWriter(model, model.model_name)

    agent.labeler(settings.taxonomy)  # the first request shall not wait for it
    plain = LazyWriter(public_name(settings.model), writer)
    return create_app(agent, settings, writer=plain, reasons=reasons, listener=listener, scorers=scorers)
