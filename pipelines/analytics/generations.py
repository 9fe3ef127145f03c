"""The generations of analytics.duckdb on disk: their names, the pointer, and what a killed publish leaves behind.

    analytics/
      analytics.duckdb -> analytics-2026-11-20-2.duckdb     the pointer, a relative link, moved by rename
      analytics-2026-11-20-1.duckdb                         published generations, never written again
      .building/analytics-2026-11-20-3.duckdb               one that is being built, under its later name

A file is built under its later name because DuckDB names the catalog after the file.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

POINTER = "analytics.duckdb"
BUILDING = ".building"
_NAME = re.compile(r"^analytics-(\d{4}-\d{2}-\d{2})-(\d+)\.duckdb$")


@dataclass(frozen=True, order=True)
class Generation:
    """`night` is the last closed night it holds (ISO date), `number` counts from 1 within it."""

    night: str
    number: int

    @property
    def name(self) -> str:
        return f"analytics-{self.night}-{self.number}"

    @property
    def file_name(self) -> str:
        return f"{self.name}.duckdb"


def parse_generation(file_name: str) -> Generation | None:
    match = _NAME.match(file_name)
    return Generation(match[1], int(match[2])) if match else None


class Generations:
    """The folder of one home. Whoever changes it holds the lease `publish`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def pointer(self) -> Path:
        return self.folder / POINTER

    def path(self, generation: Generation) -> Path:
        return self.folder / generation.file_name

    def current(self) -> Generation | None:
        """The generation that the pointer names, None before the first publish."""
        if not self.pointer.is_symlink() or not self.pointer.exists():
            return None
        return parse_generation(os.readlink(self.pointer))

    def listed(self) -> list[Generation]:
        """All generations on disk, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(g for p in self.folder.iterdir() if (g := parse_generation(p.name)) is not None)

    def drop_leftovers(self, published: Mapping[str, int]) -> list[str]:
        """Remove what a killed publish left: half-built files, pointers in the making, and files that were renamed
        in place but never pointed to. `published` is the highest published number by night."""
        self.folder.mkdir(parents=True, exist_ok=True)
        dropped = []
        if (self.folder / BUILDING).exists():
            shutil.rmtree(self.folder / BUILDING)
            dropped.append(BUILDING)
        current = self.current()
        for path in sorted(self.folder.iterdir()):
            generation = parse_generation(path.name)
            is_unpublished = generation is not None and generation.number > published.get(generation.night, 0)
            if path.name.startswith(f"{POINTER}.") or (is_unpublished and generation != current):
                path.unlink()
                dropped.append(path.name)
        return dropped

    def next(self, night: str, published: Mapping[str, int]) -> Generation:
        """A number that no published generation of this night ever had, pruned ones included."""
        known = [g.number for g in self.listed() if g.night == night]
        return Generation(night, max([published.get(night, 0), *known]) + 1)

    def building_path(self, generation: Generation) -> Path:
        """Where a generation is built: on the same file system, so that its rename is atomic."""
        folder = self.folder / BUILDING
        folder.mkdir(parents=True, exist_ok=True)
        return folder / generation.file_name

    def settle(self, generation: Generation) -> None:
        """Give a finished file its own name; never over another one (FileExistsError): a generation is immutable."""
        built = self.building_path(generation)
        os.link(built, self.path(generation))
        built.unlink()
        built.parent.rmdir()
        _sync_folder(self.folder)

    def flip(self, generation: Generation) -> None:
        """Make the pointer name this generation, in one step for every reader. The link is relative, so that it
        survives a move or mount of the home."""
        if not self.path(generation).is_file():
            raise FileNotFoundError(self.path(generation))
        staged = self.folder / f"{POINTER}.new"
        staged.unlink(missing_ok=True)
        staged.symlink_to(generation.file_name)
        staged.replace(self.pointer)
        _sync_folder(self.folder)

    def prune(self, keep: int) -> list[str]:
        """Remove the oldest generations beyond `keep` (at least 2); never the current one or a newer one."""
        current = self.current()
        older = [g for g in self.listed() if current is not None and g < current]
        doomed = older[: max(0, len(older) - (max(keep, 2) - 1))]
        for generation in doomed:
            self.path(generation).unlink(missing_ok=True)
        return [g.name for g in doomed]

    def forget_older(self) -> list[str]:
        """Remove every generation but the current one: after a purge no file may hold what was taken."""
        current = self.current()
        doomed = [g for g in self.listed() if current is not None and g < current]
        for generation in doomed:
            self.path(generation).unlink(missing_ok=True)
        return [g.name for g in doomed]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
