"""Roles that a person may be called by, and what each implies."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its nouns ``en`` and ``zh``, the category ``values`` it implies, and its choices of ``colours``."""

    name: str
    en: tuple[str, ...]
    zh: tuple[str, ...]
    values: Mapping[str, str]
    colours: Mapping[str, tuple[str, ...]]

    @property
    def implied(self) -> tuple[str, ...]:
        """The groups that the role's noun says."""
        return (*self.values, *self.colours)


@cache
def every() -> tuple[Role, ...]:
    """All roles, in the order of ``roles.toml``."""
    text = files(__package__).joinpath("roles.toml").read_text("utf-8")
    return tuple(
        Role(
            name,
            tuple(entry["en"]),
            tuple(entry["zh"]),
            entry.get("values", {}),
            {group: tuple(names) for group, names in entry.get("colours", {}).items()},
        )
        for name, entry in tomllib.loads(text).items()
    )
