"""Citations: what was not found does not get through, and cues of several findings have numbers of their own."""

from thymos.agent.chat.citations import checked, cited, renumbered, sources
from thymos.agent.chat.findings import Analysis, Comparison, Passages
from thymos.agent.reasoning.values import Cue, Evidence, Reasoning, Sentence, Step

PASSAGE = Evidence(id="definition-joy", title="Joy", text="Gladness.", kind="definition", similarity=0.9)


def analysis(cues: int = 2) -> Analysis:
    found = tuple(
        Cue(number=n, kind="phrase", text=f"w{n}", start=n, end=n + 1, weight=0.2, without="neutral")
        for n in range(1, cues + 1)
    )
    step = Step(name="perceive", sentences=(Sentence(text="It shows.", citations=("cue:2", "kb:definition-joy")),))
    reasoning = Reasoning(
        text="x", taxonomy="ekman", labels=("joy",), before={"joy": 1.0}, after={"joy": 1.0}, cues=found,
        evidence=(PASSAGE,), steps=(step,),
    )  # fmt: skip
    return Analysis(title="x", reasoning=reasoning)


def test_a_citation_of_nothing_is_taken_out_and_the_rest_stays() -> None:
    text = "Joy [kb:definition-joy] and [cue:1], not [cue:9] or [kb:made-up] [x:1]."
    assert checked(text, (analysis(),)) == "Joy [kb:definition-joy] and [cue:1], not or [x:1]."


def test_sources_are_those_that_are_cited_once_each() -> None:
    other = Passages(query="q", passages=(PASSAGE.model_copy(update={"id": "other"}),))
    text = "A [kb:definition-joy]. B [kb:definition-joy]."
    assert [each.id for each in sources(text, (analysis(), other))] == ["definition-joy"]


def test_cues_of_a_second_finding_count_on_in_its_sentences_too() -> None:
    first = analysis()
    second = renumbered(analysis(), (first,))
    assert isinstance(second, Analysis)
    assert [cue.number for cue in second.reasoning.cues] == [3, 4]
    assert second.reasoning.steps[0].sentences[0].citations == ("cue:4", "kb:definition-joy")


def test_the_two_sides_of_a_comparison_never_share_a_number() -> None:
    both = renumbered(Comparison(first=analysis(), second=analysis(3), change={}), (analysis(1),))
    assert isinstance(both, Comparison)
    numbers = [cue.number for side in (both.first, both.second) for cue in side.reasoning.cues]
    assert numbers == [2, 3, 4, 5, 6]


def test_cited_lists_each_once_in_order() -> None:
    assert cited("a [cue:2] b [kb:x] c [cue:2]") == ("cue:2", "kb:x")


def test_every_bracket_that_looks_like_a_citation_is_checked() -> None:
    text = "A [kb:Ekman 1992], B [kb:definition-joy; cue:9, cue:1] and C [kb:nothing; cue:9]."
    kept = checked(text, (analysis(),))
    assert kept == "A, B [kb:definition-joy] [cue:1] and C."
    assert [each.id for each in sources(kept, (analysis(),))] == ["definition-joy"]


def test_passages_of_older_bases_may_have_spaces_in_their_ids() -> None:
    found = Passages(query="q", passages=(PASSAGE.model_copy(update={"id": "My notes.md#1"}),))
    assert checked("A [kb:My notes.md#1].", (found,)) == "A [kb:My notes.md#1]."
    assert [each.id for each in sources("A [kb:My notes.md#1].", (found,))] == ["My notes.md#1"]
