"""Gutters repeat the chart's own texels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import lodestream_bundle
from lodestream_server.body.template import BodyTemplate
from lodestream_server.field import gutter
from lodestream_server.field.planes import BASE_SIZE, REGIONS, ShellPlanes


def test_a_square_grows_by_reach_and_does_not_wrap() -> None:
    inside = np.zeros((10, 10), bool)
    inside[0:2, 4:6] = True
    to, source = gutter.nearest(inside)
    rows, columns = np.divmod(to, 10)
    assert rows.max() == 1 + gutter.REACH
    assert columns.min() == 4 - gutter.REACH
    assert inside.ravel()[source].all()


def test_seams_never_see_what_lies_outside() -> None:
    template = BodyTemplate.load(Path(lodestream_bundle.__file__).parent / "body.npz")
    gutters = gutter.Gutters.of(template)
    planes = {}
    for shell, base in BASE_SIZE.items():
        size = base * 8
        to, _ = gutters.pairs[shell, size]
        shade = np.ones((size, size), np.float32)
        shade.ravel()[to] = 9.0
        plain = np.zeros((size, size), np.float32)
        regions = np.zeros((len(REGIONS[shell]), size, size), np.float32)
        planes[shell] = ShellPlanes(plain, plain, regions, shade, np.ones((len(regions), 3), np.float32))
    for own in gutters.fill(planes).values():
        assert own.shade.max() == 1.0
    assert planes["head"].shade.max() == 9.0  # the input is left alone
