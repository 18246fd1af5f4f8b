"""How the data is cut, so that nothing is scored by what has learnt from it.

By episode: each recording is cut between its episodes, never through one, and the pieces are dealt to folds so that a
scenario's episodes lie in different ones. By time block: short blocks go to the folds in turn, which splits episodes;
for what has only one episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dataset import Episode
    from .units import Ints

FOLDS, FEWEST_FOLDS = 5, 3


@dataclass
class Piece:
    """A stretch of one recording, from `begin_ns` to the next piece; `episodes` lie wholly in it."""

    case: int
    begin_ns: int
    end_ns: int
    episodes: list[Episode]
    fold: int = 0

    @property
    def free(self) -> list[tuple[int, int]]:
        """What lies before the first episode and after the last."""
        if not self.episodes:
            return [(self.begin_ns, self.end_ns)]
        first = min(episode.begin_ns for episode in self.episodes)
        last = max(episode.end_ns for episode in self.episodes)
        return [(self.begin_ns, max(first, self.begin_ns)), (min(last, self.end_ns), self.end_ns)]


@dataclass(frozen=True)
class Folds:
    """The pieces of all recordings, with their folds."""

    pieces: Sequence[Piece]

    @property
    def count(self) -> int:
        """The number of folds."""
        return max(piece.fold for piece in self.pieces) + 1

    def of(self, case: Ints, start_ns: Ints) -> Ints:
        """Return the fold of each record."""
        fold = np.zeros(len(case), np.int64)
        for piece in self.pieces:
            fold[(case == piece.case) & (start_ns >= piece.begin_ns)] = piece.fold
        return fold

    def of_episode(self, episode: Episode) -> int:
        """Return the fold that an episode lies in."""
        return next(piece.fold for piece in self.pieces if episode in piece.episodes)


def by_episode(extents: Sequence[tuple[int, int]], episodes: Sequence[Episode], rng: np.random.Generator) -> Folds:
    """Cut the recordings, whose first and last record's times are `extents`, between their episodes."""
    pieces: list[Piece] = []
    for case, (begin, end) in enumerate(extents):
        pieces += _between_episodes(
            case, begin, end, sorted((e for e in episodes if e.case == case), key=lambda e: e.begin_ns)
        )
    while len(pieces) < FEWEST_FOLDS:
        _cut_longest(pieces)
    pieces.sort(key=lambda piece: (piece.case, piece.begin_ns))
    count = min(FOLDS, len(pieces))
    # A scenario's pieces follow each other, so that they go to different folds.
    order = rng.permutation(len(pieces))
    dealt = sorted(order, key=lambda number: _scenarios(pieces[number]))
    for turn, number in enumerate(dealt):
        pieces[number].fold = turn % count
    return Folds(pieces)


def by_block(start_ns: Ints, length_s: int) -> Ints:
    """Return the fold of each record by its time block, in turn."""
    fold: Ints = start_ns // (length_s * 1_000_000_000) % FOLDS
    return fold


def _scenarios(piece: Piece) -> tuple[bool, list[str]]:
    return not any(episode.counts for episode in piece.episodes), [e.scenario for e in piece.episodes if e.counts]


def _between_episodes(case: int, begin: int, end: int, episodes: list[Episode]) -> list[Piece]:
    pieces = [Piece(case, begin, end, [])]
    last = None
    for episode in episodes:
        if last is not None and episode.begin_ns > last:
            cut = (last + episode.begin_ns) // 2
            pieces[-1].end_ns = cut
            pieces.append(Piece(case, cut, end, []))
        pieces[-1].episodes.append(episode)
        last = max(last or 0, episode.end_ns)
    return pieces


def _cut_longest(pieces: list[Piece]) -> None:
    """Halve the longest stretch without an episode."""
    length, piece, low, high = max(
        ((high - low, piece, low, high) for piece in pieces for low, high in piece.free), key=lambda found: found[0]
    )
    cut = low + length // 2
    index = pieces.index(piece)
    before = [episode for episode in piece.episodes if episode.end_ns <= low]
    after = [episode for episode in piece.episodes if episode.begin_ns >= high]
    pieces[index : index + 1] = [
        Piece(piece.case, piece.begin_ns, cut, before),
        Piece(piece.case, cut, piece.end_ns, after),
    ]
