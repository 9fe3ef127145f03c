"""What speaks against a trained model: what it learnt was taken back, or is in the benchmark by another id. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pipelines.core.ids import split_figure_id
from pipelines.core.splits import leak_hash

Row = Mapping[str, Any]
_SHOWN = 3


def bar_reason(
    gold: Mapping[str, tuple[str, int]], *, retracted: Collection[str], hidden: Collection[tuple[str, str]]
) -> str | None:
    """Why a model that learnt `gold` (figure → (revision, spans)) may not stay champion, None where it may.

    `hidden`: revisions of figures that a withdrawal hides, as (figure_id, record_sha256).
    """
    documents = {split_figure_id(f)[0] for f in gold}
    if lost := sorted(documents & set(retracted)):
        return f"trained on {_words(lost)}, now retracted"
    if lost := sorted({split_figure_id(f)[0] for f, (sha, _) in gold.items() if (f, sha) in hidden}):
        return f"trained on figures of {_words(lost)} that were withdrawn since"
    return None


def purge_reason(manifests: Sequence[Row], tag: str) -> str | None:
    """Why a model trained at corpus version `tag` may not stay: a later purge took something it learnt from."""
    seqs = {str(m["tag"]): int(m["seq"]) for m in manifests}
    seq = seqs.get(tag, 0)
    for manifest in manifests:
        purged = manifest.get("purged")
        if not purged or not purged["was_gold"] or purged["split"] == "test":
            continue
        if int(purged["first_seq"]) <= seq < int(manifest["seq"]):
            return f"trained on a document that {manifest['tag']} removed"
    return None


def leaked_documents(
    trained: Collection[str], held: Collection[str], legends: Iterable[Row], twins: Iterable[Row]
) -> list[str]:
    """Documents of the benchmark whose legend, or whose preprint twin, a model was trained on.

    `legends`: rows (doc_id, legend) of both; `twins`: rows (doc_id, twin) of stated pairs of preprint and article.
    """
    by_leak: dict[str, set[str]] = {}
    for row in legends:
        if leak := leak_hash(row["legend"]):
            by_leak.setdefault(leak, set()).add(str(row["doc_id"]))
    found = {d for group in by_leak.values() if group & set(trained) for d in group & set(held)}
    for row in twins:
        for a, b in ((row["doc_id"], row["twin"]), (row["twin"], row["doc_id"])):
            if a in trained and b in held:
                found.add(str(b))
    return sorted(found - set(trained))


def _words(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
