"""What measures the bundle, measured: colour differences, intervals, judges of words and pictures, the report."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import lodestream_bundle
from lodestream_server.config import Config
from lodestream_server.field.planes import ShellPlanes
from lodestream_server.figure import Figure
from lodestream_server.latent import LatentSpec
from lodestream_server.metrics import Metrics
from lodestream_server.outfit import Outfit
from lodestream_server.pipeline.loading import load
from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_training import colours
from lodestream_training.evaluation import basic_terms, fidelity, report, retrieval, statistics, variety, words
from lodestream_training.evaluation import prompts as by_hand
from lodestream_training.evaluation.cielab import ciede2000, lab
from lodestream_training.evaluation.statistics import Estimate
from lodestream_training.evaluation.words import Tally, judge
from lodestream_training.language import caption as captions
from lodestream_training.language.text import Caption
from lodestream_training.synth import attributes, people
from lodestream_training.synth.painter import Painter, logits
from lodestream_training.synth.people import Person

BUNDLE = Path(lodestream_bundle.__file__).parent
AT = attributes.slices()
CATEGORIES = {g.name: g.values for g in attributes.GROUPS if g.kind == "categorical"}
SPEC = LatentSpec.from_manifest(
    [{"name": g.name, "kind": g.kind, "size": g.size, "values": g.values} for g in attributes.GROUPS]
)
baked = pytest.mark.skipif(not (BUNDLE / "fusion.onnx").exists(), reason="the bundle's models are not baked")

#: CIELAB pairs and their ΔE00 as published by Sharma, Wu and Dalal (2005), table 1.
PUBLISHED = (
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, 2.8361, -74.0200), (50, 0, -82.7485), 3.4412),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, -1.1848, -84.8006), (50, 0, -82.7485), 1.0000),
    ((50, -0.9009, -85.5211), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, -1, 2), (50, 0, 0), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0010), 7.1792),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0011), 7.2195),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0012), 7.2195),
    ((50, -0.0010, 2.4900), (50, 0.0009, -2.4900), 4.8045),
    ((50, -0.0010, 2.4900), (50, 0.0010, -2.4900), 4.8045),
    ((50, -0.0010, 2.4900), (50, 0.0011, -2.4900), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (61, -5, 29), 22.8977),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((50, 2.5, 0), (50, 3.1736, 0.5854), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)


class Clairvoyant:
    """A pipeline that knows the latent of every prompt."""

    def __init__(self, latents: Mapping[str, np.ndarray]) -> None:
        self.latents = latents

    def begin(self, request: object) -> SimpleNamespace:
        latent = self.latents[request.prompt]
        return SimpleNamespace(latent=latent, outfit=Outfit.of(SPEC, latent), prompt=request.prompt)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, Person, Caption]]:
    """Everything that is drawn of captions during a test: split, share of Chinese, person, caption."""
    out: list[tuple[str, float, Person, Caption]] = []
    draw = captions.draw

    def recording(rng: np.random.Generator, split: captions.Split = "train", chinese: float = 0.25):
        person, caption = draw(rng, split, chinese)
        out.append((split, chinese, person, caption))
        return person, caption

    monkeypatch.setattr(captions, "draw", recording)
    return out


# colours


@pytest.mark.parametrize(("one", "other", "expected"), PUBLISHED)
def test_colour_differences_are_the_published_ones(one, other, expected: float) -> None:
    assert float(ciede2000(one, other)) == pytest.approx(expected, abs=1e-4)
    assert float(ciede2000(other, one)) == pytest.approx(expected, abs=1e-4)


def test_colour_differences_broadcast() -> None:
    ones = np.array([pair[0] for pair in PUBLISHED])
    others = np.array([pair[1] for pair in PUBLISHED])
    table = ciede2000(ones[:, None], others[None])
    assert table.shape == (len(PUBLISHED), len(PUBLISHED))
    np.testing.assert_allclose(np.diag(table), [pair[2] for pair in PUBLISHED], atol=1e-4)


def test_lab_of_known_colours() -> None:
    found = lab([[1, 1, 1], [0, 0, 0], [1, 0, 0], [0.5, 0.5, 0.5]])
    np.testing.assert_allclose(found[0], [100, 0, 0], atol=0.01)
    np.testing.assert_allclose(found[1], [0, 0, 0], atol=1e-9)
    np.testing.assert_allclose(found[2], [53.24, 80.09, 67.20], atol=0.01)
    np.testing.assert_allclose(found[3], [53.39, 0, 0], atol=0.01)
    assert float(ciede2000(found[0], found[1])) == pytest.approx(100, abs=0.01)


# statistics


def test_wilsons_interval() -> None:
    eight = statistics.share([True] * 8 + [False] * 2)
    assert (eight.value, eight.count) == (0.8, 10)
    # z² = 3.8415: (0.8 + 0.19207 ± 1.95996 · sqrt(0.016 + 0.0096036)) / 1.38415
    assert (eight.low, eight.high) == (pytest.approx(0.49016, abs=1e-4), pytest.approx(0.94332, abs=1e-4))
    none = statistics.share([False] * 10)
    assert (none.low, none.high) == (pytest.approx(0.0, abs=1e-9), pytest.approx(0.38415 / 1.38415, abs=1e-4))


def test_bootstrap_intervals_are_the_same_every_time() -> None:
    values = [0.0, 1.0] * 50
    found = statistics.mean(values)
    assert found == statistics.mean(values)
    assert found.value == 0.5
    # one standard error is 0.5 / sqrt(100)
    assert (found.low, found.high) == (pytest.approx(0.402, abs=0.015), pytest.approx(0.598, abs=0.015))
    middle = statistics.median([1.0, 2.0, 9.0, 2.0, 2.0])
    assert (middle.value, middle.count) == (2.0, 5)
    assert 1.0 <= middle.low <= 2.0 <= middle.high <= 9.0
    assert statistics.median([3.0]) == Estimate(3.0, 3.0, 3.0, 1)


def test_nothing_measured_says_so() -> None:
    share, mean, median = statistics.share([]), statistics.mean([]), statistics.median([])
    assert math.isnan(share.value)
    assert (share.low, share.high, share.count) == (0.0, 1.0, 0)
    for estimate in (mean, median):
        assert estimate.count == 0
        assert all(math.isnan(v) for v in (estimate.value, estimate.low, estimate.high))


def test_estimates_are_written_with_as_many_digits_as_they_need() -> None:
    assert str(Estimate(0.9, 0.85, 0.95, 1234)) == "0.900 [0.850, 0.950], n = 1,234"
    assert str(Estimate(12.34, 10.0, 15.06, 7)) == "12.3 [10.0, 15.1], n = 7"


# words

LOOKS = {"height": "tall", "build": "heavy", "hair": "bob", "top": "hoodie", "bottom": "shorts", "shoes": "boots"}
NAMES = {"top_colour": "red", "bottom_colour": "blue", "hair_colour": "black"}


def person() -> Person:
    return people.draw(np.random.default_rng(1), LOOKS, NAMES)


def said(*groups: str) -> Caption:
    return Caption("a prompt", frozenset(groups))


def judged(latent: np.ndarray, *groups: str) -> Tally:
    tally = Tally()
    caption = said(*groups)
    judge(tally, person(), caption, latent, caption.said)
    return tally


def chosen(vector: np.ndarray, **values: str) -> np.ndarray:
    out = vector.copy()
    for group, value in values.items():
        out[AT[group]] = 0.0
        out[AT[group].start + CATEGORIES[group].index(value)] = 1.0
    return out


def test_the_truth_is_right() -> None:
    tally = judged(person().vector, *LOOKS, *NAMES)
    assert all(all(hits) for hits in tally.right.values())
    assert all(0 < away < 5 for apart in tally.distance.values() for away in apart)  # dye varies a little
    assert len(tally.distance["garment colour"]) == 2  # hair is none
    assert tally.right["garment kind"] == [True, True, True]  # top, bottom, shoes
    assert tally.right["binding"] == [True]
    assert not tally.mistakes


def test_wrong_kinds_are_wrong() -> None:
    tally = judged(chosen(person().vector, top="jumper", hair="long"), "top", "bottom", "hair")
    assert tally.right["top"] == [False]
    assert tally.right["hair"] == [False]
    assert sorted(tally.right["garment kind"]) == [False, True]
    assert tally.mistakes == ["hair long, not bob: a prompt", "top jumper, not hoodie: a prompt"]


def test_what_was_not_said_is_not_judged() -> None:
    tally = judged(chosen(person().vector, top="jumper", shoes="heels"), "bottom")
    assert tally.right == {"bottom": [True], "garment kind": [True]}
    assert not tally.distance


def test_only_what_counts_is_judged() -> None:
    tally, caption = Tally(), said("top", "shoes")
    judge(tally, person(), caption, chosen(person().vector, top="jumper", shoes="heels"), frozenset({"shoes"}))
    assert tally.right == {"shoes": [False], "garment kind": [False]}


def test_orders_forgive_the_neighbour() -> None:
    for height, exact, order in (("tall", True, True), ("average", False, True), ("short", False, False)):
        tally = judged(chosen(person().vector, height=height), "height")
        assert (tally.right["height"], tally.right["height order"]) == ([exact], [order])
    tally = judged(chosen(person().vector, build="muscular"), "build")  # neither more nor less than heavy
    assert tally.right == {"build": [False]}


def test_colours_are_measured_and_named() -> None:
    white = replace(person(), colours={**person().colours, "top_colour": "white"})
    black = person().vector.copy()
    black[AT["top_colour"]] = 0.0
    tally, caption = Tally(), said("top_colour")
    judge(tally, white, caption, black, caption.said)
    assert tally.distance["top_colour"][0] > 90
    assert tally.distance["garment colour"] == tally.distance["top_colour"]
    assert tally.right["basic term top_colour"] == [False]
    crimson = person().vector.copy()
    crimson[AT["top_colour"]] = (0.75, 0.05, 0.1)
    tally = judged(crimson, "top_colour")
    assert tally.right["basic term garment colour"] == [True]
    assert 0 < tally.distance["top_colour"][0] < 15


def test_basic_terms_are_those_that_people_use() -> None:
    names = basic_terms.named()
    known = lab(np.array([rgb for _, rgb in names]))
    right = [basic_terms.of_cloth(colour, row) == names[row][0] for row, colour in enumerate(known)]
    prototypes = lab(np.array([colours.cloth()[term] for term in basic_terms.TERMS]))
    nearest = ciede2000(known[:, None], prototypes[None]).argmin(axis=1)
    naive = [basic_terms.TERMS[row] == term for row, (term, _) in zip(nearest, names, strict=True)]
    assert np.mean(right) > 0.9
    assert np.mean(naive) < 0.7
    told = {name: basic_terms.of_cloth(lab(np.array(rgb))) for name, rgb in colours.cloth().items()}
    assert [told[name] for name in ("pale green", "cerulean", "taupe", "navy")] == ["green", "blue", "brown", "blue"]
    assert told["ivory"] == "white"


def test_every_hair_colour_has_a_term_of_its_own() -> None:
    listed = [name for names in basic_terms.HAIR_TERMS.values() for name in names]
    assert sorted(listed) == sorted([*people.HAIRS, *people.DYES])
    for term, names in basic_terms.HAIR_TERMS.items():
        for name in names:
            assert basic_terms.of_hair(lab(np.array(people.rgb_of("hair_colour", name)))) == term


def test_swapped_colours_are_bound_wrong() -> None:
    truth = person().vector
    swapped = truth.copy()
    swapped[AT["top_colour"]], swapped[AT["bottom_colour"]] = truth[AT["bottom_colour"]], truth[AT["top_colour"]]
    tally = judged(swapped, "top_colour", "bottom_colour")
    assert tally.right["binding"] == [False]
    assert tally.mistakes == ["binding: a prompt"]
    both = truth.copy()
    both[AT["bottom_colour"]] = truth[AT["top_colour"]]
    assert judged(both, "top_colour", "bottom_colour").right["binding"] == [False], "one colour everywhere"
    assert "binding" not in judged(swapped, "top_colour").right


def test_a_wrong_colour_is_no_swapped_one() -> None:
    truth = person().vector
    off = truth.copy()
    off[AT["top_colour"]] = 0.45 * truth[AT["top_colour"]] + 0.55 * truth[AT["bottom_colour"]]
    right = judged(off, "top_colour", "bottom_colour").right
    assert right["binding"] == [True]
    assert right["binding, each by itself"] == [False]


def test_colours_that_are_alike_bind_nothing() -> None:
    alike = replace(person(), colours={**person().colours, "top_colour": "navy", "bottom_colour": "navy blue"})
    alike.vector[AT["top_colour"]] = people.rgb_of("top_colour", "navy")
    alike.vector[AT["bottom_colour"]] = people.rgb_of("bottom_colour", "navy blue")
    tally, caption = Tally(), said("top_colour", "bottom_colour")
    judge(tally, alike, caption, alike.vector, caption.said)
    assert "binding" not in tally.right


def test_tallies_are_estimated_by_name() -> None:
    estimates = judged(chosen(person().vector, top="jumper"), "top", "bottom", "top_colour").estimates()
    assert estimates["accuracy/top"].value == 0.0
    assert estimates["accuracy/garment kind"].value == 0.5
    assert estimates["colour/garment colour"].count == 1
    assert estimates["colour/garment colour"].value < 5


@pytest.mark.parametrize(("split", "chinese"), [("words", 0.0), ("phrasings", 1.0), ("combinations", 0.0)])
def test_a_clairvoyant_makes_no_mistakes(drawn, split: captions.Split, chinese: float) -> None:
    class Late(Clairvoyant):
        def begin(self, request: object) -> SimpleNamespace:
            self.latents = {caption.text: someone.vector for *_, someone, caption in drawn}
            return super().begin(request)

    tally = words.evaluate(Late({}), split, chinese, 15)
    assert [(s, c) for s, c, *_ in drawn] == [(split, chinese)] * 15
    assert not tally.mistakes
    counted = [caption.strange if split == "words" else caption.said for *_, caption in drawn]
    assert len(tally.right["top"]) == sum("top" in groups for groups in counted)
    assert sum(len(v) for k, v in tally.distance.items() if k.endswith("_colour")) > 0


# prompts written by hand


def test_prompts_by_hand_ask_for_what_there_is() -> None:
    texts = [prompt.text for prompt in by_hand.PROMPTS]
    assert len(texts) == len(set(texts)) >= 40
    assert sum(not text.isascii() for text in texts) >= 10
    asked = {(group, value) for prompt in by_hand.PROMPTS for group, value in prompt.values.items()}
    assert all(value in CATEGORIES[group] for group, value in asked)
    for group in ("top", "bottom", "headwear", "shoes"):
        values = {value for name, value in asked if name == group}
        assert len(values) >= 0.7 * len(CATEGORIES[group]), group
    for prompt in by_hand.PROMPTS:
        for group, name in prompt.colours.items():
            people.rgb_of(group, name, prompt.values.get("bottom", "trousers"))


def test_prompts_by_hand_are_judged() -> None:
    latents = {}
    rng = np.random.default_rng(4)
    for prompt in by_hand.PROMPTS:
        vector = people.draw(rng, prompt.values, prompt.colours).vector
        for group, name in prompt.colours.items():
            vector[AT[group]] = people.rgb_of(group, name, prompt.values.get("bottom", "trousers"))
        latents[prompt.text] = vector
    found, mistakes = by_hand.evaluate(Clairvoyant(latents))
    assert found["accuracy/written by hand"].value == 1.0
    assert found["colour/written by hand"].value == pytest.approx(0.0, abs=1e-3)
    assert not mistakes
    first = by_hand.PROMPTS[0]
    latents[first.text] = chosen(latents[first.text], hair="afro", top="sari")
    found, mistakes = by_hand.evaluate(Clairvoyant(latents), [first])
    assert found["accuracy/written by hand"].value == pytest.approx(1 - 2 / len(first.values))
    assert mistakes == [f"hair afro, not bald: {first.text}", f"top sari, not tshirt: {first.text}"]


# pictures


def test_psnr_by_hand() -> None:
    black = np.zeros((4, 4, 3), np.float32)
    assert fidelity.psnr(black, black + 1.0) == pytest.approx(0.0, abs=1e-6)
    assert fidelity.psnr(black, black + np.float32(0.1)) == pytest.approx(20.0, abs=1e-4)
    half = black.copy()
    half[:2] = 0.1  # half the error
    assert fidelity.psnr(black, half) == pytest.approx(20.0 + 10 * math.log10(2), abs=1e-4)
    assert fidelity.psnr(black, black) == pytest.approx(120.0)


class Painting:
    """A pipeline whose field is painted instead of learned: one person in a cap."""

    def __init__(self) -> None:
        self.figure = Figure.load(BUNDLE / "body.npz", BUNDLE / "accessories.npz")
        looks = {"sex": "male", "top": "tshirt", "bottom": "jeans", "headwear": "cap"}
        self.latent = people.draw(np.random.default_rng(3), looks).vector
        self.painted = Painter(BUNDLE / "body.npz").paint(self.latent)

    def begin(self, _request: object) -> SimpleNamespace:
        shape = self.figure.template.shape(*(self.latent[AT[name]] for name in ("phenotype", "ancestry", "face")))
        return SimpleNamespace(latent=self.latent, outfit=Outfit.of(SPEC, self.latent), shape=shape, planes={})

    def decode(self, job: SimpleNamespace, level: int) -> None:
        coarse = {shell: self.shrunk(planes, 2**level) for shell, planes in self.painted.items()}
        job.planes = self.figure.fitting.apply(self.figure.gutters.fill(coarse), job.outfit)

    @staticmethod
    def shrunk(planes: ShellPlanes, times: int) -> ShellPlanes:
        def mean(plane: np.ndarray) -> np.ndarray:
            size = plane.shape[-1] // times
            return plane.reshape(*plane.shape[:-2], size, times, size, times).mean((-3, -1)).astype(np.float32)

        regions, palette = logits(planes.regions), planes.palette.astype(np.float32)
        return ShellPlanes(mean(planes.level_set), mean(planes.edge), mean(regions), mean(planes.shade), palette)


def test_meshes_look_like_the_field_and_finer_ones_more_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "SIZE", (96, 128))
    found = fidelity.evaluate(Painting(), ["somebody"])
    assert list(found) == ["field", "level 3", "level 2", "level 1"]
    assert all(estimate.count == 1 for estimate in found.values())
    assert found["field"].value > 27.0
    assert found["level 1"].value > found["level 2"].value > found["level 3"].value > 18.0


def test_prompts_of_pictures_are_held_out_combinations(drawn) -> None:
    texts = retrieval.prompts(8)
    assert {(split, chinese) for split, chinese, *_ in drawn} == {("combinations", 0.0)}
    known = {caption.text: (someone, caption) for *_, someone, caption in drawn}
    for text in texts:
        someone, caption = known[text]
        assert captions.held_out_combination(dict(someone.values))
        assert len(caption.said) >= 5
        assert {"top", "top_colour"} <= caption.said
    assert len(set(texts)) == 8
    assert retrieval.prompts(8) == texts
    assert retrieval.prompts(8, seed=1) != texts


def test_r_precision_counts_whose_picture_finds_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight prompts; the pictures of the last two are taken for each other."""
    texts = [str(n) for n in range(8)]
    looks = [0, 1, 2, 3, 4, 5, 7, 6]

    class Tower:
        def run(self, _names: list[str], feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
            shade = round(float((feeds["pixels"][0, 0, 64, 64] + 1) * 127.5))
            return [np.eye(8, dtype=np.float32)[None, looks[shade // 10]]]

    pipeline = Clairvoyant(dict.fromkeys(texts, person().vector))
    pipeline.embed = lambda text: np.eye(8, dtype=np.float32)[int(text)]
    monkeypatch.setattr(retrieval.ort, "InferenceSession", lambda *_, **__: Tower())
    monkeypatch.setattr(retrieval, "front", lambda _, job: np.full((64, 64, 3), 10 * int(job.prompt), np.uint8))
    found = retrieval.r_precision(pipeline, Path("picture_tower.onnx"), texts)
    assert found["R-precision@1"].value == 6 / 8
    assert found["R-precision@5"].value == 1.0


def test_the_nearest_of_known_people() -> None:
    rng = np.random.default_rng(6)
    known = np.stack([people.sample(rng) for _ in range(20)])
    groups = sum(g.kind == "categorical" for g in attributes.GROUPS)
    odd = next(value for value in CATEGORIES["top"] if value != SPEC.describe(known[3])["top"])
    pipeline = Clairvoyant({"known": known[3], "nearly": chosen(known[3], top=odd)})
    assert variety.nearest(pipeline, ["known"], known).value == 1.0
    assert variety.nearest(pipeline, ["known", "nearly"], known).value == pytest.approx(1 - 0.5 / groups)


# the report


def test_what_was_not_measured_is_a_dash() -> None:
    assert report._shown(None) == "–"
    assert report._shown(statistics.mean([])) == "–"
    assert report._shown(Estimate(0.5, 0.4, 0.6, 10)) == "0.500 [0.400, 0.600], n = 10"


def test_tables_of_the_report() -> None:
    found = {(split, language): {} for split, _ in report.SPLITS for language in ("en", "zh")}
    found["words", "en"] = {"accuracy/garment kind": Estimate(0.95, 0.9, 0.97, 100)}
    found["words", "zh"] = {"accuracy/hair": Estimate(0.91, 0.9, 0.92, 50)}
    lines = report._targets(found)
    assert lines[2:4] == ["| what | target | English | Chinese |", "|---|---|---|---|"]
    assert "| words: garment kind | ≥ 0.92 | 0.950 [0.900, 0.970], n = 100 | – |" in lines
    assert "| words: hair | ≥ 0.92 | – | 0.910 [0.900, 0.920], n = 50 |" in lines
    assert "| words: garment colour | ≤ 12 | – | – |" in lines
    assert sum(line.startswith("| ") for line in lines) == 1 + len(report.TARGETS)
    lines = report._splits(found)
    assert [line for line in lines if line.startswith("## ")] == [f"## {s}: {t}" for s, t in report.SPLITS]
    assert "| accuracy/hair | – | 0.910 [0.900, 0.920], n = 50 |" in lines
    assert report._table("Title", {"a": Estimate(1.0, 1.0, 1.0, 3)}) == [
        "## Title", "", "| what | value |", "|---|---|", "| a | 1.000 [1.000, 1.000], n = 3 |", "",
    ]  # fmt: skip


def test_targets_name_what_is_measured() -> None:
    """A target whose name no tally uses would be a dash for ever."""
    everything = judged(person().vector, *CATEGORIES, *(g.name for g in attributes.GROUPS if g.kind == "colour"))
    measured = everything.estimates().keys()
    assert {name for _, name, _, _ in report.TARGETS} <= measured
    assert {split for split, *_ in report.TARGETS} <= {split for split, _ in report.SPLITS}


# the bundle that ships


@pytest.fixture(scope="module")
def pipeline() -> NeuralPipeline:
    return load(Config(bundle="embedded", threads=1), Metrics())


@baked
def test_the_bundle_does_what_prompts_by_hand_say(pipeline: NeuralPipeline) -> None:
    found, mistakes = by_hand.evaluate(pipeline)
    assert found["accuracy/written by hand"].value >= 0.93, "\n".join(mistakes)
    assert found["colour/written by hand"].value <= 12.0


@baked
def test_the_bundles_mesh_looks_like_its_field(pipeline: NeuralPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "SIZE", (96, 128))
    found = fidelity.evaluate(pipeline, ["a tall bald man in a red t-shirt and blue jeans"])
    assert found["field"].value > 25.0
    assert found["level 1"].value > found["level 3"].value > 17.0
