"""What people are drawn and what is said about them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lodestream_training import captions, chinese, colours, lexicon
from lodestream_training.synth import attributes, people

CATEGORIES = {g.name: g.values for g in attributes.GROUPS if g.kind == "categorical"}


def drawn(count: int, seed: int = 1) -> list[people.Person]:
    rng = np.random.default_rng(seed)
    return [people.draw(rng) for _ in range(count)]


def test_a_vector_says_what_the_values_say() -> None:
    at = attributes.slices()
    for person in drawn(50):
        for group, value in person.values.items():
            assert person.vector[at[group]].sum() == 1.0
            assert CATEGORIES[group][int(person.vector[at[group]].argmax())] == value
        for group in person.colours:
            assert ((person.vector[at[group]] >= 0) & (person.vector[at[group]] <= 1)).all()


def test_people_are_coherent() -> None:
    for person in drawn(2000):
        values = person.values
        if values["top"] == "dress":
            assert values["bottom"] == "skirt"
            assert person.colours["bottom_colour"] == person.colours["top_colour"]
        if values["beard"] != "none":
            assert (values["sex"], values["age"] != "child") == ("male", True)
        if values["neckwear"] == "tie":
            assert values["top"] in ("suit", "shirt", "jacket")
        assert values["sleeve"] != "none" or values["top"] in ("tank", "dress")


def test_phenotypes_follow_sex_and_age() -> None:
    at = attributes.slices()["phenotype"].start
    for person in drawn(300):
        gender, age = person.vector[at : at + 2]
        assert (gender > 0.5) == (person.values["sex"] == "female")
        assert age == pytest.approx(people.years_to_age(person.years))


def test_the_same_seed_draws_the_same_people_and_captions() -> None:
    one, other = (captions.draw(np.random.default_rng(9)) for _ in range(2))
    assert one[1] == other[1]
    np.testing.assert_array_equal(one[0].vector, other[0].vector)


def test_every_value_is_drawn() -> None:
    seen = Counter((group, value) for person in drawn(4000) for group, value in person.values.items())
    assert {(g, v) for g, values in CATEGORIES.items() for v in values} == set(seen)


def test_mask_covers_the_phenotypes_of_what_is_said() -> None:
    at = attributes.slices()
    mask = captions.mask({"sex", "build"})
    expected = np.zeros(attributes.SIZE, bool)
    expected[at["sex"]] = expected[at["build"]] = True
    expected[at["phenotype"].start + np.array([0, 2, 3])] = True
    np.testing.assert_array_equal(mask, expected)


def test_captions_are_many_and_in_two_languages() -> None:
    rng = np.random.default_rng(4)
    texts = [captions.draw(rng)[1].text for _ in range(2000)]
    assert len(set(texts)) > 1900
    share = sum(not text.isascii() for text in texts) / len(texts)
    assert 0.15 < share < 0.35


def test_a_said_top_colour_is_in_the_text() -> None:
    rng = np.random.default_rng(6)
    for person in drawn(300, seed=7):
        caption = captions.caption(person, rng)
        words = caption.text.lower().replace("gray", "grey")
        if "top_colour" in caption.said and len(words) > 30 and person.colours["top_colour"] not in words:
            # only a typing mistake may hide it
            near = person.colours["top_colour"]
            assert any(word[:2] in words for word in near.split())


def test_every_word_of_the_lexicon_has_a_value() -> None:
    tables = {"hair": lexicon.HAIR_CLAUSES, "beard": lexicon.BEARD_CLAUSES, "top": lexicon.TOPS,
              "bottom": lexicon.BOTTOMS, "shoes": lexicon.SHOES, "build": lexicon.BUILDS,
              "height": lexicon.HEIGHTS, "age": lexicon.AGES, "top_pattern": lexicon.PATTERNS}  # fmt: skip
    for group, table in tables.items():
        assert set(table) == set(CATEGORIES[group]), group
        assert all(table.values())
    for role in lexicon.ROLES:
        assert all(value in CATEGORIES[group] for group, value in role.values.items())
        for group, names in role.colours.items():
            for name in names:
                people.rgb_of(group, name)
    assert all(name in colours.cloth() for name in chinese.COLOURS)
    assert {role.nouns[0] for role in lexicon.ROLES} >= set(chinese.ROLES)
