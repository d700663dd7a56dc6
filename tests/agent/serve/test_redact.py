"""Personal data in logs."""

import io
import logging

import pytest

from thymos.agent.serve.listen import set_up_logging
from thymos.agent.serve.redact import Redaction, redacted


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to ann.lee+x@mail.example.org now", "write to [email] now"),
        ("call +49 (30) 123 45 67 or 555-123-4567", "call [phone] or [phone]"),
        ("pay DE89 3704 0044 0532 0130 00 today", "pay [iban] today"),
        ("pay GB33BUKB20201555555555.", "pay [iban]."),
        ("Hello, my name is Ann Lee and I cry", "Hello, my name is [name] and I cry"),
        ("MY NAME IS bob", "MY NAME IS [name]"),
        ("ich heiße Jörg", "ich heiße [name]"),
    ],
)
def test_personal_data_go(text: str, left: str) -> None:
    assert redacted(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/label 200 12 ms",
        "2026-11-25 22:14:36",
        "job 3d0da5de721071217a3de8902cf86651 is done: 100000 rows",
        "127.0.0.1:8420",
    ],
)
def test_what_is_no_personal_data_stays(text: str) -> None:
    assert redacted(text) == text


def test_a_text_made_to_be_slow_is_not() -> None:
    import time

    start = time.perf_counter()
    for text in ("1 " * 20_000, "a@" * 20_000, "AA11 " * 10_000, "a." * 20_000, "my name is " * 5000, "(1)" * 10_000):
        redacted(text)
    assert time.perf_counter() - start < 5


def test_log_lines_and_tracebacks_pass_through_it() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(Redaction())
    logger = logging.getLogger("test-redaction")
    logger.addHandler(handler)
    logger.propagate = False
    logger.warning("from %s", "ann@example.org")
    try:
        raise ValueError("ann@example.org")
    except ValueError:
        logger.exception("failed")
    assert "ann@" not in out.getvalue()
    assert out.getvalue().count("[email]") == 3  # the message, the traceback's line of code and its last line


def test_redaction_is_on_only_where_it_is_wished() -> None:
    for wished in (True, False):
        set_up_logging(redact=wished)
        (handler,) = logging.getLogger("thymos").handlers
        assert any(isinstance(each, Redaction) for each in handler.filters) is wished
    logging.getLogger("thymos").handlers = []
    logging.getLogger("uvicorn").handlers = []
