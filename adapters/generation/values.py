"""What is asked of a model that writes, and what is known of its answer besides the text.

Values alone; nothing is computed here.
"""

from dataclasses import dataclass
from typing import Literal

from thymos.prompts.errors import InputError

Finish = Literal["stop", "length"]
MOST_GUIDANCE = 10.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen.

    Attributes:
        temperature: 0 takes the likeliest always; 1 draws as the model says; between them, likely ones more often.
        top_p: draw from the likeliest tokens that have this much probability together (Holtzman et al. 2020).
        min_p: leave out tokens below this share of the likeliest one's probability (Nguyen et al. 2024).
        seed: of the draws; None draws anew each time.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, low, high in (("temperature", 0.0, 10.0), ("top_p", 0.0, 1.0), ("min_p", 0.0, 1.0)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} must be {low:g} to {high:g}, got {value:g}; choose one in between")
        if self.seed is not None and self.seed < 0:
            raise InputError(f"seed must be at least 0, got {self.seed}; choose another number")


@dataclass(frozen=True, slots=True)
class Request:
    """A text that is to be gone on with.

    Attributes:
        prompt: token ids.
        most: tokens that are written at most; the longest sequence of the model ends it too.
        sampling: how each is chosen.
        stop: texts before which writing ends.
        against: token ids of a prompt that the text is to follow less than the other; empty is none.
        guidance: how much less: a token's log-probability moves away from what it is after `against`, so many times the
            way to what it is after the prompt (classifier-free guidance, Sanchez et al. 2023, arXiv:2306.17806). 1 is
            the prompt alone.
    """

    prompt: tuple[int, ...]
    most: int = 256
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    against: tuple[int, ...] = ()
    guidance: float = 1.0

    def __post_init__(self) -> None:
        """Check what does not depend on a model."""
        if not self.prompt:
            raise InputError("prompt must have at least one token, got none; say something")
        if not 1 <= self.guidance <= MOST_GUIDANCE:
            raise InputError(f"guidance must be 1 to {MOST_GUIDANCE:g}, got {self.guidance:g}; choose one in between")
        if self.guidance != 1 and not self.against:
            raise InputError(f"guidance must be 1 without a prompt to lead away from, got {self.guidance:g}; give one")
        if self.most < 1:
            raise InputError(f"max_tokens must be at least 1, got {self.most}; ask for more")
        if not all(self.stop):
            raise InputError("stop must be texts, got an empty one; leave it out")

    @property
    def prompts(self) -> tuple[tuple[int, ...], ...]:
        """The sequences that are computed for it."""
        return (self.prompt, self.against) if self.guidance != 1 else (self.prompt,)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a request took, in tokens.

    Attributes:
        prompt: of the request.
        cached: of these, how many were not computed again.
        completion: written, the one that ends the text included.
    """

    prompt: int
    cached: int
    completion: int
