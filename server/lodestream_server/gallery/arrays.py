"""Arrays of an ``.npz`` file, mapped into memory where they lie in it as they are."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

_LOCAL_HEADER = 30  # bytes before name and extra field; their lengths are its last two numbers (APPNOTE.TXT 4.3.7)


def mapped(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of ``path`` by name: read-only maps, compressed ones read.

    Raises:
        ValueError: It is no such file, or holds objects.
    """
    with np.load(path, allow_pickle=False) as arrays, zipfile.ZipFile(path) as archive, path.open("rb") as file:
        out: dict[str, NDArray[Any]] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if member.compress_type != zipfile.ZIP_STORED:
                out[name] = arrays[name]
                continue
            file.seek(member.header_offset + _LOCAL_HEADER - 4)
            file.seek(sum(np.frombuffer(file.read(4), "<u2").tolist()), 1)
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran, dtype = read(file)
            if dtype.hasobject:
                raise ValueError(f"{name} holds objects")
            out[name] = np.memmap(path, dtype, "r", file.tell(), shape, "F" if fortran else "C")
        return out
