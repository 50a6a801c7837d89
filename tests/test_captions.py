"""What people are drawn and what is said about them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lodestream_training import colours
from lodestream_training.language import caption as captions
from lodestream_training.language import english, grammar, lexicon, roles
from lodestream_training.synth import attributes, people

GROUPS = {g.name: g for g in attributes.GROUPS}
CATEGORIES = {g.name: g.values for g in attributes.GROUPS if g.kind == "categorical"}
SPLITS = ("train", "words", "phrasings", "combinations")
#: Forms of which a value needs one at least.
FORMS = ("words", "nouns", "adjectives", "clauses")


def drawn(count: int, seed: int = 1) -> list[people.Person]:
    rng = np.random.default_rng(seed)
    return [people.draw(rng) for _ in range(count)]


def captioned(count: int, split: str = "train", chinese: float = 0.0, seed: int = 2):
    rng = np.random.default_rng(seed)
    return [captions.draw(rng, split, chinese) for _ in range(count)]


def test_a_vector_says_what_the_values_say() -> None:
    at = attributes.slices()
    for person in drawn(50):
        assert set(person.values) == set(CATEGORIES)
        for group, value in person.values.items():
            assert person.vector[at[group]].sum() == 1.0
            assert CATEGORIES[group][int(person.vector[at[group]].argmax())] == value
        for group in person.colours:
            assert ((person.vector[at[group]] >= 0) & (person.vector[at[group]] <= 1)).all()


def test_people_are_coherent() -> None:
    for person in drawn(1500):
        values = person.values
        if values["top"] in attributes.LONG_TOPS and values["top"] not in attributes.OPEN_TOPS:
            assert values["bottom"] == "skirt"
            assert person.colours["bottom_colour"] == person.colours["top_colour"]
        if values["beard"] != "none":
            assert (values["sex"], values["age"] != "child") == ("male", True)
        if values["top"] in ("armour", "spacesuit", "scrubs"):
            assert values["bottom"] == "trousers"
        assert person.ancestry in ("african", "asian", "caucasian", "mixed")


def test_phenotypes_follow_sex_age_and_ancestry() -> None:
    at = attributes.slices()
    for person in drawn(300):
        gender, age = person.vector[at["phenotype"]][:2]
        assert (gender > 0.5) == (person.values["sex"] == "female")
        assert age == pytest.approx(people.years_to_age(person.years))
        shares = person.vector[at["ancestry"]]
        assert shares.sum() == pytest.approx(1.0, abs=1e-5)
        if person.ancestry != "mixed":
            assert ("african", "asian", "caucasian")[int(shares.argmax())] == person.ancestry


@pytest.mark.parametrize("split", SPLITS)
def test_the_same_seed_draws_the_same_people_and_captions(split) -> None:
    one, other = (captions.draw(np.random.default_rng(9), split) for _ in range(2))
    assert one[1] == other[1]
    np.testing.assert_array_equal(one[0].vector, other[0].vector)


def test_every_value_is_drawn() -> None:
    seen = Counter((group, value) for person in drawn(4000) for group, value in person.values.items())
    assert {(g, v) for g, values in CATEGORIES.items() for v in values} == set(seen)


def test_mask_covers_the_phenotypes_of_what_is_said() -> None:
    at = attributes.slices()
    mask = captions.mask({"sex", "build", "ancestry"})
    expected = np.zeros(attributes.SIZE, bool)
    expected[at["sex"]] = expected[at["build"]] = expected[at["ancestry"]] = True
    expected[at["phenotype"].start + np.array([0, 2, 3])] = True
    np.testing.assert_array_equal(mask, expected)


def test_captions_are_many_and_in_two_languages() -> None:
    texts = [caption.text for _, caption in captioned(1500, chinese=0.25)]
    assert len(set(texts)) > 1400
    assert 0.15 < sum(any("一" <= c <= "鿿" for c in text) for text in texts) / len(texts) < 0.35


@pytest.mark.parametrize("split", SPLITS)
def test_captions_say_groups_and_leave_no_placeholders(split) -> None:
    for _, caption in captioned(250, split):
        assert caption.text
        assert caption.text == caption.text.strip()
        assert not set("{}[]") & set(caption.text)
        assert caption.said <= set(GROUPS)
        assert caption.strange <= caption.said
        assert split == "words" or not caption.strange


def test_split_words_uses_held_out_words() -> None:
    strange = [bool(caption.strange) for _, caption in captioned(200, "words")]
    assert np.mean(strange) > 0.9


def test_said_colours_are_in_the_text() -> None:
    for person, caption in captioned(400, "phrasings"):
        text = grammar.american(caption.text.lower())
        for group in ("shoe_colour", "bag_colour", "neck_colour", "head_colour"):
            implied = any(group in role.colours and noun in text for role in roles.every() for noun in role.en)
            if group in caption.said and not implied:
                assert grammar.american(person.colours[group]) in text


def test_what_is_always_to_be_said_is_said() -> None:
    for number, person in enumerate(drawn(200, seed=5)):
        caption = english.write(person, np.random.default_rng(number), "train", None, ("top", "headwear"))
        assert {"top", "headwear"} <= caption.said


def test_a_bottom_under_a_long_top_is_said_by_the_top_alone() -> None:
    person = people.draw(np.random.default_rng(3), {"top": "kimono"})
    for seed in range(60):
        caption = english.write(person, np.random.default_rng(seed), "phrasings", None, ("top", "bottom"))
        assert "bottom" in caption.said
        assert "skirt" not in caption.text.lower()


def test_training_never_meets_held_out_combinations() -> None:
    assert not any(captions.held_out_combination(person.values) for person, _ in captioned(300))
    assert all(captions.held_out_combination(person.values) for person, _ in captioned(30, "combinations"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_that_only_train_are_none_of_the_held_out(language) -> None:
    more = lexicon._lists(language, trained=True)
    assert len(more) > 20
    for (group, value, form), lists in more.items():
        assert value in lexicon.table(language)[group]
        assert not lexicon._held_out(language, group, value, form) & {word for words in lists for word in words}


def test_names_of_things_are_none_of_the_held_out_colours() -> None:
    held_out = [f" {name} " for name in lexicon.colours_held_out()]
    assert len(colours.things()) > 2000
    for name in colours.things():
        spaced = f" {name.replace('-', ' ')} "
        assert not any(each in spaced for each in held_out), name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_held_out_are_a_tenth_and_apart(language) -> None:
    further = lexicon._lists(language, trained=True)
    for group, values in lexicon.table(language).items():
        for value, forms in values.items():
            for form, every in forms.items():
                more = {word for words in further.get((group, value, form), ()) for word in words}
                trained = set(lexicon.words(language, group, value, "train", form))
                kept_out = set(every) - trained
                assert every[0] in trained
                assert len(kept_out) <= max(2, len(every) / 9)
                assert bool(kept_out) >= (len(set(every) - more) >= 2 * lexicon.ENOUGH)
                if kept_out:
                    assert set(lexicon.words(language, group, value, "words", form)) == kept_out


def test_a_list_more_moves_no_word_from_one_side_to_the_other(monkeypatch) -> None:
    monkeypatch.setattr(lexicon, "_toml", lambda _: iter([("a.toml", {"top": {"coat": [*"abcdefghijkl"]}})]))
    uncached = {name: getattr(lexicon, name).__wrapped__ for name in ("_lists", "table", "_held_out", "words")}
    for name, function in uncached.items():
        monkeypatch.setattr(lexicon, name, function)
    before = set(lexicon.words("en", "top", "coat", "words"))
    assert len(before) == 1
    files = [("a.toml", {"top": {"coat": [*"abcdefghijkl"]}}), ("b.toml", {"top": {"coat": [*"mnopqrstuvwx"]}})]
    monkeypatch.setattr(lexicon, "_toml", lambda _: iter(files))
    after = set(lexicon.words("en", "top", "coat", "words"))
    assert len(after) == 2
    assert before < after
    assert not after & set(lexicon.words("en", "top", "coat", "train"))


def test_colours_held_out_are_a_tenth_and_not_plain() -> None:
    kept_out = set(lexicon.colours_held_out())
    assert not kept_out & set(colours.BASIC)
    assert len(kept_out) / len(colours.surveyed()) == pytest.approx(0.1, abs=0.02)
    for person, caption in captioned(400):
        said = {person.colours[group] for group in caption.said & {"shoe_colour", "bag_colour", "glove_colour"}}
        assert not said & kept_out


def test_phrasings_held_out_are_apart() -> None:
    trained = set(lexicon.templates("en", "sentence", "train"))
    kept_out = set(lexicon.templates("en", "sentence", "phrasings"))
    assert len(trained) >= 60
    assert kept_out
    assert not trained & kept_out


def test_every_value_has_english_words_and_no_word_has_two() -> None:
    table = lexicon.table("en")
    assert {"male", "female"} <= set(table["noun"])
    for group, values in CATEGORIES.items():
        if group == "sex":
            continue
        name = group.removeprefix("top_").removeprefix("bottom_")
        assert set(table[name]) == set(values), group
    for group, values in table.items():
        if group in ("skin", "eye_colour", "hair_colour", "under"):
            continue
        meanings: dict[tuple[str, str], str] = {}
        for value, forms in values.items():
            assert group == "under" or any(forms.get(form) for form in FORMS), (group, value)
            for form, every in forms.items():
                for word in every:
                    key = (word, form if form in ("clauses", "without") else "")
                    assert meanings.setdefault(key, value) == value, (group, word, value, meanings[key])


def test_colours_of_people_have_words() -> None:
    table = lexicon.table("en")
    assert set(table["skin"]) == set(people.SKINS)
    assert set(table["eye_colour"]) == set(people.EYES)
    assert set(table["hair_colour"]) == set(people.HAIRS) | set(people.DYES)


def test_roles_imply_values_that_exist() -> None:
    assert len(roles.every()) >= 120
    nouns = Counter(noun for role in roles.every() for noun in role.en)
    assert max(nouns.values()) == 1
    for role in roles.every():
        assert role.en
        assert role.zh
        assert all(value in CATEGORIES[group] for group, value in role.values.items()), role.name
        for group, names in role.colours.items():
            assert GROUPS[group].kind == "colour"
            for name in names:
                people.rgb_of(group, name)


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("old man", "an old man"), ("uniform", "a uniform"), ("8-year-old", "an 8-year-old"), ("tall man", "a tall man")],
)
def test_articles(phrase, expected) -> None:
    assert grammar.article(phrase) == expected


def test_plurals_are_told_by_their_head() -> None:
    assert grammar.plural("pants with side pockets")
    assert not grammar.plural("sweater with buttons")
    assert not grammar.plural("dress")
