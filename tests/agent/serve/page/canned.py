"""Answers that the fake server gives: findings of every type, with numbers of the size that the real agent gives."""

from collections.abc import Mapping

from thymos.agent.chat.attachment import Attachment
from thymos.agent.chat.findings import (
    Analysis,
    Comparison,
    Finding,
    LabelCard,
    LabelledFile,
    Measured,
    Moment,
    Passages,
    Place,
    Timeline,
    Written,
)
from thymos.agent.chat.values import Answer, Tool
from thymos.agent.reasoning.values import Cue, Evidence, Measurement, Reasoning, Recording, Sentence, Step
from thymos.prompts.catalogue import load_taxonomy

SURPRISE = Evidence(
    id="definition-surprise",
    title="Surprise",
    text=(
        "Surprise is the brief reaction to something that does not fit what was expected. It interrupts, draws "
        "attention, and asks what is this. In itself it is neither good nor bad; the next moment decides whether it "
        "turns to joy, fear or anger."
    ),
    kind="definition",
    similarity=0.7274,
    labels=("surprise", "surprised"),
    sources=(
        "Meyer, Reisenzein and Schutzwohl 1997, Toward a process analysis of emotions: the case of surprise",
        "Reisenzein 2000, The subjective experience of surprise",
    ),
    licence="Apache-2.0",
)
APPRAISAL = Evidence(
    id="appraisal-surprise",
    title="What an event must mean for surprise",
    text=(
        "An event differs from what the person's knowledge led them to expect. That alone suffices: goals need not be "
        "touched. The greater the mismatch, the stronger the surprise. Pleasantness is checked afterwards."
    ),
    kind="appraisal",
    similarity=0.2459,
    labels=("surprise",),
    sources=("Scherer 2001, Appraisal considered as a process of multilevel sequential checking",),
    licence="Apache-2.0",
)
PRIZE = "I can't believe they gave the prize to me!! My hands are still shaking."
LINES = (
    ("Ana", "You came! I had given up on you.", {"joy": 0.48, "surprise": 0.33, "relief": 0.1}),
    ("Ben", "I said I would.", {"neutral": 0.55, "approval": 0.2, "annoyance": 0.12}),
    ("Ana", "You said that last time, and I sat here alone.", {"disappointment": 0.51, "sadness": 0.28, "anger": 0.1}),
    ("Ben", "Oh, not that again.", {"annoyance": 0.62, "disapproval": 0.17, "anger": 0.12}),
    ("Ana", "Don't you dare talk to me like that!", {"anger": 0.83, "annoyance": 0.09, "fear": 0.03}),
    ("Ben", "I know. I'm sorry. I should have called.", {"remorse": 0.79, "sadness": 0.11, "caring": 0.03}),
    ("Ana", "It scared me, that's all.", {"fear": 0.58, "sadness": 0.2, "nervousness": 0.1}),
    ("Ana", "Sit down. I made soup.", {"caring": 0.57, "neutral": 0.2, "love": 0.1}),
)


def filled(some: Mapping[str, float], taxonomy: str = "goemotions") -> dict[str, float]:
    """Every label of a label set: what is left of 1 is shared out among those that are not named."""
    names = load_taxonomy(taxonomy).names
    rest = (1 - sum(some.values())) / max(1, len(names) - len(some))
    return {name: round(some.get(name, rest), 6) for name in names}


def place(probabilities: Mapping[str, float], taxonomy: str = "goemotions") -> Place:
    """Expectation over the labels."""
    labels = [label for label in load_taxonomy(taxonomy) if label.valence is not None and label.arousal is not None]
    return Place(
        valence=round(sum(probabilities[each.name] * (each.valence or 0) for each in labels), 4),
        arousal=round(sum(probabilities[each.name] * (each.arousal or 0) for each in labels), 4),
    )


def moment(text: str, some: Mapping[str, float], speaker: str | None = None, at: float | None = None) -> Moment:
    """A labelled moment; `at` makes it the stretch of a recording that begins there, in seconds."""
    probabilities = filled(some)
    return Moment(
        text=text,
        speaker=speaker,
        labels=(max(some, key=lambda name: some[name]),),
        probabilities=probabilities,
        place=place(probabilities),
        start=at,
        end=None if at is None else at + 4,
    )


def reasoning(text: str, *, voice: bool = False) -> Reasoning:
    """Surprise with a little joy; cues on the first word and on the last three, with the ends that text allows."""
    after = filled({"surprise": 0.462, "joy": 0.214, "nervousness": 0.128, "excitement": 0.055, "gratitude": 0.04})
    first = len(text.split(" ", 1)[0])
    last = text.rfind(" ", 0, max(0, text.rfind(" "))) + 1
    cues = [
        Cue(number=1, kind="phrase", text=text[:first], start=0, end=first, weight=0.2415, without="neutral"),
        Cue(
            number=2,
            kind="phrase",
            text=text[last:],
            start=last,
            end=len(text),
            weight=-0.1205,
            without="surprise",
        ),
    ]
    if voice:
        heard = Cue(number=3, kind="speech", text="high pitch, loud", weight=0.081, without="surprise")
        cues.append(heard)
    said = Sentence(
        text=f'"{text[:first]}" speaks for surprise: it has 46 % with it and 22 % without.', citations=("cue:1",)
    )
    known = Sentence(
        text="Surprise is the brief reaction to what was not expected.", citations=("kb:definition-surprise",)
    )
    means = Sentence(
        text="Something would have to differ from what was expected.", citations=("kb:appraisal-surprise",)
    )
    return Reasoning(
        text=text,
        context=("You will not believe who rang.",),
        taxonomy="goemotions",
        labels=("surprise", "joy"),
        before=filled({"surprise": 0.39, "joy": 0.25, "nervousness": 0.13}),
        after=after,
        cues=tuple(cues),
        recordings=(RECORDING,) if voice else (),
        evidence=(SURPRISE, APPRAISAL),
        steps=(
            Step(name="perceive", sentences=(said,)),
            Step(name="recall", sentences=(known,)),
            Step(name="appraise", sentences=(means, Sentence(text="It probably was good news."))),
            Step(name="decide", sentences=(Sentence(text="Likeliest is surprise at 46 %.", citations=("cue:1",)),)),
            Step(name="counterfactual", sentences=(said,)),
        ),
    )


