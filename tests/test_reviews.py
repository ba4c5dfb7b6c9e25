"""Reviews: different people, each under exactly one content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.reviews import Signature, check_signature, holding, may_sign, missing, person, signers
from station.words import Refused, Sha256

A, B = Sha256("a" * 64), Sha256("b" * 64)


def sign(*people: str, content: Sha256 = A) -> tuple[Signature, ...]:
    return tuple(Signature(by=by, content=content) for by in people)


def code(given: tuple[Signature, ...], author: str, by: str, signed: Sha256 = A) -> str:
    with pytest.raises(Refused) as refused:
        check_signature(given, author, by, A, signed)
    assert refused.value.text.en and refused.value.text.zh
    return refused.value.code


def test_a_colleague_signs() -> None:
    check_signature(sign("wang"), "li", "zhao", A, A)
    assert may_sign(sign("wang"), "li", "zhao", A, A)


def test_nobody_signs_twice() -> None:
    assert code(sign("wang"), "li", "wang") == "twice"
    assert not may_sign(sign("wang"), "li", "wang", A, A)


def test_the_author_does_not_sign_his_own_work() -> None:
    assert code((), "li", "li") == "author"


def test_another_spelling_is_no_other_person() -> None:
    assert code(sign("wang"), "li", " WANG") == "twice"
    assert code((), "li", "Li") == "author"


def test_a_signature_for_other_content_is_refused() -> None:
    assert code((), "li", "wang", B) == "changed"


@pytest.mark.parametrize("by", ["", "  ", "system", "SYSTEM"])
def test_only_people_sign(by: str) -> None:
    assert code((), "li", by) == "nobody"


def test_a_signature_under_an_earlier_version_does_not_bar_a_new_one() -> None:
    check_signature(sign("wang", content=B), "li", "wang", A, A)
    assert holding(sign("wang", content=B) + sign("zhao"), A) == sign("zhao")


def test_missing_counts_people_not_signatures() -> None:
    assert missing(3, sign("wang", "Wang", "zhao")) == 1
    assert missing(1, sign("wang", "zhao")) == 0
    assert missing(3, ()) == 3


@given(
    st.lists(st.sampled_from(["li", "wang", "zhao", "qian", "Sun", "sun"]), max_size=12), st.integers(0, 4)
)
def test_whoever_passes_the_check_brings_the_count_down_by_one(attempts: list[str], needed: int) -> None:
    taken: tuple[Signature, ...] = ()
    for by in attempts:
        before = missing(needed, taken)
        if may_sign(taken, "li", by, A, A):
            taken += sign(by)
            assert missing(needed, taken) == max(0, before - 1)
    assert len(taken) == len(signers(taken))
    assert person("li") not in signers(taken)
