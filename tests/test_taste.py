"""What is said stays; what is not goes with it."""

from __future__ import annotations

import numpy as np

from lodestream_server import taste
from lodestream_server.latent import LatentSpec
from lodestream_server.taste import settle
from lodestream_training.synth import attributes

SPEC = LatentSpec.from_manifest(
    [{"name": g.name, "kind": g.kind, "size": g.size, "values": list(g.values)} for g in attributes.GROUPS]
)
NAVY, LIME, PURPLE = (0.1, 0.12, 0.3), (0.6, 0.9, 0.1), (0.45, 0.1, 0.6)


def latent(**values: object) -> np.ndarray:
    out = np.zeros(SPEC.size, np.float32)
    for name, part in SPEC.slices.items():
        value = values.get(name)
        if SPEC.kinds[name] == "categorical":
            out[part.start + (SPEC.values[name].index(str(value)) if value else 0)] = 1.0
        elif value is not None:
            out[part] = value
    return out


def said(*groups: str) -> np.ndarray:
    out = np.zeros(SPEC.size, np.float32)
    for group in groups:
        out[SPEC.slices[group]] = 1.0
    return out


def of(made: np.ndarray, group: str) -> list[float]:
    return [round(float(x), 3) for x in made[SPEC.slices[group]]]


def test_a_suits_trousers_are_of_its_cloth_unless_said() -> None:
    worn = latent(top="suit", bottom="trousers", top_colour=NAVY, bottom_colour=LIME, top_pattern="pinstripes")
    made = settle(SPEC, worn, said("top", "top_colour"))
    assert of(made, "bottom_colour") == [0.1, 0.12, 0.3]
    assert SPEC.describe(made)["bottom_pattern"] == "pinstripes"
    kept = settle(SPEC, worn, said("bottom_colour"))
    assert of(kept, "bottom_colour") == [0.6, 0.9, 0.1]


def test_unsaid_shoes_to_a_suit_are_quiet_and_its_shirt_light() -> None:
    worn = latent(top="suit", bottom="trousers", shoes="leather", shoe_colour=PURPLE, top_second=(0.9, 0.95, 1.0))
    made = settle(SPEC, worn, said())
    assert max(made[SPEC.slices["shoe_colour"]]) < 0.7
    assert np.ptp(made[SPEC.slices["shoe_colour"]]) < 0.35  # no purple
    assert min(made[SPEC.slices["top_second"]]) > 0.7
    assert of(settle(SPEC, worn, said("shoe_colour")), "shoe_colour") == [0.45, 0.1, 0.6]


def test_an_unsaid_tie_is_seen_on_its_shirt() -> None:
    pink = (0.91, 0.77, 0.81)
    worn = latent(top="suit", neckwear="tie", top_second=pink, neck_colour=(0.82, 0.62, 0.75))
    made = settle(SPEC, worn, said("neckwear"))
    shirt, tie = (made[SPEC.slices[group]].mean() for group in ("top_second", "neck_colour"))
    assert abs(shirt - tie) > 0.25
    kept = settle(SPEC, worn, said("neckwear", "neck_colour"))
    assert of(kept, "neck_colour") == [0.82, 0.62, 0.75]
    dark = latent(top="shirt", neckwear="bowtie", top_colour=NAVY, neck_colour=NAVY)
    made = settle(SPEC, dark, said("neckwear", "top_colour"))
    assert made[SPEC.slices["neck_colour"]].mean() > 0.35


def test_nobody_is_a_child_or_gets_a_hat_unasked() -> None:
    worn = latent(age="child", headwear="cap", glasses="sunglasses", bag="backpack", neckwear="scarf")
    made = settle(SPEC, worn, said())
    values = SPEC.describe(made)
    assert [values[g] for g in ("age", "headwear", "glasses", "bag", "neckwear")] == ["young", *["none"] * 4]
    assert made[SPEC.slices["phenotype"].start + 1] >= 0.66
    kept = SPEC.describe(settle(SPEC, worn, said("age", "headwear", "neckwear")))
    assert [kept[g] for g in ("age", "headwear", "bag", "neckwear")] == ["child", "cap", "none", "scarf"]


def test_nobody_stands_out_by_hair_or_metal_unasked() -> None:
    def settled(*told: str, **values: object) -> dict[str, str]:
        return dict(SPEC.describe(settle(SPEC, latent(**values), said(*told))))

    assert settled(sex="male", hair="long")["hair"] == "parted"
    assert settled("hair", sex="male", hair="long")["hair"] == "long"
    assert settled(sex="female", hair="long")["hair"] == "long"
    assert settled(sex="female", hair="mohawk")["hair"] == "bob"
    assert settled(sex="female", hair="braids")["hair"] == "wavy"
    metal = {"top_material": "metal", "bottom_material": "metal"}
    assert (
        settled(top="uniform", **metal)["top_material"]
        == settled(top="uniform", **metal)["bottom_material"]
        == "cotton"
    )
    assert settled(top="armour", **metal)["bottom_material"] == "metal"
    assert settled("top_material", top="uniform", **metal)["top_material"] == "metal"


