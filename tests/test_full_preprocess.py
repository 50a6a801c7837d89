"""Pictures for real towers, without torch: as CLIP's and timm's own transforms make them; without a table as before."""

from __future__ import annotations

import hashlib
import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from lodestream_server.encoders import preprocess
from lodestream_server.encoders.picture import PictureEncoder, open_picture
from lodestream_server.encoders.preprocess import PictureFormat
from lodestream_server.errors import BundleError

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
CLIP = PictureFormat(224, CLIP_MEAN, CLIP_STD, "bicubic", "centre")
SIZES = [(224, 224), (128, 128), (640, 480), (333, 517), (500, 251), (100, 130), (225, 458), (1000, 125)]


def picture(size, seed=0):
    """Blobs and grain: smooth as photographs are, with edges."""
    width, height = size
    rng = np.random.default_rng(seed)
    blobs = Image.fromarray(rng.integers(0, 256, (height // 9 + 2, width // 9 + 2, 3), dtype=np.uint8))
    rgb = np.asarray(blobs.resize(size, Image.Resampling.BILINEAR), np.int16) + rng.integers(-9, 10, (height, width, 3))
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def processors():
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from lodestream_training.torch_compat import import_timm

    import_timm()
    from transformers import CLIPImageProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    return CLIPImageProcessorPil(), CLIPImageProcessor()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_as_clips_own_processor(processors, size):
    exact, fast = (p(picture(size), return_tensors="np")["pixel_values"][0] for p in processors)
    pixels = preprocess.pixels(picture(size), CLIP)
    assert pixels.dtype == np.float32
    assert pixels.shape == exact.shape == (3, 224, 224)
    np.testing.assert_allclose(pixels, exact, rtol=0, atol=1e-6)  # largest: 4.8e-7
    # torchvision resizes by itself: two grey levels of 255 at most, next to none on average
    np.testing.assert_allclose(pixels, fast, rtol=0, atol=2.01 / 255 / min(CLIP_STD))
    assert np.abs(pixels - fast).mean() < 5e-3


@pytest.mark.parametrize("size", [size for size in SIZES if size not in {(333, 517), (100, 130), (225, 458)}], ids=str)
def test_as_timms_own_transform(processors, size):  # noqa: ARG001 (it makes timm importable)
    """With an even number of pixels to cut off; with an odd one timm and CLIP themselves may differ by one."""
    from timm.data import create_transform

    transform = create_transform((3, 224, 224), interpolation="bicubic", mean=(0.5,) * 3, std=(0.5,) * 3, crop_pct=1.0)
    pixels = preprocess.pixels(picture(size), PictureFormat(224, crop="centre"))
    np.testing.assert_allclose(pixels, transform(picture(size)).numpy(), rtol=0, atol=1e-6)  # largest: 0


def test_one_tensor_for_both_towers(processors):
    """CLIP's pixels, scaled inside of the picture tower, are the ViT's."""
    assert processors
    import torch

    from lodestream_training.full.towers import PictureTower

    class Clip:
        vision_model = visual_projection = torch.nn.Identity()

    tower = PictureTower(Clip, torch.nn.Identity(), CLIP, PictureFormat(224))
    pixels = preprocess.pixels(picture((300, 224)), CLIP)
    made = torch.from_numpy(pixels) * tower.gain + tower.shift
    wanted = preprocess.pixels(picture((300, 224)), PictureFormat(224, crop="centre"))
    np.testing.assert_allclose(made.numpy(), wanted, rtol=0, atol=1e-6)


def test_without_a_table_pixels_are_what_they_were():
    """Hashes of what the code before the table gave."""
    digest = hashlib.sha256()
    for size in ((128, 128), (300, 500), (77, 40), (1000, 125)):
        digest.update(preprocess.pixels(picture(size), PictureFormat(128, crop="pad")).tobytes())
    rgb = np.arange(128 * 128 * 3, dtype=np.uint32).astype(np.uint8).reshape(128, 128, 3)
    np.testing.assert_array_equal(
        preprocess.scaled(rgb), rgb.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - np.float32(1.0)
    )
    assert PictureFormat.from_manifest({}) == PictureFormat() == preprocess.EMBEDDED
    assert digest.hexdigest() == "d8017c09bc058f16396f625e564cf3a5d2ba87c1987374f580e23ac84a486d24"


def test_padding_shows_the_whole_picture():
    tall = Image.new("RGB", (50, 100), (10, 200, 30))
    tall.paste((255, 0, 0), (20, 0, 30, 4))  # a head
    seen = preprocess.pixels(tall, PictureFormat(224, CLIP_MEAN, CLIP_STD, crop="pad"))
    rgb = seen * np.array(CLIP_STD)[:, None, None] + np.array(CLIP_MEAN)[:, None, None]
    np.testing.assert_allclose(rgb[:, 112, 3] * 255, [10, 200, 30], atol=0.01)
    assert rgb[0, 2, 112] > 0.9
    cut = preprocess.pixels(tall, CLIP) * np.array(CLIP_STD)[:, None, None] + np.array(CLIP_MEAN)[:, None, None]
    assert cut[0].max() < 0.1


def test_a_figure_before_a_plain_ground_fills_the_square():
    rng = np.random.default_rng(4)
    coat = Image.fromarray(rng.integers(60, 200, (80, 30, 3), dtype=np.uint8)).resize((90, 240))
    seen = []
    for size, place in (((258, 258), (84, 9)), ((900, 700), (40, 400)), ((300, 2000), (150, 0))):
        whole = Image.new("RGB", size, (250, 250, 250))
        whole.paste(coat, place)
        seen.append(preprocess.pixels(whole))
        rows = np.flatnonzero(np.ptp(seen[-1][0], axis=1) > 0.3)
        assert abs(len(rows) / preprocess.SIZE - preprocess.FILLED) < 0.03
    np.testing.assert_allclose(seen[0], seen[1], atol=0.3)
    assert np.abs(seen[0] - seen[1]).mean() < 0.02


def test_a_ground_that_is_not_plain_is_shown():
    slope = np.linspace(0, 255, 90).astype(np.uint8)[:, None, None].repeat(60, 1).repeat(3, 2)
    np.testing.assert_array_equal(
        preprocess.pixels(Image.fromarray(slope)), preprocess.pixels(Image.fromarray(slope), PictureFormat(crop="pad"))
    )
    blank = Image.new("RGB", (40, 30), (1, 2, 3))
    np.testing.assert_array_equal(preprocess.pixels(blank), preprocess.pixels(blank, PictureFormat(crop="pad")))


@pytest.mark.parametrize("crop", preprocess.CROPS)
@pytest.mark.parametrize("size", [(1, 200_000), (200_000, 1), (3, 9000)], ids=str)
def test_a_thread_of_a_picture_takes_no_memory(size, crop):
    tracemalloc.start()
    pixels = preprocess.pixels(Image.new("RGB", size, (255, 255, 255)), PictureFormat(224, crop=crop))
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()
    np.testing.assert_allclose(pixels, 1.0, atol=1e-6)


def test_resampling_is_the_one_that_is_asked_for():
    for name in preprocess.RESAMPLINGS:
        made = preprocess.pixels(picture((64, 64)), PictureFormat(224, resampling=name))
        wanted = picture((64, 64)).resize((224, 224), Image.Resampling[name.upper()])
        np.testing.assert_array_equal(made, preprocess.scaled(np.asarray(wanted)))


def test_the_encoder_sees_what_its_format_says():
    class Session:
        inputs, outputs = ("pixels",), ("embedding", "features")

        def run(self, feeds):
            return {"features": feeds["pixels"].reshape(1, -1)}

    seen = PictureEncoder(Session(), CLIP).encode(picture((300, 400)))
    np.testing.assert_array_equal(seen, preprocess.pixels(picture((300, 400)), CLIP).reshape(-1))
    assert PictureEncoder(Session(), CLIP).size == 224
    assert PictureEncoder(Session()).size == preprocess.SIZE


def test_jpegs_are_decoded_as_large_as_needed():
    file = io.BytesIO()
    picture((2400, 1600)).save(file, "JPEG")
    assert open_picture(file.getvalue(), 128).size == (600, 400)
    assert open_picture(file.getvalue(), 224).size == (1200, 800)


@pytest.mark.parametrize(
    "table",
    [{"size": 0}, {"size": "224"}, {"mean": [0.5]}, {"mean": 0.5}, {"std": [0, 1, 1]}, {"std": ["a", 1, 1]},
     {"resampling": "magic"}, {"crop": "corner"}, {"crops": "pad"}, [1], 224],
    ids=str,
)  # fmt: skip
def test_a_wrong_table_is_named(table):
    with pytest.raises(BundleError, match=r"encoders\.picture"):
        PictureFormat.from_manifest({"picture": table})
