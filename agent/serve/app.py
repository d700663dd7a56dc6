"""`create_app`: an agent and settings in, an ASGI application out. The body is the list of layers.

From the outside in: `Front` (headers, counts, log), `Gate` (host, origin, key), `Body` (sizes, slowness), then routes,
one file for each kind. What answers is injected, so that everything here can be tested without a model.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources.abc import Traversable

from fastapi import FastAPI
from fastapi.routing import APIRoute

from thymos.agent.serve import (
    completion_routes,
    info_routes,
    job_routes,
    label_routes,
    page_routes,
    thread_routes,
)
from thymos.agent.serve.batching import BatchingScorer
from thymos.agent.serve.body import Body
from thymos.agent.serve.core import Core, Listener, MakeReasons
from thymos.agent.serve.errors import add_handlers
from thymos.agent.serve.front import Front
from thymos.agent.serve.gate import Gate
from thymos.agent.serve.protocols import Agent, Reasons, Writer
from thymos.agent.serve.scorers import Scorers
from thymos.agent.serve.settings import Settings

ABOUT = (
    "Emotion in text, voice, face and body, with probabilities, reasons and sources. `/v1/chat/completions` and "
    "`/v1/models` speak OpenAI's protocol; errors everywhere have its form. Nothing leaves the machine."
)


def create_app(
    agent: Agent,
    settings: Settings,
    *,
    writer: Writer | None = None,
    reasons: MakeReasons | None = None,
    listener: Listener | None = None,
    scorers: Scorers | None = None,
    page: Traversable | None = None,
) -> FastAPI:
    """Build the server.

    Args:
        agent: answers.
        settings: how the server is run.
        writer: the plain language model, if it can be asked.
        reasons: makes what reasons of a scorer; the `Reasoner` over the default knowledge base unless given.
        listener: gives what reads a kind of recording, for label sets whose own labeler does not.
        scorers: makes scorers for many threads; those that the agent was given, if it was given any.
        page: folder with the page's files; the one that ships unless given.

    Raises:
        InputError: the file of keys is damaged.
        OutputError: the home folder can't be written.
    """
    limits = settings.limits
    scorers = scorers or Scorers(limits.batch_rows, limits.batch_wait)
    core = Core(agent, settings, writer, reasons or reasoner_of, listener or _nobody, scorers)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        core.open()
        yield
        core.close()

    app = FastAPI(
        title="Thymos",
        version=version("thymos"),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        generate_unique_id_function=_operation_id,
    )
    app.state.core = core
    app.state.page = page_routes.read_page(page or page_routes.page_folder())
    core.keys.list()  # a damaged file is told before anybody is let in
    for routes in (completion_routes, label_routes, job_routes, thread_routes, info_routes, page_routes):
        app.include_router(routes.router)
    add_handlers(app)
    app.add_middleware(Body, limits=limits)
    app.add_middleware(Gate, settings=settings, keys=core.keys)
    app.add_middleware(Front, metrics=core.metrics, send_seconds=limits.send_seconds)
    return app


def reasoner_of(scorer: BatchingScorer) -> Reasons:
    """Return the reasoner over a scorer and the default knowledge base."""
    from thymos.agent.reasoning.reasoner import Reasoner
    from thymos.retrieval.builtin import open_base

    return Reasoner(scorer, scorer.taxonomy.name, open_base(), observe=scorer.observe)


def _nobody(modality: str) -> None:
    return None


def _operation_id(route: APIRoute) -> str:
    """Name an operation as its function is named."""
    return route.name