RECORDING = Recording(
    modality="speech",
    measured=(
        Measurement(name="pitch", words="high pitch", value=287.4, unit="Hz"),
        Measurement(name="loudness", words="loud", value=-14.2, unit="dB"),
        Measurement(name="rate", words="fast", value=5.1, unit="syllables/s"),
    ),
    flags=("The clip is short: less than a second of it is voice.",),
    heard="I got it",
)


WRIST = Recording(
    modality="physiology",
    measured=(Measurement(name="heart rate", words="quick heart", value=96.0, unit="/min"),),
    flags=(),
    heard=None,
)


def analysis(text: str, title: str = "text", *, voice: bool = False) -> Analysis:
    """An analysis of a text, with a voice or without."""
    value = reasoning(text, voice=voice)
    return Analysis(
        title=title,
        reasoning=value,
        place=place(value.after),
        adapter="voice" if voice else "goemotions",
        notes=("The adapter `voice` was trained on acted speech, for research only.",) if voice else (),
    )


def findings(kind: str, text: str, attached: Attachment | None) -> tuple[Finding, ...]:
    """Findings of the kind that a message asks for."""
    if "wrist" in text:
        return (Measured(title="wrist.csv", recording=WRIST, notes=("No adapter names an emotion from it.",)),)
    if kind == "compare":
        first, second = analysis("You are always late.", "A"), analysis(PRIZE, "B")
        sad = filled({"annoyance": 0.61, "anger": 0.2, "disapproval": 0.1})
        calm = {"labels": ("annoyance",), "after": sad, "before": sad}
        first = first.model_copy(update={"place": place(sad), "reasoning": first.reasoning.model_copy(update=calm)})
        change = {name: round(second.reasoning.after[name] - sad[name], 6) for name in sad}
        ordered = dict(sorted(change.items(), key=lambda item: -abs(item[1])))
        return (Comparison(first=first, second=second, change=ordered),)
    if kind == "timeline":
        moments = tuple(moment(words, some, speaker) for speaker, words, some in LINES)
        broken = Moment(text="…", speaker="Ben", problem="The turn has no words.")
        return (Timeline(title="dialogue", taxonomy="goemotions", moments=(*moments, broken)),)
    if kind == "search":
        return (Passages(query=text, passages=(SURPRISE, APPRAISAL)),)
    if kind == "explain_label":
        maps = {"ekman": ("surprise",), "sentiment": (), "plutchik": ("surprise",)}
        where = Place(valence=0.15, arousal=0.7)
        says = "caught off guard by something unexpected"
        return (
            LabelCard(
                name="surprise", taxonomy="goemotions", description=says, place=where, maps=maps, passages=(SURPRISE,)
            ),
        )
    if kind == "label_file" and attached is not None:
        counts = {"joy": 41, "sadness": 22, "anger": 17, "neutral": 12, "surprise": 5, "fear": 2, "love": 1}
        rows = tuple(moment(words, some) for _, words, some in LINES[:4])
        return (
            LabelledFile(
                source="corpus.csv",
                result=attached,
                taxonomy="goemotions",
                rows=100,
                bad_rows=2,
                counts=counts,
                preview=rows,
            ),
        )
    if kind == "synthesise":
        kept = tuple(
            moment(words, {"relief": share})
            for words, share in (("It is over. We can go home.", 0.81), ("They found her. She is fine.", 0.66))
        )
        return (Written(label="relief", taxonomy="goemotions", kept=kept, tried=9, writer="smollm2-135m-instruct"),)
    return (
        analysis(
            text,
            "text" if attached is None else attached.name,
            voice=attached is not None and attached.kind == "speech",
        ),
    )


WORDS: dict[str, str] = {
    "analyse": "Likely **surprise** (46 %), with some **joy** (21 %). The first word carries it [cue:1]; what is "
    "*known* fits: surprise answers what was not expected [kb:definition-surprise].\n\n- for it: the first word [cue:1]"
    "\n- against it: the end [cue:2]\n\nIt would have to differ from what was expected [kb:appraisal-surprise].",
    "compare": "B is far more pleasant than A: *annoyance* falls, **surprise** rises [kb:appraisal-surprise].",
    "timeline": "It begins glad, turns to **anger** in turn 5, and ends in care.",
    "search": "Surprise is brief and neither good nor bad in itself [kb:definition-surprise].",
    "explain_label": "**Surprise** is being caught off guard [kb:definition-surprise].",
    "label_file": "All 100 rows are labelled; two were set aside.",
    "synthesise": "Two of nine sentences passed.",
    "none": "Hello. Paste what somebody said, or attach a clip.",
}


def answer(tool: Tool, text: str, attached: Attachment | None) -> Answer:
    """The whole answer."""
    if tool == "none":
        return Answer(text=WORDS["none"], tool="none")
    cited = tuple(each for each in (SURPRISE, APPRAISAL) if f"kb:{each.id}" in WORDS[tool])
    return Answer(text=WORDS[tool], tool=tool, findings=findings(tool, text, attached), sources=cited)
