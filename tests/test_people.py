"""Synthetic people: draws by weight, coherent outfits, colours and bodies that follow the words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from lodestream_training import colours
from lodestream_training.synth import attributes, people, wardrobe
from lodestream_training.synth.attributes import LONG_TOPS, OPEN_TOPS
from lodestream_training.synth.chance import pick, weighted

AT = attributes.slices()
CATEGORIES = {g.name: g.values for g in attributes.GROUPS if g.kind == "categorical"}
COLOURS = {g.name for g in attributes.GROUPS if g.kind == "colour"}
CLOSED = tuple(top for top in LONG_TOPS if top not in OPEN_TOPS)


class Dice:
    """A generator that throws what it is told to."""

    def __init__(self, *throws: float) -> None:
        self.throws = list(throws)

    def random(self) -> float:
        return self.throws.pop(0)


def thrown(choose: Any, options: Any, throws: Sequence[float]) -> str:
    return "".join(choose(Dice(throw), options) for throw in throws)


@pytest.fixture(scope="module")
def crowd() -> list[people.Person]:
    rng = np.random.default_rng(11)
    return [people.draw(rng) for _ in range(4000)]


def test_weighted_divides_the_line_by_weight() -> None:
    options = {"a": 1.0, "b": 2.0, "c": 0.0, "d": 1.0}  # a up to a quarter, b up to three quarters, never c
    assert thrown(weighted, options, (0.0, 0.249, 0.25, 0.749, 0.75, 1 - 2**-53)) == "aabbdd"
    assert thrown(weighted, {"a": 0.0, "b": 3.0}, (0.0, 0.9)) == "bb"


def test_pick_divides_the_line_evenly() -> None:
    assert thrown(pick, "abcd", (0.0, 0.249, 0.25, 0.5, 0.75, 1 - 2**-53)) == "aabcdd"


def test_weights_are_respected() -> None:
    rng = np.random.default_rng(3)
    seen = Counter(weighted(rng, {"a": 6.0, "b": 3.0, "c": 1.0}) for _ in range(10_000))
    for name, share in (("a", 0.6), ("b", 0.3), ("c", 0.1)):
        assert seen[name] / 10_000 == pytest.approx(share, abs=0.02)  # four standard deviations


def test_people_come_in_the_shares_of_the_wardrobe(crowd: list[people.Person]) -> None:
    ages = Counter(person.values["age"] for person in crowd)
    for age, share in {"child": 0.12, "young": 0.42, "middle": 0.28, "old": 0.18}.items():
        assert ages[age] / len(crowd) == pytest.approx(share, abs=0.032)  # four standard deviations
    forebears = Counter(person.ancestry for person in crowd)
    for name, share in {"african": 0.22, "asian": 0.25, "caucasian": 0.38, "mixed": 0.15}.items():
        assert forebears[name] / len(crowd) == pytest.approx(share, abs=0.032)


def test_every_value_of_every_category_is_worn_by_somebody(crowd: list[people.Person]) -> None:
    for group, values in CATEGORIES.items():
        seen = Counter(person.values[group] for person in crowd)
        assert set(seen) == set(values), group
        assert seen.most_common(1)[0][1] < 0.99 * len(crowd), f"{group} hardly varies"


def test_every_person_is_whole(crowd: list[people.Person]) -> None:
    for person in crowd[:500]:
        assert person.vector.dtype == np.float32
        assert person.values.keys() == CATEGORIES.keys()
        assert person.colours.keys() == COLOURS
        assert np.isfinite(person.vector).all()
        for group, values in CATEGORIES.items():
            part = person.vector[AT[group]]
            assert values[int(part.argmax())] == person.values[group]
            assert sorted(part)[-2:] == [0.0, 1.0]
            assert part.sum() == 1.0


def test_closed_long_tops_are_of_one_piece(crowd: list[people.Person]) -> None:
    worn = [person for person in crowd if person.values["top"] in CLOSED]
    assert {person.values["top"] for person in worn} == set(CLOSED)
    for person in worn:
        assert person.values["bottom"] == "skirt"
        for part in ("colour", "second"):
            assert person.colours[f"bottom_{part}"] == person.colours[f"top_{part}"]
        for part in ("pattern", "material"):
            assert person.values[f"bottom_{part}"] == person.values[f"top_{part}"]
        assert wardrobe.lengths(person.values["top"]).get(person.values["skirt_length"], 0.0) > 0


def test_open_tops_are_worn_over_legs(crowd: list[people.Person]) -> None:
    worn = [person for person in crowd if person.values["top"] in OPEN_TOPS]
    assert {person.values["top"] for person in worn} == set(OPEN_TOPS)
    assert all(person.values["bottom"] != "skirt" for person in worn)


def test_only_grown_men_have_beards_and_only_grown_women_lipstick(crowd: list[people.Person]) -> None:
    for person in crowd:
        sex, grown = person.values["sex"], person.values["age"] != "child"
        if person.values["beard"] != "none":
            assert (sex, grown) == ("male", True)
        if person.values["makeup"] == "lipstick":
            assert (sex, grown) == ("female", True)


def test_sleeves_and_neckwear_go_with_the_top(crowd: list[people.Person]) -> None:
    for person in crowd:
        top, male = person.values["top"], person.values["sex"] == "male"
        assert wardrobe.sleeves(top).get(person.values["sleeve"], 0.0) > 0, (top, person.values["sleeve"])
        assert wardrobe.neckwear(top, male)[person.values["neckwear"]] > 0, (top, person.values["neckwear"])
        if person.values["neckwear"] == "tie":
            assert top in ("suit", "shirt", "waistcoat", "uniform")
        if top == "tank":
            assert person.values["sleeve"] == "none"


def test_sets_share_their_colour(crowd: list[people.Person]) -> None:
    for top, least in (("armour", 1.0), ("spacesuit", 1.0), ("suit", 0.78), ("scrubs", 0.78), ("uniform", 0.5)):
        worn = [p for p in crowd if p.values["top"] == top]
        same = [p.colours["bottom_colour"] == p.colours["top_colour"] for p in worn]
        assert len(same) > 50
        assert np.mean(same) >= least, top
    unlike = [p.colours["bottom_colour"] != p.colours["top_colour"] for p in crowd if p.values["top"] == "tshirt"]
    assert np.mean(unlike) > 0.8


@pytest.mark.parametrize(
    "values",
    [
        {"sex": "female", "age": "child", "beard": "long"},
        {"top": "coat", "bottom": "skirt", "sleeve": "none"},
        {"top": "dress", "bottom": "jeans", "skirt_length": "mini"},
        {"top": "tank", "sleeve": "long", "neckwear": "tie", "headwear": "chef"},
    ],
    ids=lambda values: " ".join(values.values()),
)
def test_what_is_fixed_stays_even_where_it_is_odd(values: dict[str, str]) -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        person = people.draw(rng, values)
        assert values.items() <= person.values.items()
        assert all(
            CATEGORIES[group][int(person.vector[AT[group]].argmax())] == value for group, value in values.items()
        )


def test_fixed_colours_stay() -> None:
    names = {
        "top_colour": "coral",
        "bottom_colour": "teal",
        "shoe_colour": "lime",
        "skin": "olive",
        "eye_colour": "amber",
    }
    rng = np.random.default_rng(8)
    for top in ("suit", "dress", "labcoat", "armour", "tshirt"):
        person = people.draw(rng, {"top": top, "bottom": "trousers"}, names)
        assert names.items() <= person.colours.items()
        for group, name in names.items():
            wanted = people.rgb_of(group, name)
            # within five standard deviations of what dyeing varies
            np.testing.assert_allclose(person.vector[AT[group]], wanted, atol=0.06)


def test_names_of_colours_mean_what_the_group_makes_of_them() -> None:
    assert people.rgb_of("bottom_colour", "blue", "jeans") == (62 / 255, 94 / 255, 146 / 255)
    assert people.rgb_of("bottom_colour", "blue", "shorts") == colours.cloth()["blue"]
    assert colours.cloth()["blue"] == (28 / 255, 70 / 255, 190 / 255)
    assert people.rgb_of("hair_colour", "red") == (160 / 255, 52 / 255, 26 / 255)
    assert people.rgb_of("hair_colour", "pink") == (240 / 255, 110 / 255, 170 / 255)
    assert people.rgb_of("hair_colour", "navy") == colours.cloth()["navy"]
    assert people.rgb_of("skin", "brown") == (134 / 255, 86 / 255, 56 / 255)
    assert people.rgb_of("eye_colour", "brown") == (98 / 255, 60 / 255, 34 / 255)


def test_ancestry_shares_sum_to_one_and_match_the_name(crowd: list[people.Person]) -> None:
    names = ("african", "asian", "caucasian")
    for person in crowd:
        shares = person.vector[AT["ancestry"]]
        assert shares.sum() == pytest.approx(1.0, abs=1e-5)
        if person.ancestry == "mixed":
            assert shares.max() <= 0.34 * 0.85 + 0.15 + 1e-5
            assert shares.min() >= 0.33 * 0.85 - 1e-5
        else:
            assert shares[names.index(person.ancestry)] >= 0.85 - 1e-5


def test_bodies_follow_the_words(crowd: list[people.Person]) -> None:
    spans = {"child": (4, 14), "young": (18, 34), "middle": (40, 58), "old": (66, 88)}
    for person in crowd:
        gender, age, muscle, weight, height, _ = person.vector[AT["phenotype"]]
        low, high = spans[person.values["age"]]
        assert low <= person.years <= high
        assert age == pytest.approx(people.years_to_age(person.years), abs=1e-6)
        assert (gender > 0.5) == (person.values["sex"] == "female")
        assert (muscle > 0.8) == (person.values["build"] == "muscular")
        assert (weight > 0.8) == (person.values["build"] == "heavy")
        assert (weight < 0.3) == (person.values["build"] == "slim")
        assert (height > 0.7) == (person.values["height"] == "tall")
        assert (height < 0.35) == (person.values["height"] == "short")


def test_ages_of_anny() -> None:
    assert people.years_to_age(10.0) == pytest.approx(1 / 3)
    assert people.years_to_age(25.0) == pytest.approx(2 / 3)
    assert people.years_to_age(57.5) == pytest.approx(5 / 6)  # halfway from 25 to 90


def test_the_same_seed_draws_the_same_person() -> None:
    one, same, other = (people.draw(np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert (one.values, one.colours, one.years, one.ancestry) == (same.values, same.colours, same.years, same.ancestry)
    np.testing.assert_array_equal(one.vector, same.vector)
    np.testing.assert_array_equal(one.vector, people.sample(np.random.default_rng(5)))
    assert (one.vector != other.vector).any()
