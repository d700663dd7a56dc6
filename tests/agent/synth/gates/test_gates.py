"""Every gate with what it must keep and what it must drop."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.agent.synth.fakes import EKMAN, SIGNS, SignLabeler, WordEmbedder, candidate, plan_of
from thymos.agent.synth.gates import language
from thymos.agent.synth.gates.contamination import ContaminationGate
from thymos.agent.synth.gates.diversity import DiversityGate
from thymos.agent.synth.gates.duplicates import DuplicatesGate, signature
from thymos.agent.synth.gates.language import CommonWords, LanguageGate
from thymos.agent.synth.gates.leakage import LeakageGate, pattern_of
from thymos.agent.synth.gates.memorisation import MemorisationGate
from thymos.agent.synth.gates.personal import PersonalGate
from thymos.agent.synth.gates.registry import SWITCHABLE, Material, build_gates
from thymos.agent.synth.gates.relabel import Agree, Readings, RelabelGate, TurnsGate
from thymos.agent.synth.gates.slurs import SlursGate, word_hash
from thymos.agent.synth.vectors import Vectors
from thymos.prompts.catalogue import load_taxonomy
from thymos.prompts.errors import InputError

VECTORS = Vectors(WordEmbedder())
LONG = "the old lime tree in the yard is to be felled before the end of next week says the town"  # 20 words


def _kept(gate: Any, *said: str, **more: Any) -> bool:
    (verdict,) = gate.check([candidate(*said, **more)])
    assert verdict.kept == (verdict.reason == "")
    return bool(verdict.kept)


# language


@pytest.mark.parametrize(
    ("asked", "text", "kept"),
    [
        ("English", "I do not know what you are talking about.", True),
        ("English", "Ich weiß wirklich nicht, was du von mir willst.", False),
        ("German", "Ich weiß wirklich nicht, was du von mir willst.", True),
        ("German", "I do not know what you are talking about.", False),
        ("French", "Je ne sais pas ce que tu veux dire.", True),
        ("Spanish", "No sé qué es lo que me quieres decir.", True),
        ("English", "No sé qué es lo que me quieres decir.", False),
        ("English", "Wow!", True),  # too short to tell
        ("English", "Я не знаю, что ты имеешь в виду.", False),
        ("English", "私は 何も わかりません。", False),
    ],
)
def test_language_keeps_what_is_in_the_asked_one(asked: str, text: str, kept: bool) -> None:
    assert _kept(LanguageGate(asked, CommonWords(asked)), text) is kept


def test_a_language_that_nothing_here_tells_is_refused() -> None:
    with pytest.raises(InputError, match="language must be one that can be told, got 'Klingon'"):
        CommonWords("Klingon")


def test_a_better_detector_is_asked_where_there_is_one() -> None:
    class Never:
        name = "never"

        def share(self, text: str) -> float | None:
            return 0.1

    assert not _kept(LanguageGate("English", Never()), "I do not know what you are talking about.")
    assert language.find_detector("English").name in ("common words", "lingua")


def test_lingua_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    built = SimpleNamespace(
        compute_language_confidence_values=lambda text: [
            SimpleNamespace(language="de", value=0.4),
            SimpleNamespace(language="en", value=0.1),
        ]
    )
    builder = SimpleNamespace(from_all_languages=lambda: SimpleNamespace(build=lambda: built))
    module = SimpleNamespace(Language=SimpleNamespace(ENGLISH="en", GERMAN="de"), LanguageDetectorBuilder=builder)
    monkeypatch.setitem(sys.modules, "lingua", module)  # type: ignore[arg-type]
    english, german = language.find_detector("English"), language.find_detector("German")
    assert (english.name, german.name) == ("lingua", "lingua")
    assert english.share("one two three") == pytest.approx(0.25)
    assert german.share("one two three") == 1.0
    assert german.share("one two") is None
    assert language.find_detector("French").name == "common words"  # which this lingua does not know


# relabel and turns


@pytest.mark.parametrize(
    ("agree", "sets", "text", "label", "kept"),
    [
        ("top", False, "We danced all night.", "joy", True),
        ("top", False, "The door slammed shut.", "joy", False),
        ("top", False, "unreadable", "joy", False),
        ("set", True, "The door slammed shut.", "joy", True),  # the fake's sets hold joy beside what it reads
        ("set", True, "We danced all night.", "anger", False),
    ],
)
def test_relabel_keeps_what_is_read_as_asked(agree: Agree, sets: bool, text: str, label: str, kept: bool) -> None:
    assert _kept(RelabelGate(Readings(SignLabeler(sets=sets)), agree), text, label=label) is kept


def test_relabel_tells_what_was_read_and_how_likely_the_asked_label_was() -> None:
    (verdict,) = RelabelGate(Readings(SignLabeler())).check([candidate("The door slammed shut!", label="joy")])
    assert verdict.reason == "read as anger"
    assert verdict.score == pytest.approx((1 - 0.66) / 6)  # 22 letters: anger has 0.6 + 0.3 x 0.2, six share the rest


def test_sets_that_a_labeler_does_not_give_are_refused() -> None:
    with pytest.raises(InputError, match="agreement must be top"):
        RelabelGate(Readings(SignLabeler()), "set").check([candidate("We danced.")])


def test_the_blind_labeler_never_sees_the_label_nor_later_turns() -> None:
    labeler = SignLabeler()
    said = ("Morning.", "Did you sleep?", "I danced!", "Good.")
    RelabelGate(Readings(labeler)).check([candidate(*said)])
    ((sample,),) = labeler.batches
    assert (sample.text, sample.speaker, sample.gold) == ("I danced!", "A", None)
    assert [turn.text for turn in sample.context] == ["Morning.", "Did you sleep?"]
    assert "joy" not in sample.id.replace(candidate(*said).row.id, "")


def test_a_batch_is_read_once_for_both_gates() -> None:
    labeler = SignLabeler()
    readings = Readings(labeler)
    batch = [candidate("Morning.", "Hm.", "I danced!", wishes=("neutral", None, "joy"))]
    RelabelGate(readings).check(batch)
    TurnsGate(readings).check(batch)
    assert len(labeler.batches) == 1


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (("It is noted.", "I wept.", "I danced!"), True),  # both other turns as asked
        (("It is noted.", "It slammed.", "I danced!"), True),  # one of two
        (("I trembled.", "It slammed.", "I danced!"), False),  # none
    ],
)
def test_turns_keeps_conversations_whose_other_turns_mostly_fit(said: tuple[str, ...], kept: bool) -> None:
    assert _kept(TurnsGate(Readings(SignLabeler())), *said, wishes=("neutral", "sadness", "joy")) is kept


def test_turns_does_not_judge_utterances_nor_turns_without_a_wish() -> None:
    gate = TurnsGate(Readings(SignLabeler()))
    assert _kept(gate, "The door slammed.")
    assert _kept(gate, "The door slammed.", "It trembled.", "I danced!")


# duplicates


def test_duplicates_drops_nearly_the_same_letters() -> None:
    gate = DuplicatesGate(None)
    gate.remember(candidate("The ferry began to pitch in the rising wind, and we all held on."))
    assert not _kept(gate, "The ferry began to pitch in the rising wind and we all held on!")
    assert not _kept(gate, "The ferry began to pitch in the rising wind, and they all held on.")
    assert _kept(gate, "They eat something at a night market without knowing what it is.")


def test_duplicates_drops_nearly_the_same_meaning() -> None:
    gate = DuplicatesGate(VECTORS)
    gate.remember(candidate("we held on in the rising wind"))
    assert not _kept(gate, "in the rising wind on held we")  # the fake's vectors know no order
    assert _kept(DuplicatesGate(None), "in the rising wind on held we")
    assert _kept(gate, "they eat at a night market")


def test_a_signature_estimates_how_many_runs_are_shared() -> None:
    first, second = "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0123456789"
    share = float((signature(first) == signature(second)).mean())
    assert share == pytest.approx(22 / 32, abs=0.2)  # 22 runs of five of the first are among 32 of the second
    assert (signature(first) == signature(first)).all()


# diversity


def test_diversity_drops_what_says_little_new() -> None:
    gate = DiversityGate({"joy": 100})
    gate.remember(candidate("We walked along the river until the sun went down behind the mill."))
    assert not _kept(gate, "We walked along the river until the sun went down.")
    assert _kept(gate, "The sun went down, and nobody had noticed how late it was.")


def test_diversity_drops_the_fourth_text_that_begins_alike() -> None:
    gate = DiversityGate({"joy": 20, "fear": 20})
    for thing in ("a boat in the bay", "the lamp over there", "her first bicycle ride"):
        opened = f"I can see {thing}."
        assert _kept(gate, opened)
        gate.remember(candidate(opened))
    assert not _kept(gate, "I can see nothing from up here.")
    assert _kept(gate, "I can see nothing from up here.", label="fear")
    assert _kept(gate, "Nothing can be seen from up here.")


# contamination


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" ".join(LONG.split()[3:16]), False),  # 13 words in a row
        ("yes: " + " ".join(LONG.split()[3:16]).upper() + "!", False),  # whatever stands around them
        (" ".join(LONG.split()[3:15]), True),  # 12
        ("I heard that the cat came back at last, and I cried.", False),  # a whole short text of the test set
        ("The cat came back!", True),  # shorter than six words, and no text of the test set
        ("Fine by me.", False),  # all of the candidate is a text of the test set
        ("That is fine by me, really.", True),  # a text of three words inside tells nothing
    ],
)
def test_contamination_drops_pieces_of_a_test_set(text: str, kept: bool) -> None:
    gate = ContaminationGate({"test.csv": [LONG, "the cat came back at last", "fine by me"]}, None)
    assert _kept(gate, text) is kept


def test_contamination_looks_at_every_turn_and_across_them() -> None:
    gate = ContaminationGate({"test.csv": [LONG]}, None)
    assert not _kept(gate, "Well.", " ".join(LONG.split()[:13]), "Oh.")
    assert not _kept(gate, " ".join(LONG.split()[:7]), " ".join(LONG.split()[7:13]), "Oh.")


def test_contamination_names_the_test_set_and_looks_at_meaning() -> None:
    gate = ContaminationGate({"a.csv": ["so we held on"], "b.csv": ["rising wind in the bay tonight again"]}, VECTORS)
    (verdict,) = gate.check([candidate("tonight again in the bay, rising wind")])
    assert verdict.reason == "nearly the meaning of a text of b.csv"
    assert _kept(gate, "they eat at a night market")


# memorisation


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (LONG, False),
        (" ".join(LONG.split()[:13]) + " but then nobody came and nothing at all was done about it", False),
        ("they told us " + " ".join(LONG.split()[:8]), False),  # 8 of 11 words
        ("they told us " + " ".join(LONG.split()[:5]) + " by nobody in this long and quiet street", True),
        ("a lime tree that is old, in some yard, and will be felled", True),
    ],
)
def test_memorisation_drops_what_shares_a_long_run_with_a_source(text: str, kept: bool) -> None:
    assert _kept(MemorisationGate([LONG, "something else entirely"], None), text) is kept


def test_memorisation_drops_near_meaning_and_short_copies() -> None:
    gate = MemorisationGate(["so we held on tight", "go away now"], VECTORS)
    assert not _kept(gate, "tight on held we so")
    assert not _kept(gate, "Go away, now!")
    assert _kept(gate, "they eat at a night market")


# personal data


@pytest.mark.parametrize(
    "text",
    [
        "Write to me at jo.doe@example.org then.",
        "Call +44 20 7946 0958 tonight!",
        "Ring me on 555-012-3456, please.",
        "Pay into DE89 3704 0044 0532 0130 00.",
        "See https://example.org/a?b=c for it.",
        "It is on example.com/shop now.",
        "Ask @some_body about it.",
    ],
)
def test_personal_drops_what_may_be_somebodys(text: str) -> None:
    assert not _kept(PersonalGate(), text)


@pytest.mark.parametrize(
    "text",
    [
        "We meet at 10:30 on 2026-11-25, all 12 of us.",
        "It cost 1,250 euros, and I paid in 3 rates.",
        "Call me Anna. Dr. No. e.g. this one.",
        "We left the house at number 14...and never came back.",
    ],
)
def test_personal_keeps_dates_sums_and_names(text: str) -> None:
    assert _kept(PersonalGate(), text)


# slurs


def test_slurs_drops_listed_words_and_their_plurals_and_keeps_words_that_hold_them() -> None:
    gate = SlursGate(["Blarg"])
    assert not _kept(gate, "You blarg!")
    assert not _kept(gate, "All those BLARGS.")
    assert not _kept(gate, "That blarg's hat.")
    assert _kept(gate, "The blarghest of them.")
    assert _kept(gate, "Go home, everybody.")


def test_the_shipped_list_of_slurs_is_hashed_and_works() -> None:
    gate = SlursGate()
    assert word_hash("retard") in gate._hashes
    assert not _kept(gate, "What a retard.")
    assert _kept(gate, "The train was retarding a little, classic cocoon of a day.")


# leakage


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("anger", "I am so angry!"),
        ("anger", "He said it angrily."),
        ("anger", "It angers me."),
        ("joy", "What a joyous day."),
        ("joy", "I am happy."),
        ("sadness", "She looked at me sadly."),
        ("fear", "We were fearful."),
        ("surprise", "That is surprising."),
        ("disgust", "How disgusting."),
    ],
)
def test_leakage_finds_the_forms_of_a_label(label: str, text: str) -> None:
    assert pattern_of(label, EKMAN).search(text)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("anger", "There is danger in the hangar."),
        ("joy", "Enjoy the joist."),
        ("anger", "A rag and some rags."),
        ("fear", "An earful of it."),
        ("sadness", "The sadist has a saddle."),
    ],
)
def test_leakage_lets_other_words_be(label: str, text: str) -> None:
    assert not pattern_of(label, EKMAN).search(text)


def test_leakage_lets_a_share_of_a_labels_rows_pass() -> None:
    gate = LeakageGate(EKMAN, {"joy": 20, "anger": 9}, cap=0.1)  # two of 20, none of nine
    for _ in range(2):
        assert _kept(gate, "I am happy.")
        gate.remember(candidate("I am happy."))
    assert not _kept(gate, "I am happy.")
    assert _kept(gate, "We danced.")
    assert not _kept(gate, "I am angry.", label="anger")
    assert _kept(gate, "I am happy.", label="anger")  # names another label


def test_leakage_does_not_hold_neutral_to_its_name() -> None:
    assert _kept(LeakageGate(EKMAN, {"neutral": 1}), "A neutral tone.", label="neutral")


def test_leakage_knows_labels_of_several_words() -> None:
    assert pattern_of("no emotion", load_taxonomy("dailydialog")).search("There is no emotion in it.")


# registry


def test_gates_without_their_material_are_off_and_say_why() -> None:
    gates = build_gates(plan_of({"joy": 5}), Readings(SignLabeler()), Material({}), ["slurs"])
    assert dict(gates.off) == {
        "slurs": "switched off",
        "turns": "there are no conversations",
        "contamination": "no test set was named",
        "memorisation": "no training data of the writer were named",
    }
    assert [gate.name for gate in gates.alone] == ["language", "personal", "relabel"]
    assert [gate.name for gate in gates.among] == ["leakage", "duplicates", "diversity"]


@pytest.mark.parametrize("name", SWITCHABLE)
def test_every_gate_can_be_switched_off(name: str) -> None:
    plan = plan_of({"joy": 5}, (2, 4))
    material = Material({"t": ["a b c"]}, ["d e f"], VECTORS)
    every = build_gates(plan, Readings(SignLabeler()), material)
    assert [gate.name for gate in (*every.alone, *every.among)] == list(SWITCHABLE)
    rest = build_gates(plan, Readings(SignLabeler()), material, [name])
    assert name not in {gate.name for gate in (*rest.alone, *rest.among)}
    assert rest.off[name] == "switched off"


def test_an_unknown_gate_is_refused() -> None:
    with pytest.raises(InputError, match=r"gate must be one of language, .* got 'taste'"):
        build_gates(plan_of({"joy": 5}), Readings(SignLabeler()), Material({}), ["taste"])


def test_signs_of_the_fakes_name_no_label() -> None:
    for label, sign in SIGNS.items():
        assert not pattern_of(label, EKMAN).search(sign)
