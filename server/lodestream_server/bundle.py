"""The bundle: a folder of weights and data with a manifest that knows every file's SHA-256."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from lodestream_server.errors import BundleError, BundleFileError

MANIFEST = "manifest.json"
EMBEDDED = "embedded"
_REMEDY = "copy or install the bundle again, or name another folder with --bundle"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle. ``id`` is its name, version and the first 8 hex digits of its manifest's SHA-256."""

    root: Path
    id: str
    manifest: Mapping[str, Any]

    def path(self, name: str) -> Path:
        """Where the file ``name`` lies.

        Raises:
            BundleError: The manifest lists no such file.
        """
        if name not in self.manifest["files"]:
            raise BundleError(f"bundle {self.root} has no {name}: its {MANIFEST} does not list it")
        return self.root / name


def load(location: str) -> Bundle:
    """Opens and verifies a bundle.

    Args:
        location: A folder, or ``embedded`` for the one that comes with the package.

    Raises:
        BundleFileError: A file is missing or differs from the manifest.
        BundleError: There is no bundle, or its manifest is no manifest.
    """
    root = embedded() if location == EMBEDDED else Path(location).expanduser()
    path = root / MANIFEST
    try:
        text = path.read_bytes()
        manifest = json.loads(text)
        name, version, files = str(manifest["name"]), str(manifest["version"]), manifest["files"]
        entries = {str(file): str(entry["sha256"]) for file, entry in files.items()}
    except FileNotFoundError as error:
        raise BundleError(f"no bundle at {root}: {MANIFEST} is missing; {_REMEDY}") from error
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}; {_REMEDY}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{path} is no bundle manifest: {type(error).__name__}: {error}; {_REMEDY}") from error
    for file in entries:
        if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts:
            raise BundleError(f"{path} lists {file}, which lies outside of the bundle")
    with ThreadPoolExecutor() as pool:
        hashes = pool.map(_sha256, [root / file for file in entries])
        for (file, expected), found in zip(entries.items(), hashes, strict=True):
            if found != expected:
                raise BundleFileError(str(root / file), expected, found)
    return Bundle(root, f"{name}-{version}+{hashlib.sha256(text).hexdigest()[:8]}", manifest)


def embedded() -> Path:
    """Folder of the bundle that comes with the package."""
    spec = importlib.util.find_spec("lodestream_bundle")
    if spec is None or not spec.submodule_search_locations:
        raise BundleError("the embedded bundle is not installed: install lodestream with the server extra, or --bundle")
    return Path(next(iter(spec.submodule_search_locations)))


def _sha256(path: Path) -> str:
    """Hex digits, or why there are none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "no file"
    except OSError as error:
        return f"an unreadable file ({error.strerror})"
