"""The SourceData API (domain.md 4.2): the papers of a collection, each with the payloads of its figures.

The API has no `since`: what changed shows in a paper's entry of the list and in `last_modification_date`, which only a
panel's payload states. So a paper that is known costs one call a night, a new or changed one two calls for each figure
(a panel's payload holds the whole figure: one panel of each is asked for). An answer that says nothing (`{}`) is a
rejection and asked for again the next night; what the list counts and what arrived are compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pipelines.core.hashing import canonical_json, short_hash
from pipelines.core.http import Fetches
from pipelines.core.ids import normalise_doi
from pipelines.core.records import Reason, Rejection
from pipelines.errors import NotFound, PermanentError
from pipelines.settings import SourceDataApi
from pipelines.sources.connectors import Changes, Item, Part
from pipelines.sources.deliveries import DeliveryInfo

Record = Mapping[str, Any]
_NOTHING: Record = {}


class SourceDataApiConnector:
    """One collection. State: paper id → {entry, modified, panel, figures}, as the last closed night left it."""

    name = "sourcedata_api"

    def __init__(self, config: SourceDataApi, *, http: Fetches, is_synthetic: bool) -> None:
        self.place = config.place
        self.info = DeliveryInfo(config.sender, config.review_stage, config.annotated_types, config.has_roles,
                                 is_synthetic, None, "sourcedata-api")  # fmt: skip
        self._config, self._http = config, http

    def check(self) -> str:
        return f"collection {self._config.collection} has the id {self._collection_id()}"

    def _collection_id(self) -> str:
        found = self._ask(f"collection/{quote(self._config.collection, safe='')}")
        for entry in found if isinstance(found, list) else []:
            if isinstance(entry, dict) and entry.get("collection_id"):
                return str(entry["collection_id"])
        raise PermanentError(f"SourceData has no collection {self._config.collection!r}: mend sources.sourcedata_api")

    def _ask(self, path: str) -> Any:
        return self._http.get(path, expect="json").json()

    def _record(self, path: str) -> Record:
        """The object at a path; empty where the API has none: both its ways of saying so, 404 and `{}`."""
        try:
            found = self._ask(path)
        except NotFound:
            return _NOTHING
        return found if isinstance(found, dict) else _NOTHING

    # what is new

    def changes(self, state: bytes | None) -> Changes:
        """Papers that are new or changed, up to `max_papers`, the rest the next night; those that left the list."""
        base = f"collection/{quote(self._collection_id(), safe='')}"
        listed = self._ask(f"{base}/papers")
        papers = {str(p.get("id") or ""): p for p in listed if isinstance(p, dict)} if isinstance(listed, list) else {}
        if not papers:
            raise PermanentError(f"SourceData lists no paper in {self._config.collection}: nothing is taken for gone")
        known: dict[str, Record] = json.loads(state) if state else {}
        kept: dict[str, Record] = {}
        items: list[Item] = []
        n_left = 0
        for paper_id in sorted(papers):
            before = known.get(paper_id)
            if before and self._is_same(papers[paper_id], before):
                kept[paper_id] = before
            elif len(items) < self._config.max_papers:
                items.append(self._item(base, paper_id, papers[paper_id], before, kept))
            else:
                n_left += 1
                kept |= {paper_id: {**before, "entry": ""}} if before else {}
        gone = [self._gone(i, known[i]) for i in sorted(known.keys() - papers.keys())]
        notes = [f"{len(papers)} papers listed, {len(items)} new or changed, {len(gone)} gone, {n_left} left for later"]
        return Changes(items + gone, state=canonical_json(kept).encode(), notes=notes)

    def _is_same(self, paper: Record, before: Record) -> bool:
        if before["entry"] != short_hash(paper) or not before["panel"]:
            return str(before["entry"]) == short_hash(paper)
        payload = self._record(f"panel/{quote(str(before['panel']), safe='')}")
        return _modified(payload) == str(before["modified"])

    def _item(self, base: str, paper_id: str, paper: Record, before: Record | None, kept: dict[str, Record]) -> Item:
        """A paper with the figures it has now. Kept for the next night only where every one of them could be listed."""
        figures = self._figures(base, paper)
        first = next((f for f in figures if f["panel"]), None)
        modified = _modified(self._record(f"panel/{quote(first['panel'], safe='')}")) if first else ""
        labels = [f["label"] for f in figures if f["label"]]
        if all(f["panel"] for f in figures):
            kept[paper_id] = {"entry": short_hash(paper), "modified": modified, "figures": labels,
                              "panel": first["panel"] if first else "", "doi": str(paper.get("doi") or "")}  # fmt: skip
        gone = [label for label in (before or {}).get("figures", []) if label not in labels] if labels else []
        ref = {"paper": canonical_json(paper), "figures": canonical_json(figures),
               "gone": canonical_json(_deleted(paper_id, paper, gone))}  # fmt: skip
        return Item(paper_id or "without-id", short_hash(paper, modified, figures), ref=ref)

    def _figures(self, base: str, paper: Record) -> list[dict[str, str]]:
        """Of each figure of the paper its label and one of its panels, both empty where the API answers nothing."""
        doi = str(paper.get("doi") or "")
        if not normalise_doi(doi):
            return []
        path = f"{base}/paper/{quote(doi, safe='/')}"
        stated = str(self._record(path).get("nbFigures") or 0)
        found = [self._record(f"{path}/figure/{n + 1}") for n in range(int(stated) if stated.isdigit() else 0)]
        return [{"label": str(f.get("label") or ""), "panel": _first_panel(f)} for f in found]

    def _gone(self, paper_id: str, before: Record) -> Item:
        deleted = _deleted(paper_id, before, [str(label) for label in before["figures"]])
        return Item(paper_id, "gone", ref={"gone": canonical_json(deleted)})

    # its bytes

    def fetch(self, item: Item) -> Iterator[Part]:
        """The paper's entry, the payload of each figure, what is gone of it, where less came than the list states."""
        if deleted := json.loads(item.ref["gone"]):
            record = {"nightcap": "deleted", "deleted": deleted}
            yield f"{item.key}/deleted.json", canonical_json(record).encode()
        if "paper" not in item.ref:
            return
        paper = json.loads(item.ref["paper"])
        yield f"{item.key}/paper.json", item.ref["paper"].encode()
        if not normalise_doi(str(paper.get("doi") or "")):
            message = "the API serves figures by DOI and this paper has none"
            yield f"{item.key}/figures", Rejection("file", Reason.NO_IDENTITY, message, item.key)
            return
        came = {"nbFigures": 0, "nbPanels": 0, "nbTags": 0}
        for n, figure in enumerate(json.loads(item.ref["figures"]), start=1):
            yield from self._payload(f"{item.key}/figure-{n}", figure["panel"], came)
        yield from _reconcile(item.key, paper, came)

    def _payload(self, name: str, panel: str, came: dict[str, int]) -> Iterator[Part]:
        try:
            body = self._http.get(f"panel/{quote(panel, safe='')}", expect="json").body if panel else b"{}"
        except NotFound:
            body = b"{}"
        panels = _panels(json.loads(body))
        if panels is None:
            message = "the API answered with nothing for this figure; it is asked for again the next night"
            yield name, Rejection("file", Reason.INCOMPLETE_DELIVERY, message, name)
            return
        came["nbFigures"] += 1
        came["nbPanels"] += len(panels)
        came["nbTags"] += sum(len(p.get("tags") or []) for p in panels)
        yield f"{name}.json", body


