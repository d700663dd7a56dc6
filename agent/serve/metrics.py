"""`Metrics`: what Prometheus asks of a server, in a registry of its own.

Takes counts and times; gives a page. Knows no route.
"""

from collections.abc import Callable
from functools import partial

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

PAGE_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "thymos_requests", "Requests by route and status.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "thymos_request_seconds",
            "Time to the end of an answer.",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.first = Histogram(
            "thymos_first_token_seconds", "Time to the first words.", buckets=_SECONDS, registry=self.registry
        )
        self.batches = Histogram(
            "thymos_batch_rows", "Rows that were scored together.", buckets=_ROWS, registry=self.registry
        )
        self.rows = Counter("thymos_rows_labelled", "Rows that got labels.", registry=self.registry)
        self.tokens = Counter("thymos_tokens_written", "Tokens that models wrote.", ("model",), registry=self.registry)
        self.refused = Counter("thymos_refused", "Requests refused because the queue was full.", registry=self.registry)
        self._gauge("thymos_memory_bytes", "Resident memory.", lambda: float(psutil.Process().memory_info().rss))

    def watch(self, inside: Callable[[], int], waiting: Callable[[], int], jobs: Callable[[], dict[str, int]]) -> None:
        """Tell where the state of queue and jobs can be asked.

        Args:
            inside: answers worked on or waiting.
            waiting: answers waiting.
            jobs: number of jobs by state.
        """
        self._gauge("thymos_requests_inside", "Answers that are worked on or wait.", lambda: float(inside()))
        self._gauge("thymos_queue_depth", "Answers that wait.", lambda: float(waiting()))
        gauge = Gauge("thymos_jobs", "Jobs by state.", ("state",), registry=self.registry)
        for state in jobs():
            gauge.labels(state).set_function(partial(_count_of, jobs, state))

    def page(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        Gauge(name, about, registry=self.registry).set_function(value)


def _count_of(jobs: Callable[[], dict[str, int]], state: str) -> float:
    return float(jobs()[state])
