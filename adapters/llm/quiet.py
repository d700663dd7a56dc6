"""Third-party chatter, held back while a model loads: progress bars and notices that no user can act on.

Scoped: what was set before is set again afterwards.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_CHATTY = ("transformers", "bitsandbytes", "accelerate", "peft")
_EACH_PRODUCT = "MatMul8bitLt: inputs will be cast"  # what bitsandbytes logs at every 8-bit product


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the loading of a model: warnings, log lines below errors, and transformers' own progress bars."""
    from transformers.utils import logging as transformers_module

    transformers_logging: Any = transformers_module
    bars = transformers_logging.is_progress_bar_enabled()
    levels = {name: logging.getLogger(name).level for name in _CHATTY}
    transformers_logging.disable_progress_bar()
    try:
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()


def quiet_products() -> None:
    """Drop the line that bitsandbytes logs at each 8-bit product, a hundred for every batch; its other lines stay."""
    logging.getLogger("bitsandbytes.autograd._functions").addFilter(_says_something)


def _says_something(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_EACH_PRODUCT)