def _modified(payload: Record) -> str:
    paper = payload.get("paper")
    return str(paper.get("last_modification_date") or "") if isinstance(paper, dict) else ""


def _first_panel(figure: Record) -> str:
    panels = figure.get("panels")
    return str(panels[0]) if isinstance(panels, list) and panels else ""


def _panels(payload: object) -> list[Record] | None:
    """The panels of a payload; None where it holds no figure."""
    figure = payload.get("figure") if isinstance(payload, dict) else None
    panels = figure.get("panels") if isinstance(figure, dict) else None
    return [p for p in panels if isinstance(p, dict)] if isinstance(panels, list) else None


def _deleted(paper_id: str, paper: Record, labels: list[str]) -> list[str]:
    document = normalise_doi(str(paper.get("doi") or "")) or paper_id
    return [f"{document}#{label}" for label in labels]


def _reconcile(key: str, paper: Record, came: Mapping[str, int]) -> Iterator[Part]:
    """One rejection that says all, where the list counts other numbers than what came."""
    wrong = [f"{name} is {paper[name]}, {n} came" for name, n in came.items()
             if str(paper.get(name, "")).isdigit() and int(str(paper[name])) != n]  # fmt: skip
    if wrong:
        message = f"the list and what came differ: {'; '.join(wrong)}. What came is kept"
        yield f"{key}/reconciliation", Rejection("file", Reason.INCOMPLETE_DELIVERY, message, key)
