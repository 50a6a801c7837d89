"""Chinese captions: words for everything, and nothing said that the text does not say."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from lodestream_training import colours
from lodestream_training.language import chinese, chinese_colours, chinese_words, lexicon
from lodestream_training.language.lexicon import Split
from lodestream_training.language.roles import Role
from lodestream_training.synth import attributes, people

CATEGORIES = {g.name: g.values for g in attributes.GROUPS if g.kind == "categorical"}
#: The list that a group's words are in, where it has another name.
LISTS = {"top_pattern": "pattern", "bottom_pattern": "pattern", "top_material": "material"}
LISTS |= {"bottom_material": "material", "sex": "noun"}
TABLE = lexicon.table("zh")
PLAIN = {"skin": "light", "hair_colour": "black", "eye_colour": "brown", "top_colour": "black", "top_second": "white",
         "neck_colour": "red", "bottom_colour": "black", "bottom_second": "white", "shoe_colour": "brown",
         "head_colour": "green", "glasses_colour": "silver", "glove_colour": "white",
         "bag_colour": "yellow"}  # fmt: skip
WORN = {"sex": "male", "age": "middle", "build": "average", "height": "tall", "hair": "short", "beard": "none",
        "marks": "none", "makeup": "none", "top": "suit", "sleeve": "long", "top_pattern": "plain",
        "top_material": "wool", "neckwear": "tie", "bottom": "trousers", "bottom_pattern": "plain",
        "bottom_material": "wool", "skirt_length": "knee", "shoes": "leather", "headwear": "none", "glasses": "none",
        "gloves": "none", "bag": "none"}  # fmt: skip
BUSINESSMAN = Role("businessman", ("businessman",), ("商务男士",), {"sex": "male", "top": "suit"}, {})


def person(**changes: str) -> people.Person:
    values = {group: changes.get(group, value) for group, value in WORN.items()}
    names = {group: changes.get(group, name) for group, name in PLAIN.items()}
    return people.assemble(values, names, np.random.default_rng(0))


def drawn(count: int, seed: int = 1) -> list[people.Person]:
    rng = np.random.default_rng(seed)
    return [people.draw(rng) for _ in range(count)]


def test_every_value_has_words_that_fit_anybody() -> None:
    for group, values in CATEGORIES.items():
        for value in values:
            words = lexicon.words("zh", LISTS.get(group, group), value, "train")
            free = [word for word in words if not chinese_words.implied(LISTS.get(group, group), word)]
            assert free, (group, value)
    for sex in CATEGORIES["sex"]:
        for age in CATEGORIES["age"]:
            assert TABLE["noun"][f"{sex}_{age}"]["words"]
    for group, names in (
        ("skin", people.SKINS),
        ("hair_colour", people.HAIRS | people.DYES),
        ("eye_colour", people.EYES),
    ):
        assert set(TABLE[group]) >= set(names)


def test_there_are_thousands_of_words() -> None:
    words = {word for group, values in TABLE.items() if not group.startswith("implied_") for forms in values.values()
             for word in forms["words"]}  # fmt: skip
    assert len(words) > 3000
    assert sum(len(forms["words"]) for forms in TABLE["colour"].values()) >= 400
    sentences = [text for table in ("sentence", "worn") for forms in TABLE[table].values() for text in forms["words"]]
    assert len(sentences) >= 150


def test_a_word_has_one_meaning() -> None:
    for group in ("hair", "beard", "marks", "makeup", "top", "bottom", "shoes", "headwear", "glasses", "neckwear",
                  "pattern", "material", "sleeve", "skirt_length", "build", "height"):  # fmt: skip
        meanings: dict[str, set[str]] = defaultdict(set)
        for value, forms in TABLE[group].items():
            for word in forms["words"]:
                meanings[word].add(value)
        assert {word: of for word, of in meanings.items() if len(of) > 1} == {}, group


def test_colour_words_are_of_colours_that_exist() -> None:
    cloth = colours.cloth()
    assert set(TABLE["colour"]) <= set(cloth)
    black_white = chinese_colours.lab(np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    np.testing.assert_allclose(black_white, [[0, 0, 0], [100, 0, 0]], atol=0.02)
    red = chinese_colours.lab(np.array([[1.0, 0.0, 0.0]]))  # CIE 15: sRGB red is about (53.2, 80.1, 67.2)
    np.testing.assert_allclose(red, [[53.24, 80.09, 67.2]], atol=0.1)
    assert chinese_colours.named("top_colour", "navy") == ("colour", "navy")
    assert chinese_colours.named("hair_colour", "ginger") == ("hair_colour", "ginger")
    for name in cloth:
        place = chinese_colours.named("top_colour", name)
        if place:
            own, near = chinese_colours.lab(np.array([cloth[name], cloth[place[1]]]))
            assert np.linalg.norm(own - near) < chinese_colours.NEAR


def test_what_words_imply_is_of_the_latent() -> None:
    for table in TABLE:
        if table.startswith("implied_"):
            for part in TABLE[table]:
                assert any(part in w for forms in TABLE[table[8:]].values() for w in forms["words"]), (table, part)
                for group, values in chinese_words.implied(table[8:], part):
                    if group in CATEGORIES:
                        assert values <= set(CATEGORIES[group]), (table, part)
                    else:
                        assert all(chinese_colours.named(group, name) for name in values), (table, part)


def test_the_same_seed_writes_the_same_captions() -> None:
    one, other = (
        [chinese.write(p, rng, "train") for p in drawn(50)]
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    assert one == other


@pytest.mark.parametrize("split", ["train", "phrasings", "combinations"])
def test_only_the_split_of_words_is_strange(split: Split) -> None:
    rng = np.random.default_rng(4)
    assert not any(chinese.write(p, rng, split).strange for p in drawn(200))


def test_words_and_phrasings_are_held_out_of_training() -> None:
    rng = np.random.default_rng(5)
    captions = [chinese.write(p, rng, "words") for p in drawn(300)]
    assert all(caption.strange <= caption.said for caption in captions)
    assert sum(bool(caption.strange) for caption in captions) > 250
    for table, value in (("top", "suit"), ("hair", "short"), ("pattern", "plaid")):
        assert not set(lexicon.words("zh", table, value, "train")) & set(lexicon.words("zh", table, value, "words"))
    for value in TABLE["sentence"]:
        kept_out = chinese_words.phrasings("sentence", value, held_out=True)
        rest = chinese_words.phrasings("sentence", value, held_out=False)
        assert kept_out
        assert set(kept_out) | set(rest) == set(TABLE["sentence"][value]["words"])
        assert not set(kept_out) & set(rest)


def test_what_is_said_of_worn_things_stands_in_the_text() -> None:
    rng = np.random.default_rng(6)
    for one in drawn(1500, seed=7):
        caption = chinese.write(one, rng, "combinations")
        for group in ("hair", "beard", "marks", "shoes", "headwear", "glasses", "gloves", "bag", "neckwear"):
            words = TABLE[group][one.values[group]]["words"]
            said = any(all(piece in caption.text for piece in word.split("{c}")) for word in words)
            assert said or group not in caption.said, (group, caption)
        if "top_colour" in caption.said and one.values["top"] != "labcoat":
            words = TABLE["colour"][chinese_colours.named("top_colour", one.colours["top_colour"])[1]]["words"]
            assert any(word.removesuffix("的") in caption.text for word in words), caption
        assert not re.search(r"[{}]|，，|的的", caption.text), caption
        assert caption.said <= {group.name for group in attributes.GROUPS}


def test_a_businessman_in_a_suit() -> None:
    rng = np.random.default_rng(8)
    captions = [chinese.write(person(), rng, "train", BUSINESSMAN) for _ in range(400)]
    assert all("商务男士" in caption.text for caption in captions)
    assert all({"sex", "top"} <= caption.said for caption in captions)
    always = [chinese.write(person(), rng, "combinations", BUSINESSMAN, {"top"}) for _ in range(1500)]
    suits = lexicon.words("zh", "top", "suit", "train")
    assert any(re.fullmatch(r"一[个位名]身?穿着?.*(西装|西服|正装).*的商务男士", caption.text) for caption in always)
    assert all(any(word in caption.text for word in suits) for caption in always)


def test_a_long_closed_top_says_its_skirt_too() -> None:
    rng = np.random.default_rng(9)
    lady = person(
        sex="female", top="qipao", bottom="skirt", top_material="silk", bottom_material="silk", sleeve="short"
    )
    for _ in range(100):
        caption = chinese.write(lady, rng, "train", None, {"top", "bottom"})
        words = lexicon.words("zh", "top", "qipao", "train")
        assert any(word in caption.text for word in words) == ("top" in caption.said)
        assert ("top" in caption.said) == ("bottom" in caption.said)
        assert ("top_material" in caption.said) == ("bottom_material" in caption.said)


def test_a_leather_jacket_is_called_one_only_if_it_is_leather() -> None:
    rng = np.random.default_rng(10)
    for material in ("leather", "denim", "nylon"):
        for _ in range(150):
            caption = chinese.write(person(top="jacket", top_material=material), rng, "train", None, {"top"})
            leather = any(word in caption.text for word in ("皮衣", "皮夹克", "皮外套"))
            assert not leather or (material == "leather" and "top_material" in caption.said)


def test_ages_are_said_in_numbers() -> None:
    assert [chinese.numeral(n) for n in (4, 10, 14, 20, 45, 88)] == ["四", "十", "十四", "二十", "四十五", "八十八"]
    rng = np.random.default_rng(11)
    one = person(age="old")
    for _ in range(200):
        caption = chinese.write(one, rng, "train")
        for years in re.findall(r"(\d+)岁", caption.text):
            of_all = any(f"{years}岁" in word for word in lexicon.words("zh", "age", "old", "train"))
            assert int(years) == round(one.years) or of_all
            assert "age" in caption.said


def test_known_leaves_only_colours_with_a_name() -> None:
    rng = np.random.default_rng(12)
    for one in drawn(100, seed=13):
        other = chinese.known(one, rng)
        assert other.values == one.values
        assert all(chinese_colours.named(group, name) for group, name in other.colours.items())
        for first, second in pairwise(one.colours):
            if one.colours[first] == one.colours[second] and chinese_colours.named(first, one.colours[first]):
                assert other.colours[first] == one.colours[first]
