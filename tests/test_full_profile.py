"""The full profile: frozen towers as transformers and timm have them, and bundles of them that the server serves."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import rtx_support
from clip_files import bert_folder, bpe_folder
from rpc_support import environ

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from lodestream_server import cli as server_cli  # noqa: E402
from lodestream_server.bundle import embedded  # noqa: E402
from lodestream_server.encoders import preprocess  # noqa: E402
from lodestream_server.encoders.tokenize import PromptTokenizer, TextFormat  # noqa: E402
from lodestream_training import cli  # noqa: E402
from lodestream_training.full import bundle, profile, towers, train  # noqa: E402
from lodestream_training.language import caption as captions  # noqa: E402
from lodestream_training.synth import attributes  # noqa: E402
from lodestream_training.torch_compat import import_timm  # noqa: E402
from lodestream_training.towers.fusion import FEATURES, TOKEN_WIDTH, Fusion  # noqa: E402

timm = import_timm()
import transformers  # noqa: E402

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
#: Serves one prompt in a process of its own and says what came of it.
SERVE = """
import json, sys
from lodestream_server.config import Config
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline import loading
from lodestream_server.pipeline.request import AvatarRequest
pipeline = loading.load(Config(bundle=sys.argv[1], threads=1), Metrics())
job = pipeline.begin(AvatarRequest(sys.argv[2]))
made = pipeline.level(job, 3)
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "transformers", "timm"})
print(json.dumps([pipeline.bundle, job.match.id, made.triangles, made.glb[:4].decode(), len(made.glb), heavy]))
"""


def said(chinese):
    rng = np.random.default_rng(1)
    return [captions.draw(rng, chinese=chinese)[1].text for _ in range(300)]


def serve(folder, prompt):
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(folder), prompt], capture_output=True, text=True, env=environ(), check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory):
    """A small CLIP as the hub would have it."""
    folder = bpe_folder(tmp_path_factory.mktemp("clip"), said(0.0))
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    torch.manual_seed(2)
    words = {**SMALL, "vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id,
             "bos_token_id": tokenizer.bos_token_id, "pad_token_id": tokenizer.pad_token_id}  # fmt: skip
    config = transformers.CLIPConfig(text_config=words, vision_config=SMALL, projection_dim=24)
    transformers.CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.CLIPImageProcessor().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def chinese_folder(tmp_path_factory):
    """A small Chinese CLIP as the hub would have it."""
    folder = bert_folder(tmp_path_factory.mktemp("chinese"), said(0.8))
    tokenizer = transformers.BertTokenizer.from_pretrained(folder)
    torch.manual_seed(3)
    words = {**SMALL, "vocab_size": len(tokenizer), "max_position_embeddings": 512}
    config = transformers.ChineseCLIPConfig(text_config=words, vision_config=SMALL, projection_dim=24)
    transformers.ChineseCLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.ChineseCLIPImageProcessor().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def vit_folder(tmp_path_factory):
    """A small ViT/16 as timm keeps it."""
    folder = tmp_path_factory.mktemp("vit")
    torch.manual_seed(4)
    vit = timm.create_model("vit_tiny_patch16_224", pretrained=False, num_classes=0)
    timm.models.save_for_hf(vit, folder, model_config={"num_classes": 0})
    return folder


@pytest.fixture(scope="module")
def loaded(clip_folder, vit_folder):
    return towers.load(str(clip_folder), str(vit_folder))


@pytest.fixture
def scratch(tmp_path):
    """A folder that is gone afterwards: bundles of real size take a gigabyte."""
    yield tmp_path
    shutil.rmtree(tmp_path)


def tokenised(frozen, tmp_path, texts):
    frozen.tokenizer.save(str(tmp_path / "tokenizer.json"))
    return PromptTokenizer(tmp_path / "tokenizer.json", frozen.texts).encode_batch(texts)


def test_words_are_what_clip_makes_of_them(loaded, clip_folder, tmp_path):
    clip = transformers.CLIPModel.from_pretrained(clip_folder).eval()
    texts = ["a man", "An OLD woman in a long red dress & white shoes", "x " * 90]
    ids, mask = tokenised(loaded, tmp_path, texts)
    theirs = transformers.CLIPTokenizer.from_pretrained(clip_folder)
    fed = theirs(texts, padding=True, truncation=True, max_length=77, return_tensors="pt")
    assert ids.shape == (3, 77) == tuple(fed["input_ids"].shape)
    with torch.inference_mode():
        out = clip.get_text_features(**fed)
    states, embedding = loaded.read(ids, mask)
    wanted = torch.nn.functional.normalize(out.pooler_output, dim=-1)
    np.testing.assert_allclose(embedding.cpu(), wanted, atol=1e-5)
    np.testing.assert_allclose(states.cpu()[mask == 1], out.last_hidden_state[mask == 1], atol=1e-5)


def test_chinese_words_are_what_chinese_clip_makes_of_them(chinese_folder, vit_folder, tmp_path):
    frozen = towers.load(str(chinese_folder), str(vit_folder), chinese=True)
    assert frozen.texts == TextFormat(towers.LONGEST, 0)
    assert frozen.chinese > 0.5
    clip = transformers.ChineseCLIPModel.from_pretrained(chinese_folder).eval()
    texts = ["一位穿着红色连衣裙的女士", "高个子光头男人，蓝色牛仔裤", "a man in a red shirt"]
    ids, mask = tokenised(frozen, tmp_path, texts)
    fed = transformers.BertTokenizer.from_pretrained(chinese_folder)(texts, padding=True, return_tensors="pt")
    np.testing.assert_array_equal(ids, fed["input_ids"])
    assert 1 not in ids[:2]  # every character is known
    with torch.inference_mode():
        out = clip.get_text_features(input_ids=fed["input_ids"], attention_mask=fed["attention_mask"])
    states, embedding = frozen.read(ids, mask)
    wanted = torch.nn.functional.normalize(out.pooler_output, dim=-1)
    np.testing.assert_allclose(embedding.cpu(), wanted, atol=1e-5)
    np.testing.assert_allclose(states.cpu()[mask == 1], out.last_hidden_state[mask == 1], atol=1e-5)


def test_one_picture_is_seen_as_clip_and_the_vit_want_it(loaded, clip_folder, vit_folder):
    from PIL import Image
    from timm.data import create_transform

    rgb = np.random.default_rng(5).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    picture = Image.fromarray(rgb)
    embedding, features = loaded.look(preprocess.pixels(picture, loaded.pictures)[None])
    clip = transformers.CLIPModel.from_pretrained(clip_folder).eval()
    processor = transformers.CLIPImageProcessor.from_pretrained(clip_folder)
    vit = timm.create_model(f"local-dir:{vit_folder}", pretrained=True).eval()
    transform = create_transform((3, 224, 224), interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3, crop_pct=1.0)
    with torch.inference_mode():
        seen = clip.get_image_features(**processor(picture, return_tensors="pt")).pooler_output
        np.testing.assert_allclose(embedding, torch.nn.functional.normalize(seen, dim=-1), atol=1e-5)
        np.testing.assert_allclose(features, vit(transform(picture)[None]), atol=1e-4)


def test_frozen_is_frozen_and_other_weights_are_told_apart(loaded, chinese_folder, vit_folder):
    for tower in (loaded.text, loaded.picture):
        assert not any(parameter.requires_grad for parameter in tower.parameters())
        assert not tower.training
    other = towers.load(str(chinese_folder), str(vit_folder), chinese=True)
    assert len({loaded.fingerprint(), loaded.fingerprint(), other.fingerprint()}) == 2
    assert loaded.sources[0] not in ("", str(chinese_folder.parent))
    assert "/" not in loaded.sources[0]


def test_fusion_of_other_widths_and_of_old_checkpoints():
    torch.manual_seed(0)
    fusion = Fusion(512, 768).eval()
    mask, one = torch.ones(2, 4, dtype=torch.int64), torch.ones(2, 1)
    with torch.inference_mode():
        assert fusion(torch.randn(2, 4, 512), mask, torch.randn(2, 768), one, one).shape == (2, attributes.SIZE)
    shapes = {name: tuple(tensor.shape) for name, tensor in Fusion().state_dict().items()}
    assert shapes["memory.weight"][1] == TOKEN_WIDTH == 384
    assert shapes["look.weight"][1] == FEATURES == 192
    Fusion(TOKEN_WIDTH, FEATURES).load_state_dict(Fusion().state_dict())


def test_a_field_for_another_latent_is_refused(tmp_path):
    manifest = json.loads((embedded() / "manifest.json").read_text("utf-8"))
    manifest["latent"][0]["values"] = ["other"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ValueError, match="another latent"):
        bundle.take_over(tmp_path, tmp_path / "new")


def test_the_embedded_bundle_is_not_the_default_target(monkeypatch, tmp_path):
    """Without --bundle the full profile writes beside its work, whichever CLIP it is."""
    asked = []
    monkeypatch.setattr(towers, "load", lambda clip, vit, *, chinese: asked.append((clip, vit, chinese)))
    monkeypatch.setattr(profile, "run", lambda *given: asked.append(given[1:]))
    for extra in ([], ["--chinese-clip", "some/chinese"], ["--clip", "my", "--vit", "own", "--minutes", "3"]):
        assert cli.main(["--work", str(tmp_path), "run", "--profile", "full", "--steps", "9", *extra]) == 0
    assert asked[0] == ("openai/clip-vit-base-patch32", "vit_base_patch16_224", False)
    assert asked[1] == (embedded(), tmp_path, tmp_path / "bundle-full", profile.Plan(150.0, 9))
    assert asked[2] == ("some/chinese", "vit_base_patch16_224", True)
    assert asked[4] == ("my", "own", False)
    assert asked[5][3] == profile.Plan(3.0, 9)


@pytest.mark.slow
def test_chinese_from_the_command_line_to_an_avatar(chinese_folder, vit_folder, scratch, monkeypatch):
    monkeypatch.setattr(train, "BATCH", 6)
    made = scratch / "bundle"
    command = ["--bundle", str(made), "--work", str(scratch), "run", "--profile", "full", "--chinese-clip",
               str(chinese_folder), "--vit", str(vit_folder), "--count", "6", "--gallery", "5"]  # fmt: skip
    assert cli.main([*command, "--minutes", "5", "--steps", "2"]) == 0
    checkpoint = next(scratch.glob("full-*/fusion.pt"))
    assert torch.load(checkpoint, weights_only=True)["step"] == 2
    name, match, triangles, magic, size, heavy = serve(made, "一位穿着红色连衣裙的女士")
    assert name.startswith("full-chinese-1+")
    assert match in {f"p{index:03d}" for index in range(5)}
    assert (magic, heavy) == ("glTF", [])
    assert 0 < triangles <= 1500
    assert size <= 60_000


@pytest.mark.slow
def test_real_sizes_from_captions_to_an_avatar(scratch, monkeypatch, capsys):
    """CLIP ViT-B/32 and ViT-B/16 as large as the real ones, weights drawn at random; plans where they can be built."""
    monkeypatch.setattr(train, "BATCH", 6)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(bpe_folder(scratch, said(0.0)))
    torch.manual_seed(6)
    clip = transformers.CLIPModel(transformers.CLIPConfig())
    vit = timm.create_model("vit_base_patch16_224", pretrained=False, num_classes=0)
    frozen = towers.assemble(clip, tokenizer, transformers.CLIPImageProcessor(), vit, ("CLIP", "ViT"))
    made = scratch / "bundle"
    path = profile.run(frozen, embedded(), scratch, made, profile.Plan(5.0, steps=2, people=6, gallery=5))
    manifest = json.loads(path.read_text("utf-8"))
    assert manifest["encoders"]["text"] == {"max_tokens": 77, "pad_id": tokenizer.pad_token_id}
    assert manifest["encoders"]["picture"]["size"] == 224
    shapes = manifest["tensors"]
    assert shapes["text_tower"]["outputs"] == {"token_states": ["batch", "length", 512], "embedding": ["batch", 512]}
    assert shapes["picture_tower"]["outputs"] == {"embedding": ["batch", 512], "features": ["batch", 768]}
    assert shapes["fusion"]["outputs"]["latent"] == ["batch", attributes.SIZE]
    with np.load(made / "gallery.npz") as arrays:
        assert arrays["embeddings"].shape == (5, 512)
        np.testing.assert_allclose(np.linalg.norm(arrays["embeddings"], axis=1), 1.0, atol=1e-5)
        assert arrays["features"].shape == (5, 768)
    name, match, triangles, magic, size, heavy = serve(made, "a tall bald man in a red t-shirt and blue jeans")
    assert name.startswith("full-1+")
    assert match in {f"p{index:03d}" for index in range(5)}
    assert (magic, heavy) == ("glTF", [])
    assert 0 < triangles <= 1500
    assert size <= 60_000
    if rtx_support.INSTALLED:
        capsys.readouterr()
        target = ["--compute-capability", "SM120", "--out", str(scratch / "plans")]
        command = ["compile", "--engine", "tensorrt-rtx", "--profile", "full", "--bundle", str(made), *target]
        assert server_cli.main(command) == 0
        built = {line["model"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
        assert built.keys() == {path.stem for path in made.glob("*.onnx")}
        assert built["picture_tower"]["bytes"] > 3e8  # two towers in half precision
