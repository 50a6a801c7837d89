"""The trainer's side of the field: twins of the server's formulas, windows, targets, export of weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

import lodestream_bundle
from lodestream_server.body.template import BodyTemplate
from lodestream_server.field import planes as field
from lodestream_server.field import volume
from lodestream_server.field.camera import Camera
from lodestream_server.field.decoder import unpack
from lodestream_training.field import export, losses, maps, photometric, states, wardrobe
from lodestream_training.field.decoder import SHELLS, Decoder, Wardrobe, draw_windows
from lodestream_training.field.targets import People
from lodestream_training.synth import attributes, people
from lodestream_training.synth.painter import Painter, logits

BODY = Path(lodestream_bundle.__file__).parent / "body.npz"


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(BODY)


@pytest.fixture(scope="module")
def decoder(painter: Painter) -> Decoder:
    torch.manual_seed(0)
    return Decoder(maps.initial(painter))


def test_density_is_the_servers() -> None:
    rng = np.random.default_rng(0)
    args = [rng.normal(0, 0.004, 200).astype(np.float32) for _ in range(3)]
    theirs = photometric.density(*(torch.tensor(a) for a in args)).numpy()
    np.testing.assert_allclose(theirs, field.density(*args), rtol=1e-4, atol=1e-3)


def test_rays_are_the_servers(painter: Painter) -> None:
    template = BodyTemplate.load(BODY)
    a = people.sample(np.random.default_rng(3))
    slices = attributes.slices()
    shape = template.shape(*(a[slices[name]] for name in ("phenotype", "ancestry", "face")))
    raw = {
        s: np.concatenate(
            [np.stack([p.level_set / field.HEIGHT_SCALE, p.edge / field.EDGE_SCALE, (p.shade - 1) / field.SHADE_RANGE]),
             logits(p.regions)]
        )
        for s, p in painter.paint(a).items()
    }  # fmt: skip
    palettes = {s: p.palette for s, p in painter.paint(a).items()}
    planes = {s: unpack(r, palettes[s]) for s, r in raw.items()}
    size = 40
    samples = volume.trace(template, shape, planes, Camera.look(20, 5, (0, 0.1, 0), 2.0), size, size, level=2)
    tensors = {s: torch.tensor(r) for s, r in raw.items()}
    ours = photometric.render(tensors, {s: torch.tensor(p) for s, p in palettes.items()}, samples, size**2).numpy()
    pixel = np.concatenate([s.pixel for s in samples])

    def tau_of(s: volume.Samples) -> np.ndarray:
        own = planes[s.shell]
        sigma = field.density(field.sample(own.level_set, s.uv), field.sample(own.edge, s.uv), s.distance)
        return sigma * s.step * s.open

    tau = np.concatenate([tau_of(s) for s in samples])
    colour = np.concatenate([field.colours(planes[s.shell], s.uv) for s in samples])
    order, weights = volume.composite(pixel, np.concatenate([s.depth for s in samples]), tau)
    for c in range(3):
        expected = np.bincount(pixel[order], weights * colour[order, c], size**2)
        np.testing.assert_allclose(ours[:, c], expected, atol=2e-3)
    assert ours[:, 3].max() > 0.99


def test_windows_see_what_the_whole_sees(decoder: Decoder) -> None:
    latent = torch.tensor(people.sample(np.random.default_rng(1)))[None]
    windows = draw_windows(np.random.default_rng(2))
    with torch.no_grad():
        _, whole = decoder(latent)
        _, parts = decoder.sampled(latent, windows)
    for k in range(1, 4):
        for s in SHELLS:
            window = windows[k][s]
            expected = window.cut(whole[k].planes[s])
            margin = 10  # the upsampling of a window repeats its border
            inner = (slice(None), slice(None), slice(margin, -margin), slice(margin, -margin))
            np.testing.assert_allclose(parts[k].planes[s][inner], expected[inner], atol=1e-4)


def test_targets_line_up_with_the_windows(painter: Painter, decoder: Decoder) -> None:
    crowd = People(painter, 0, 4)
    crowd.grow(5)
    windows = draw_windows(np.random.default_rng(0))
    vectors, targets = crowd.draw(3, windows)
    palettes, stages = decoder.sampled(vectors, windows)
    for s in SHELLS:
        for stage, target in zip(stages, targets[s], strict=True):
            assert stage.planes[s].shape[-2:] == target.planes.shape[-2:] == target.regions.shape[-2:]
            np.testing.assert_allclose(target.regions.sum(1), 1.0, atol=0.02)
    total, _ = losses.total(palettes, stages, targets)
    assert torch.isfinite(total)


def test_a_few_steps_lower_the_loss(painter: Painter) -> None:
    torch.manual_seed(0)
    model = Decoder(maps.initial(painter))
    crowd = People(painter, 1, 4)
    crowd.grow(4)
    rng = np.random.default_rng(0)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    seen = []
    for _ in range(6):
        windows = draw_windows(rng)
        vectors, targets = crowd.draw(2, windows)
        palettes, stages = model.sampled(vectors, windows)
        loss, _ = losses.total(palettes, stages, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seen.append(float(loss.detach()))
    assert seen[-1] < 0.9 * seen[0]


def test_wardrobe_maps_start_from_what_was_painted(painter: Painter) -> None:
    torch.manual_seed(0)
    model = Decoder(maps.initial(painter))
    wardrobe.fit(model, painter, 12, seed=5)
    vector = wardrobe.balanced(np.random.default_rng(5))  # the first of those twelve
    with torch.no_grad():
        stage = model(torch.tensor(vector)[None])[1][2]
    for s in ("top", "hair"):
        truth = functional.avg_pool2d(wardrobe.planes_of(painter.paint(vector)[s])[None], 2)[0]
        off = (stage.planes[s][0, 1].clamp(-1, 1) - truth[1]).abs().mean()
        assert float(off) < 0.1  # of 6 cm; a state seen once is itself but for the ridge


def test_states_are_in_one_state_of_each_garment() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        latent = torch.tensor(people.sample(rng))[None]
        for s in ("bottom", "skirt", "footwear", "hair"):
            assert float(states.evaluate(latent, states.selectors(s)).sum()) == 1.0
        for s, most in states.ACTIVE.items():
            assert int((states.evaluate(latent, states.selectors(s)) != 0).sum()) <= most


def test_packed_wardrobe_maps_come_back() -> None:
    own = Wardrobe("footwear", 32)
    with torch.no_grad():
        own.maps.copy_(torch.rand(own.maps.shape, generator=torch.Generator().manual_seed(1)))
    shown = np.zeros((32, 32), bool)
    shown[8:24, 8:24] = True
    packed = export.Packed(own, shown)
    weights = torch.zeros(1, len(own.maps))
    weights[0, 2] = 1.0
    out = packed(weights)[0]
    np.testing.assert_allclose(out[:, 8:24, 8:24], own.maps[2, :, 8:24, 8:24].detach(), atol=0.006)
    np.testing.assert_allclose(out[:, 7, 8:24], out[:, 8, 8:24])  # beside the chart: the nearest texel in it
    assert float(out[:, 0].abs().max()) == 0.0


def test_compressed_maps_come_back() -> None:
    y, x = np.mgrid[0:128, 0:128].astype(np.float32) / 128
    value = np.stack([x * 3, np.sin(40 * y), y * x]).astype(np.float32)
    back = export.join_maps(*export.split_maps(value)).numpy()
    assert np.abs(back - value)[:, 2:-2, 2:-2].max() < 0.01  # jumps at the borders are clipped


def test_painting_is_deterministic(painter: Painter) -> None:
    a = people.sample(np.random.default_rng(8))
    one, two = painter.paint(a), painter.paint(a)
    for s in one:
        assert one[s].level_set.tobytes() == two[s].level_set.tobytes()
        assert replace(one[s]).regions.tobytes() == two[s].regions.tobytes()
