"""One tag of SourceData XML: its attributes in both spellings, what they mean, and why a tag is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.core.labels import Labels
from pipelines.core.records import Reason

_SEPARATOR = "///"
_FALSE = frozenset({"false", "n", "no", "0", "f"})
_TRUE = frozenset({"true", "y", "yes", "1", "t"})
#: Lists that must run parallel to `ext_ids`. Not `ext_urls`: a URL may end in "/" before the separator.
_PARALLEL = ("ext_dbs", "ext_names", "ext_tax_ids", "ext_tax_names")
#: The older export numbers its ids: `external_id0`, `external_database0`.
_OLD_LISTS = {"ext_ids": "external_id", "ext_dbs": "external_database", "ext_names": "external_name"}


@dataclass(frozen=True)
class ReadTag:
    """What a usable tag says; `text` is its attribute, "" where it has none."""

    text: str
    entity_type: str
    raw_type: str
    role: str | None
    raw_role: str | None
    ext_ids: tuple[str, ...]
    ext_dbs: tuple[str, ...]
    is_floating: bool


@dataclass(frozen=True)
class BadTag:
    """Why a tag is refused."""

    reason: Reason
    why: str


def _old_list(attributes: Mapping[str, str], stem: str) -> str:
    numbered = sorted((int(m[1]), v) for k, v in attributes.items() if (m := re.fullmatch(rf"{stem}(\d+)", k)))
    return _SEPARATOR.join(value for _, value in numbered)


def modernise(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes under their present names; a present name wins over an old one."""
    out = dict(attributes)
    if "entity_type" not in out and "type" in out:
        out["entity_type"] = out["type"]
    for name, stem in _OLD_LISTS.items():
        if name not in out and (joined := _old_list(attributes, stem)):
            out[name] = joined
    return out


def is_machine_made(attributes: Mapping[str, str], labels: Labels) -> bool:
    """True where the file says that a machine made this and no curator took it over (`origin="smarttag"`)."""
    said = (attributes.get(name, "").lower() for name in labels.origin_names)
    return any(word in labels.machine_origins for word in said)


def pretag_attributes(attributes: Mapping[str, str], labels: Labels) -> dict[str, str]:
    """What a left-over of pre-tagging says, in the words of a tag: its `class` names role and type ("component
    subcellular"), in other exports `role` and `type` do."""
    old = modernise(attributes)
    tag: dict[str, str] = {name: old[name] for name in ("id", "category", "entity_type", "role") if name in old}
    for word in old.get("class", "").lower().split():
        is_role = word in labels.roles or word in labels.roles_without_meaning
        name = "category" if word in labels.categories else "role" if is_role else "entity_type"
        tag.setdefault(name, word)
    return tag


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(_SEPARATOR)] if text.strip() else []


def _read_ids(tag: Mapping[str, str], labels: Labels) -> tuple[tuple[str, ...], tuple[str, ...]] | BadTag:
    """(ids, databases) in parallel, without placeholders; an id without a database has the empty one."""
    ids = _split(tag.get("ext_ids", ""))
    for name in _PARALLEL:
        other = _split(tag.get(name, ""))
        if other and len(other) != len(ids):
            return BadTag(Reason.UNEQUAL_ID_LISTS, f"it has {len(ids)} ext_ids but {len(other)} {name}")
    names = _split(tag.get("ext_dbs", "")) or [""] * len(ids)
    pairs: dict[tuple[str, str], None] = {}
    for ext_id, name in zip(ids, names, strict=True):
        database = labels.find_database(name)
        stored = database.normalise_id(ext_id) if database else ext_id
        if stored and not (database and stored in database.placeholders):
            pairs[stored, database.name if database else name] = None
    return tuple(i for i, _ in pairs), tuple(d for _, d in pairs)


def _read_type(tag: Mapping[str, str], ext_dbs: tuple[str, ...], labels: Labels) -> str | BadTag | None:
    """The stored type; None for tags that no label set has, which are ignored."""
    category, raw = tag.get("category", "").lower(), tag.get("entity_type", "").lower()
    if category in labels.categories:
        return labels.categories[category]
    if category in labels.ignored_categories:
        return None
    if category not in labels.entity_categories:
        return BadTag(Reason.UNKNOWN_TYPE, f"its category {category!r} is unknown")
    if raw in labels.untyped:
        return None
    found = labels.types.get(raw)
    if found is None:
        return BadTag(Reason.UNKNOWN_TYPE, f"its type {raw!r} is unknown")
    return _normalised_cell(ext_dbs, labels) or found if found == "CELL" else found


def _normalised_cell(ext_dbs: tuple[str, ...], labels: Labels) -> str | None:
    """The type of a bare `cell` that the curator linked to a cell line or a cell type."""
    databases = [labels.find_database(name) for name in ext_dbs]
    return next((d.entity_type for d in databases if d and d.entity_type in ("CELL_LINE", "CELL_TYPE")), None)


def _read_role(tag: Mapping[str, str], labels: Labels) -> str | BadTag | None:
    raw = tag.get("role", "").lower()
    if raw in labels.roles_without_meaning:
        return None
    return labels.roles.get(raw) or BadTag(Reason.BAD_ROLE, f"its role {raw!r} is unknown")


def read_tag(attributes: Mapping[str, str], *, has_text: bool, labels: Labels) -> ReadTag | BadTag | None:
    """What a tag says, why it is refused, or None where it is ignored by rule: a phantom (nothing but an id), a tag
    of time or a physical quantity, a type left open."""
    tag = modernise(attributes)
    ids = _read_ids(tag, labels)
    if isinstance(ids, BadTag):
        return ids
    entity_type = _read_type(tag, ids[1], labels)
    if entity_type is None or isinstance(entity_type, BadTag):
        return entity_type
    role = _read_role(tag, labels)
    if isinstance(role, BadTag):
        return role
    text = tag.get("text", "")
    in_caption = tag.get("in_caption", "").lower()
    is_floating = not has_text or in_caption in _FALSE
    if not has_text and text and in_caption in _TRUE:
        return BadTag(Reason.TEXT_MISMATCH, "it says that it is in the caption, and stands on no text there")
    if not has_text and not text:
        return BadTag(Reason.TEXT_MISMATCH, "it has neither text nor an attribute `text`")
    category = tag.get("category", "").lower()
    return ReadTag(
        text=text, entity_type=entity_type, raw_type=tag.get("entity_type", "") or category,
        role=None if category in labels.categories else role, raw_role=tag.get("role") or None,
        ext_ids=ids[0], ext_dbs=ids[1], is_floating=is_floating,
    )  # fmt: skip