def test_no_woman_has_a_beard_unasked() -> None:
    worn = latent(sex="female", beard="full")
    assert SPEC.describe(settle(SPEC, worn, said("sex")))["beard"] == "none"
    assert SPEC.describe(settle(SPEC, worn, said("beard")))["beard"] == "full"
    assert SPEC.describe(settle(SPEC, latent(sex="male", beard="full"), said()))["beard"] == "full"


def test_unsaid_trousers_are_quiet_and_jeans_of_denim() -> None:
    jeans = of(settle(SPEC, latent(top="hoodie", bottom="jeans", bottom_colour=PURPLE), said()), "bottom_colour")
    assert jeans[2] == max(jeans)
    assert (
        np.ptp(of(settle(SPEC, latent(top="tank", bottom="joggers", bottom_colour=LIME), said()), "bottom_colour"))
        < 0.4
    )
    skirt = latent(top="tank", bottom="skirt", bottom_colour=LIME)
    assert of(settle(SPEC, skirt, said()), "bottom_colour") == [0.6, 0.9, 0.1]
    kept = latent(top="hoodie", bottom="jeans", bottom_colour=PURPLE)
    assert of(settle(SPEC, kept, said("bottom_colour")), "bottom_colour") == [0.45, 0.1, 0.6]


def test_nobody_goes_barefoot_unasked() -> None:
    barefoot = latent(shoes="barefoot", shoe_colour=PURPLE)
    made = settle(SPEC, barefoot, said())
    assert SPEC.describe(made)["shoes"] == "trainers"
    assert min(of(made, "shoe_colour")) > 0.8
    assert SPEC.describe(settle(SPEC, barefoot, said("shoes")))["shoes"] == "barefoot"


def test_skin_and_hair_fit_forebears_that_are_said() -> None:
    dark, blonde = (0.3, 0.2, 0.15), (0.85, 0.7, 0.44)
    worn = latent(ancestry=(0.04, 0.9, 0.06), skin=dark, hair_colour=blonde)
    made = settle(SPEC, worn, said("ancestry"))
    assert min(of(made, "skin")) > 0.35
    assert max(of(made, "hair_colour")) < 0.25
    assert of(settle(SPEC, worn, said()), "skin") == [0.3, 0.2, 0.15]
    kept = settle(SPEC, worn, said("ancestry", "skin", "hair_colour"))
    assert of(kept, "skin") == [0.3, 0.2, 0.15]
    assert of(kept, "hair_colour") == [0.85, 0.7, 0.44]
    many = latent(ancestry=(0.4, 0.3, 0.3), skin=dark)
    assert of(settle(SPEC, many, said("ancestry")), "skin") == [0.3, 0.2, 0.15]


def test_a_toque_is_white_unless_said() -> None:
    worn = latent(headwear="chef", head_colour=LIME)
    assert min(settle(SPEC, worn, said("headwear"))[SPEC.slices["head_colour"]]) > 0.9
    assert of(settle(SPEC, worn, said("headwear", "head_colour")), "head_colour") == [0.6, 0.9, 0.1]


def test_hair_that_is_given_instead_is_hair_that_may_be_given() -> None:
    hairs = SPEC.values["hair"]
    for instead in taste._CUTS.values():
        assert instead.keys() <= set(hairs)
        assert set(instead.values()) <= set(hairs) - instead.keys()


def test_a_waistcoat_asks_for_quiet_trousers_and_a_knight_keeps_his_gloves() -> None:
    made = settle(SPEC, latent(top="waistcoat", bottom="trousers", bottom_colour=LIME), said())
    assert np.ptp(made[SPEC.slices["bottom_colour"]]) < 0.35
    assert SPEC.describe(settle(SPEC, latent(top="armour", gloves="gloves"), said()))["gloves"] == "gloves"


def test_unsaid_hair_is_natural_and_said_hair_is_what_was_said() -> None:
    worn = latent(hair="long", hair_colour=(0.2, 0.9, 0.2))
    assert of(settle(SPEC, worn, said()), "hair_colour") != [0.2, 0.9, 0.2]
    assert of(settle(SPEC, worn, said("hair_colour")), "hair_colour") == [0.2, 0.9, 0.2]


def test_a_casual_outfit_keeps_its_colours_and_the_input_is_not_changed() -> None:
    worn = latent(
        top="tshirt", bottom="shorts", shoes="trainers", top_colour=LIME, bottom_colour=NAVY, shoe_colour=PURPLE
    )
    before = worn.copy()
    made = settle(SPEC, worn, said("hair_colour", "age"))
    np.testing.assert_array_equal(made, before)
    np.testing.assert_array_equal(worn, before)
