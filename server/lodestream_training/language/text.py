"""What a writer of captions gives.

Both languages offer the same function, ``english.write`` and ``chinese.write``::

    write(person: Person, rng: np.random.Generator, split: Split,
          role: Role | None = None, always: Collection[str] = ()) -> Caption

It writes one caption of exactly this person, every choice from ``rng``. ``role`` calls the person by one of the role's
nouns: the groups in ``role.implied`` are said thereby and mostly not said again. Topics in ``always`` (the categories
top, bottom, hair, headwear) are said whatever the dice, where the person has such a thing to see. Words come from
``lexicon.words`` with the same ``split``; a group said with a word that split "train" never uses is ``strange``. A
colour for which ``lexicon.sayable`` is false, or without a name in the language, stays unsaid; one that is said though
``lexicon.sayable(name, "train")`` is false is strange. Split "phrasings" uses held-out sentence templates where there
are any, all other splits the rest of them. Typing mistakes occur in split "train" alone.

``chinese.known(person, rng) -> Person`` gives garments other colours where Chinese has no name for theirs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caption:
    """A text, the groups of the latent that it says something about, and those of them said in held-out words."""

    text: str
    said: frozenset[str]
    strange: frozenset[str] = frozenset()
