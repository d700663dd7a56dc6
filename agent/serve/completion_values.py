"""What `/v1/chat/completions` takes, in OpenAI's form: checked, and refused where it asks for what is not done here.

Values only. A parameter that would change the answer is obeyed or refused; one that would not is taken.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

MOST_MESSAGES = 1000
MOST_STOPS = 4
MOST_TOKENS = 8192

_Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextPart(_Taken):
    """Words."""

    type: Literal["text"]
    text: str


class ImageUrl(_Taken):
    """Where a picture is."""

    url: str = Field(description="A data URL; an address only where the server allows its host.")
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(_Taken):
    """A picture of a face."""

    type: Literal["image_url"]
    image_url: ImageUrl


class InputAudio(_Taken):
    """A recording."""

    data: str = Field(description="Base64.")
    format: Annotated[str, Field(max_length=20)] = Field(
        description="wav, mp3, flac, ogg, m4a, webm; the content decides."
    )


class AudioPart(_Taken):
    """A recording of a voice."""

    type: Literal["input_audio"]
    input_audio: InputAudio


Part = Annotated[TextPart | ImagePart | AudioPart, Field(discriminator="type")]


class Incoming(BaseModel):
    """One message; what an assistant's message has beside its words is not looked at."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part] | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        """Its words."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if isinstance(part, TextPart))
        return self.content or ""

    @property
    def attached(self) -> list[ImagePart | AudioPart]:
        """Its pictures and recordings."""
        parts = self.content if isinstance(self.content, list) else []
        return [part for part in parts if not isinstance(part, TextPart)]


class StreamOptions(_Taken):
    """How an answer is streamed."""

    include_usage: bool = False
    include_obfuscation: bool | None = None


class CompletionRequest(BaseModel):
    """A conversation that is to be gone on with."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": "thymos",
                    "messages": [
                        {"role": "user", "content": 'She wrote: "I can\'t believe we won!" How does she feel?'}
                    ],
                }
            ]
        },
    )

    model: Annotated[str, Field(max_length=200)]
    messages: Annotated[list[Incoming], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    metadata: dict[str, str] | None = Field(None, description="`taxonomy` names the label set of `thymos`.")
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[FiniteFloat, Field(ge=0, le=2)] | None = None
    top_p: Annotated[FiniteFloat, Field(gt=0, le=1)] | None = None
    seed: _Seed | None = None
    stop: Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(max_length=MOST_STOPS)] | None = None
    n: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_done_here(self) -> "CompletionRequest":
        """Refuse what would change the answer and is not done here."""
        if self.n not in (None, 1):
            raise ValueError(f"n must be 1, got {self.n}; ask several times")
        for name, value in (self.model_extra or {}).items():
            if name in _HARMLESS or value in _AS_DEFAULT.get(name, ()) or value is None:
                continue
            if name in _AS_DEFAULT:
                raise ValueError(f"{name} must be left out, got a value; this server does nothing by it")
            raise ValueError(f"parameter must be one of chat completions, got {name[:60]!r}; leave it out")
        if self.messages[-1].role != "user":
            raise ValueError(f"last message must be the user's, got one of {self.messages[-1].role!r}")
        return self

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts at which writing ends."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(text for text in given if text)

    @property
    def most_tokens(self) -> int | None:
        """How long the answer may be."""
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with its usage."""
        return self.stream_options is not None and self.stream_options.include_usage


# They name, bill, cache or hint, and change no answer.
_HARMLESS = frozenset(
    {
        *("user", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"),
        *("prediction", "reasoning_effort", "verbosity", "parallel_tool_calls"),
    }
)
# They would change the answer, unless they say what is so anyway.
_AS_DEFAULT: dict[str, tuple[Any, ...]] = {
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "modalities": (["text"],),
    "audio": (),
    "web_search_options": (),
    "moderation": (),
}
