"""What makes two runs the same run, and what does not."""

import hashlib
import inspect
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from thymos.agent.runs.identity import LEFT_OUT, Fingerprint, canonical
from thymos.agent.runs.run import run

CORPUS: dict[str, object] = {"sha256": "0" * 64, "format": "csv"}
LABELER: dict[str, object] = {"model": "smollm2-135m", "taxonomy": "ekman", "threshold": None}
OPTIONS: dict[str, object] = {"limit": None}

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


def test_the_digest_is_the_sha256_of_sorted_json_without_white_space() -> None:
    text = '{"input":{"a":1,"b":2},"labeler":{"model":"\\u00e9"},"options":{},"schema":2}'  # by hand
    found = Fingerprint.of({"b": 2, "a": 1}, {"model": "é"}, {}).digest
    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_a_changed_taxonomy_is_named_with_both_values() -> None:
    before = Fingerprint.of(CORPUS, LABELER, OPTIONS)
    now = Fingerprint.of(CORPUS, {**LABELER, "taxonomy": "goemotions"}, OPTIONS)
    assert before.differences(now) == ["taxonomy was ekman, now goemotions"]


def test_what_only_follows_from_a_named_change_is_left_out() -> None:
    before = Fingerprint.of(CORPUS, {**LABELER, "prompt_sha256": "a" * 64, "chat_before": "one"}, OPTIONS)
    after = {"prompt_sha256": "b" * 64, "chat_before": "two"}
    now = Fingerprint.of({**CORPUS, "sha256": "1" * 64}, {**LABELER, **after, "taxonomy": "meld"}, OPTIONS)
    assert before.differences(now) == [
        "input.sha256 was 000000000000..., now 111111111111...",
        "taxonomy was ekman, now meld",
    ]
    by_itself = Fingerprint.of(CORPUS, {**LABELER, **after}, OPTIONS)
    assert [phrase.split()[0] for phrase in before.differences(by_itself)] == ["chat_before", "prompt_sha256"]


def test_a_changed_input_is_named_as_input_with_a_short_hash() -> None:
    before = Fingerprint.of(CORPUS, LABELER, OPTIONS)
    now = Fingerprint.of({**CORPUS, "sha256": "1" * 64}, LABELER, OPTIONS)
    assert before.differences(now) == ["input.sha256 was 000000000000..., now 111111111111..."]


def test_a_field_that_was_not_set_is_said_to_be_so() -> None:
    before = Fingerprint.of(CORPUS, LABELER, OPTIONS)
    now = Fingerprint.of(CORPUS, {**LABELER, "threshold": 0.5, "adapter": "mine"}, {"limit": 7})
    assert before.differences(now) == [
        "threshold was not set, now 0.5",
        "limit was not set, now 7",
        "adapter was not set, now mine",
    ]


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(), JSON), st.dictionaries(st.text(), JSON))
def test_fingerprints_have_equal_digests_exactly_when_nothing_differs(
    one: dict[str, object], other: dict[str, object]
) -> None:
    a, b = Fingerprint.of(CORPUS, one, OPTIONS), Fingerprint.of(CORPUS, other, OPTIONS)
    assert (a.digest == b.digest) == (a.differences(b) == [])


def test_a_fingerprint_survives_the_way_through_a_file() -> None:
    before = Fingerprint.of(CORPUS, LABELER, {"keep_columns": ("text", "speaker")})
    again = Fingerprint(json.loads(json.dumps(before.parts)))
    assert again.digest == before.digest
    assert before.differences(again) == []


def test_every_argument_of_a_run_is_hashed_or_in_the_table_of_fields_left_out() -> None:
    hashed = {"keep_columns", "limit", "chunk_rows"}
    arguments = set(inspect.signature(run).parameters)
    assert arguments - hashed <= set(LEFT_OUT)
    assert hashed.isdisjoint(LEFT_OUT)


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": [1, {"d": 4, "c": 3}], "a": None}) == '{"a":null,"b":[1,{"c":3,"d":4}]}'
