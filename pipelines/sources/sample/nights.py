"""Which files arrive on which night: first load, a night of changes and trouble, a retraction, then small nights."""

from __future__ import annotations

import datetime as dt
import io
import tarfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pipelines.core.records import ENTITY_TYPES, Reason
from pipelines.core.splits import split_of
from pipelines.sources.sample import broken
from pipelines.sources.sample.curation_writer import (
    Edition,
    Guideline,
    curation_name,
    write_curation,
    write_delivery_note,
)
from pipelines.sources.sample.jats_writer import write_article, write_notice
from pipelines.sources.sample.world import Article, World, insert_figure

FULL = Guideline(ENTITY_TYPES)
LEGACY = Guideline(tuple(t for t in ENTITY_TYPES if t not in ("EXP_ASSAY", "DISEASE")), has_roles=False, is_legacy=True)
N_NEW = 12  # articles that are new on night 2
_EARLY = 2  # of them, curated already on night 1


@dataclass(frozen=True)
class Broken:
    """A file or unit that must end in quarantine, with the reason to expect."""

    path: str
    unit: str
    reason: Reason


@dataclass
class Night:
    """What one night brings: files by path below the night's folder, and what should come of them."""

    date: dt.date
    files: dict[str, bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_article(self, article: Article) -> None:
        """A publication as a file of its own."""
        self.files[f"articles/{article_name(article)}"] = write_article(article)
        self.counts["articles"] += 1
        self.counts["figures"] += len(article.figures)

    def add_broken(self, path: str, data: bytes, *, unit: str, reason: Reason) -> None:
        """A file that is to be refused, or to hold one unit that is."""
        self.files[path] = data
        self.broken.append(Broken(path, unit, reason))


def article_name(article: Article) -> str:
    """File name of a publication."""
    return f"{article.doi.removeprefix('10.5555/')}.xml"


def tar_bytes(files: Iterable[tuple[str, bytes]]) -> bytes:
    """An uncompressed tar with fixed times and owners: equal bytes for equal files (a compressor's are not)."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), 0, 0o644
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


class Plan:
    """The nights of one world. `documents` articles stand on night 1."""

    def __init__(self, world: World, documents: int) -> None:
        self.world, self.documents = world, documents
        self.first = world.first_night
        world.article(documents + N_NEW - 1)
        curated = [i for i in range(documents) if self._is_curated(i)]
        train = [i for i in curated if split_of(world.article(i).doi) == "train" and self._guideline(i) is FULL]
        self.retracted = train[len(train) // 2]
        self.revised = train[len(train) // 3]
        self.corrected = next(i for i in train if i not in (self.retracted, self.revised) and self._can_correct(i))

        special = (self.retracted, self.revised, self.corrected, *self._twins())
        self.sound = next(i for i in range(documents) if i not in special)

    def _can_correct(self, index: int) -> bool:
        article = self.world.article(index)
        return article.style in ("plos", "embo") and len(article.figures) >= 3

    @staticmethod
    def _is_curated(index: int) -> bool:
        return index % 10 != 9

    @staticmethod
    def _guideline(index: int) -> Guideline:
        return LEGACY if index % 8 == 5 else FULL

    def night(self, number: int) -> Night:
        """Night `number`, from 1."""
        night = Night(self.first + dt.timedelta(days=number - 1))
        makers = {1: self._first_load, 2: self._changes, 3: self._retraction}
        makers.get(number, self._small)(night)
        return night

    def _deliver(self, night: Night, name: str, articles: Sequence[Article], *, stage: str = "curator",
                 guideline: Guideline = FULL, version: int = 1, days_before: int = 8) -> None:  # fmt: skip
        folder = f"curation/{name}"
        date = night.date - dt.timedelta(days=days_before)
        note = write_delivery_note(f"{name} (synthetic)", date, review_stage=stage, guideline=guideline)
        night.files[f"{folder}/delivery.toml"] = note
        for article in articles:
            edition = Edition(date, version)
            data = write_curation(article, self.world.vocabulary, guideline, edition)
            night.files[f"{folder}/{curation_name(article)}"] = data
            night.counts["curated_documents"] += 1
            night.counts["curated_figures"] += sum(1 for f in article.figures if not f.supplement)

    def _first_load(self, night: Night) -> None:
        articles = [self.world.article(i) for i in range(self.documents)]
        stated, unstated = self._twins()
        for article in articles:
            is_stated = article.index == stated
            doi = self.world.preprint_of(stated).doi if is_stated else None
            night.add_article(replace(article, preprint_doi=doi))
        for index in (stated, unstated):
            night.add_article(self.world.preprint_of(index))
        curated = [a for a in articles if self._is_curated(a.index)]
        early = [self.world.article(self.documents + n) for n in range(_EARLY)]
        full = [a for a in curated if self._guideline(a.index) is FULL]
        authors = [a for a in full if a.index % 7 == 3]
        self._deliver(night, "curators-a", [*(a for a in full if a not in authors), *early])
        self._deliver(night, "author-check", authors, stage="author", days_before=5)
        self._deliver(night, "legacy-2019", [a for a in curated if a not in full], guideline=LEGACY, days_before=2600)
        night.notes.append(f"{_EARLY} curated documents whose articles arrive on night 2; 2 preprint twins")

    def _twins(self) -> tuple[int, int]:
        """Articles with a preprint twin: one that states it, one known only by its equal legends."""
        taken = (self.retracted, self.revised, self.corrected)
        found = [i for i in range(self.documents) if self.world.article(i).style != "biorxiv" and i not in taken]
        return found[len(found) // 4], found[len(found) // 2]

    def _changes(self, night: Night) -> None:
        new = [self.world.article(self.documents + n) for n in range(N_NEW)]
        for article in new[:-4]:
            night.add_article(article)
        self._archive(night, new[-4:])
        self._correct(night)
        revised = self.world.article(self.revised)
        self._deliver(night, "curators-a-revision", [revised], version=2, days_before=1)
        self._deliver(night, "curators-a", [a for a in new[_EARLY:] if a.index % 4 != 0], days_before=1)
        machine = [self.world.article(i) for i in range(self.documents) if not self._is_curated(i)][:3]
        self._deliver(night, "pre-annotation", machine, stage="machine", days_before=1)
        self._trouble(night)

    def _archive(self, night: Night, articles: Sequence[Article]) -> None:
        members = [(article_name(a), write_article(a)) for a in articles]
        night.files["articles/batch-1.tar"] = tar_bytes(members)
        night.counts["articles"] += len(articles)
        night.counts["figures"] += sum(len(a.figures) for a in articles)

    def _correct(self, night: Night) -> None:
        article = self.world.article(self.corrected)
        fixed = insert_figure(article, self.world.extra_figure(self.corrected))
        night.add_article(fixed)
        reason = ["A figure was left out by the publisher. The article now has it as Figure 2."]
        notice = write_notice(article, kind="correction", number=1, date=night.date, reason=reason)
        night.files["articles/notice-correction-1.xml"] = notice
        night.counts["notices"] += 1
        night.notes.append(f"correction: {article.doi} gets a new Figure 2, its old Figure 2 is Figure 3")

    def _trouble(self, night: Night) -> None:
        sound = write_article(self.world.article(self.sound))
        for name, data, reason in broken.broken_articles(sound):
            night.add_broken(f"articles/{name}", data, unit="file", reason=reason)
        night.files["articles/copy-of-a-known-article.xml"] = sound
        night.files["articles/copy-of-a-new-article.xml"] = write_article(self.world.article(self.documents))
        night.files["articles/README.txt"] = b"Synthetic sample data. This file is no article and is to be ignored.\n"
        night.counts.update(unchanged_files=1, duplicate_files=1, ignored_files=1)
        self._broken_delivery(night)

    def _broken_delivery(self, night: Night) -> None:
        folder = "curation/curators-b"
        date = night.date - dt.timedelta(days=1)
        night.files[f"{folder}/delivery.toml"] = write_delivery_note(
            "curators-b (synthetic)", date, review_stage="curator", guideline=FULL
        )
        uncurated = [self.world.article(i) for i in range(self.documents) if not self._is_curated(i)][3:6]
        faults = (Reason.UNKNOWN_TYPE, Reason.UNEQUAL_ID_LISTS, Reason.NOT_WELL_FORMED)
        for article, fault in zip(uncurated, faults, strict=True):
            is_file = fault is Reason.NOT_WELL_FORMED
            edition = Edition(date, fault="" if is_file else fault.value)
            data = write_curation(article, self.world.vocabulary, FULL, edition)
            data = broken.truncate(data) if is_file else data
            unit = "file" if is_file else "annotation"
            night.add_broken(f"{folder}/{curation_name(article)}", data, unit=unit, reason=fault)
            if not is_file:
                night.counts["curated_documents"] += 1
                night.counts["curated_figures"] += sum(1 for f in article.figures if not f.supplement)

    def _retraction(self, night: Night) -> None:
        article = self.world.article(self.retracted)
        reason = ["The authors retract this article because a figure cannot be reproduced. The notice is invented."]
        notice = write_notice(article, kind="retraction", number=2, date=night.date, reason=reason)
        night.files["articles/notice-retraction-2.xml"] = notice
        night.counts["notices"] += 1
        for n in range(2):
            night.add_article(self.world.article(self.documents + N_NEW + n))
        night.notes.append(f"retraction: {article.doi}; no curation")

    def _small(self, night: Night) -> None:
        days = (night.date - self.first).days
        new = [self.world.article(self.documents + N_NEW + 2 * (days - 2) + n) for n in range(2)]
        for article in new:
            night.add_article(article)
        self._deliver(night, "curators-a", new, days_before=1)
