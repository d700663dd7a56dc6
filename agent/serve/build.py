"""From settings to the application with the real agent in it. Loads models; nothing else here does.

Takes settings; gives an application.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from thymos.agent.serve.app import create_app
from thymos.agent.serve.batching import Scorers
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
    agent_class: Any = import_module("thymos.agent.chat.agent").ChatAgent
    scorers = Scorers(settings.limits.batch_rows, settings.limits.batch_wait)
    agent = agent_class.from_pretrained(
        model=settings.model,
        adapter=settings.adapter,
        home=settings.home,
        kb=kb,
        device=device,
        llm=llm,
        wrap=scorers.of,
    )
    return create_app(agent, settings, scorers=scorers)
