"""Encoders and fusion: losses by hand, what the flags mean, how weights are stored, and the models in the bundle."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image
from tokenizers import Tokenizer

import lodestream_bundle
from lodestream_server.encoders import preprocess
from lodestream_server.encoders.tokenize import MAX_TOKENS, PromptTokenizer

torch = pytest.importorskip("torch")

from lodestream_training.language import caption as captions  # noqa: E402
from lodestream_training.synth import attributes  # noqa: E402
from lodestream_training.towers import datasets, export, losses, restore  # noqa: E402
from lodestream_training.towers.fusion import FEATURES, Fusion  # noqa: E402
from lodestream_training.towers.text import POSITIONS, SHARED, WIDTH, TextTower  # noqa: E402

BUNDLE = Path(next(iter(lodestream_bundle.__path__)))
AT = attributes.slices()
MINUTES = {"text": 40.0, "features": 10.0, "clip": 5.0}
baked = pytest.mark.skipif(not (BUNDLE / "fusion.onnx").exists(), reason="the bundle's models are not baked")


def session(name: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(BUNDLE / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])


def test_lab_of_white_and_red() -> None:
    lab = losses.lab(torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(lab[0].numpy(), [100, 0, 0], atol=0.05)
    np.testing.assert_allclose(lab[1].numpy(), [53.24, 80.09, 67.20], atol=0.1)


def test_contrastive_loss_of_two_pairs() -> None:
    eye = torch.eye(2)
    expected = -math.log(math.exp(2) / (math.exp(2) + 1))
    assert losses.contrastive(eye, eye, torch.tensor(2.0)).item() == pytest.approx(expected)


def test_attribute_loss_is_least_for_the_truth() -> None:
    vector = torch.zeros(1, attributes.SIZE)
    for group in attributes.GROUPS:
        at = AT[group.name]
        vector[:, at] = 0.5 if group.kind != "categorical" else 0.0
        if group.kind == "categorical":
            vector[:, at.start] = 1.0
    sure = torch.where(vector == 1.0, 20.0, vector)
    weight = torch.ones_like(vector)
    colours = sum(group.kind == "colour" for group in attributes.GROUPS)
    # the distance is smoothed: sqrt(0 + 1) / 12 for each colour is all that is left
    assert losses.attribute_loss(sure, vector, weight).item() == pytest.approx(colours / 12, abs=1e-3)
    assert losses.attribute_loss(vector, vector, weight * 0).item() == 0.0


def test_categories_cost_their_cross_entropy_and_only_where_they_weigh() -> None:
    latent, target, weight = (torch.zeros(2, attributes.SIZE) for _ in range(3))
    for group in attributes.GROUPS:
        if group.kind == "categorical":
            target[:, AT[group.name].start] = 1.0
    tops = AT["top"]
    weight[0, tops] = 1.0
    # the first of two people, all tops alike likely: log(24) / 2
    expected = math.log(tops.stop - tops.start) / 2
    assert losses.attribute_loss(latent, target, weight).item() == pytest.approx(expected, rel=1e-5)
    latent[0, tops.start] = 2.0
    assert losses.attribute_loss(latent, target, weight).item() < expected


@baked
def test_batches_hold_what_captions_say() -> None:
    tokenizer = Tokenizer.from_file(str(BUNDLE / "tokenizer.json"))
    rng = np.random.default_rng(3)
    drawn = [captions.draw(rng) for _ in range(6)]
    texts = datasets.texts_of(tokenizer, drawn)
    assert texts.input_ids.shape == texts.attention_mask.shape
    for row, (person, caption) in enumerate(drawn):
        np.testing.assert_array_equal(texts.target[row], person.vector)
        for group in attributes.GROUPS:
            if group.kind in ("categorical", "colour"):
                wanted = float(group.name in caption.said)
                assert (texts.said[row, AT[group.name]] == wanted).all(), group.name
        gender = texts.said[row, AT["phenotype"].start]
        assert gender == float("sex" in caption.said)
    weights = texts.weight()
    np.testing.assert_allclose(weights.unique(), [datasets.UNSAID, 1.0], rtol=1e-6)
    assert torch.equal(weights == 1.0, texts.said == 1.0)


@baked
def test_long_captions_keep_their_end_mark() -> None:
    tokenizer = Tokenizer.from_file(str(BUNDLE / "tokenizer.json"))
    short, long = "a man", "a very " + "tall " * 190 + "man"
    ids, mask = datasets.encode(tokenizer, [short, long])
    assert ids.shape == (2, POSITIONS)
    assert mask.sum(1).tolist() == [len(tokenizer.encode(short).ids), POSITIONS]
    end = tokenizer.encode(short).ids[-1]
    assert ids[1, -1] == end
    assert (ids[0][mask[0] == 0] == 0).all()


def test_padding_changes_nothing_a_text_tower_says() -> None:
    torch.manual_seed(0)
    tower = TextTower(100).eval()
    ids = torch.randint(5, 100, (1, 7))
    longer = torch.cat((ids, torch.zeros(1, 4, dtype=torch.int64)), dim=1)
    mask = torch.tensor([[1] * 7 + [0] * 4])
    with torch.inference_mode():
        states, embedding = tower(ids, torch.ones_like(ids))
        padded_states, padded_embedding = tower(longer, mask)
    np.testing.assert_allclose(padded_states[:, :7], states, atol=1e-5)
    np.testing.assert_allclose(padded_embedding, embedding, atol=1e-5)
    assert embedding.norm(dim=1).item() == pytest.approx(1.0, abs=1e-5)


def test_fusion_is_deaf_without_text_and_blind_without_picture() -> None:
    torch.manual_seed(1)
    fusion = Fusion().eval()
    mask, one, none = torch.ones(1, 5, dtype=torch.int64), torch.ones(1, 1), torch.zeros(1, 1)
    first, second = torch.randn(2, 1, 5, WIDTH)
    shown, other = torch.randn(2, 1, FEATURES)
    with torch.inference_mode():
        assert torch.equal(fusion(first, mask, shown, none, one), fusion(second, mask, shown, none, one))
        assert torch.equal(fusion(first, mask, shown, one, none), fusion(first, mask, other, one, none))
        assert not torch.equal(fusion(first, mask, shown, one, one), fusion(second, mask, shown, one, one))
        latent = fusion(first, mask, shown, one, one)[0]
        explained, said = fusion.explain(first, mask, shown, one, one)
    assert torch.equal(explained[0], latent)
    assert said.shape == (1, attributes.SIZE)
    for group in attributes.GROUPS:
        part = latent[AT[group.name]]
        if group.kind in ("colour", "phenotype"):
            assert ((part >= 0) & (part <= 1)).all()
        elif group.kind == "noise":
            assert (part == 0).all()


def test_stored_weights_are_within_half_a_step() -> None:
    weights = np.random.default_rng(2).normal(size=(40, 30)).astype(np.float32) * np.linspace(0.1, 3, 30)
    codes, scale = export.quantised(weights.astype(np.float32))
    assert codes.dtype == np.int8
    assert scale.shape == (1, 30)  # columns differ in size, so they get the scales
    assert (np.abs(codes * scale - weights) <= scale / 2 + 1e-6).all()


def test_pictures_are_padded_with_their_corners() -> None:
    picture = Image.new("RGB", (50, 100), (10, 200, 30))
    pixels = preprocess.pixels(picture)
    assert pixels.shape == (3, preprocess.SIZE, preprocess.SIZE)
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels[:, 0, 0], np.array([10, 200, 30]) / 127.5 - 1, atol=1e-6)


@baked
def test_prompts_are_tokenised_in_both_languages() -> None:
    tokenizer = PromptTokenizer(BUNDLE / "tokenizer.json")
    ids, mask = tokenizer.encode_batch(["a red t-shirt", "红色T恤"])
    assert ids.dtype == mask.dtype == np.int64
    assert ids.shape == mask.shape
    assert (ids[mask == 0] == 0).all()
    assert tokenizer.encode("word " * 200)[0].shape == (1, MAX_TOKENS)
    unknown = tokenizer.encode("一个高个子光头男人")[0]
    assert 1 not in unknown


@baked
def test_text_models_take_any_batch_and_length() -> None:
    tokenizer, text, fusion = PromptTokenizer(BUNDLE / "tokenizer.json"), session("text_tower"), session("fusion")
    for texts in (["man"], ["a tall woman in a green dress", "a boy", "an old man with a white beard and a hat"]):
        ids, mask = tokenizer.encode_batch(texts)
        states, embedding = text.run(None, {"input_ids": ids, "attention_mask": mask})
        assert states.shape == (*ids.shape, WIDTH)
        assert embedding.shape == (len(texts), SHARED)
        np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1.0, atol=1e-4)
        flags = np.ones((len(texts), 1), np.float32)
        blank = np.zeros((len(texts), FEATURES), np.float32)
        feeds = {"token_states": states, "attention_mask": mask, "features": blank,
                 "has_text": flags, "has_picture": 0 * flags}  # fmt: skip
        assert fusion.run(None, feeds)[0].shape == (len(texts), attributes.SIZE)


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("towers")
    restore.restore(BUNDLE, folder, MINUTES)
    return folder


@baked
def test_training_goes_on_from_what_the_bundle_holds(restored: Path) -> None:
    _, words = export.load_words(restored)
    models = {"text_tower": words.tower, "picture_tower": export.Seen(export.load_clip(restored, words.tower)),
              "fusion": export.Fused(words.fusion)}  # fmt: skip
    for name, example in export.examples().items():
        with torch.inference_mode():
            made = models[name].eval()(*example.inputs.values())
        stored = session(name).run(None, {key: value.numpy() for key, value in example.inputs.items()})
        for ours, theirs in zip(made, stored, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert torch.load(restored / "text.pt", weights_only=True)["spent"] == 2400.0


@baked
def test_checkpoints_are_not_written_over(restored: Path) -> None:
    with pytest.raises(FileExistsError, match="another folder"):
        restore.restore(BUNDLE, restored, MINUTES)


@baked
def test_a_network_of_another_model_is_not_restored() -> None:
    with pytest.raises(ValueError, match=r"text_tower.onnx was not exported from this model"):
        restore.fill(TextTower(100), BUNDLE / "text_tower.onnx", export.examples()["text_tower"])


@baked
def test_words_win_over_the_picture_that_is_shown() -> None:
    """Whatever picture of the gallery comes with it, what is said is done; what is not said may follow the picture."""
    tokenizer, text, fusion = PromptTokenizer(BUNDLE / "tokenizer.json"), session("text_tower"), session("fusion")
    with np.load(BUNDLE / "gallery.npz") as gallery:
        embeddings, features = gallery["embeddings"], gallery["features"]
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-4)
    ids, mask = tokenizer.encode("a tall bald man in a red t-shirt and blue jeans")
    states, _ = text.run(None, {"input_ids": ids, "attention_mask": mask})
    asked = {"sex": "male", "hair": "bald", "height": "tall", "top": "tshirt", "bottom": "jeans"}
    one = np.ones((1, 1), np.float32)
    right, looks = [], set()
    for shown in features[:: max(1, len(features) // 16)].astype(np.float32):
        feeds = {"token_states": states, "attention_mask": mask, "features": shown[None],
                 "has_text": one, "has_picture": one}  # fmt: skip
        latent = fusion.run(None, feeds)[0][0]
        said = {
            g.name: g.values[int(latent[AT[g.name]].argmax())] for g in attributes.GROUPS if g.kind == "categorical"
        }
        right += [said[name] == value for name, value in asked.items()]
        looks.add(tuple(said.values()))
    assert np.mean(right) >= 0.95
    assert len(looks) > 1, "pictures fill in what is not said"


@baked
def test_pictures_have_embeddings_and_features() -> None:
    pixels = np.zeros((3, 3, preprocess.SIZE, preprocess.SIZE), np.float32)
    embedding, features = session("picture_tower").run(None, {"pixels": pixels})
    assert (embedding.shape, features.shape) == ((3, SHARED), (3, FEATURES))


@baked
def test_exported_fusion_hears_no_words_and_sees_no_picture_that_are_not_there() -> None:
    fusion, rng = session("fusion"), np.random.default_rng(3)

    def fused(text: float, picture: float) -> tuple[np.ndarray, np.ndarray]:
        feeds = {
            "token_states": rng.normal(size=(1, 5, 384)).astype(np.float32),
            "attention_mask": np.ones((1, 5), np.int64),
            "features": features if text == 0 else rng.normal(size=(1, FEATURES)).astype(np.float32),
            "has_text": np.full((1, 1), text, np.float32),
            "has_picture": np.full((1, 1), picture, np.float32),
        }
        if text:
            feeds["token_states"] = states
        latent, said = fusion.run(["latent", "said"], feeds)
        return latent, said

    features = rng.normal(size=(1, FEATURES)).astype(np.float32)
    states = rng.normal(size=(1, 5, 384)).astype(np.float32)
    np.testing.assert_allclose(fused(0.0, 1.0)[0], fused(0.0, 1.0)[0], atol=1e-4)  # other words, the same picture
    np.testing.assert_allclose(fused(1.0, 0.0)[0], fused(1.0, 0.0)[0], atol=1e-4)  # another picture, the same words
    assert fused(0.0, 1.0)[1].max() == 0.0
    assert np.abs(fused(1.0, 1.0)[0] - fused(1.0, 0.0)[0]).max() > 0.1
