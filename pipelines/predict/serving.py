"""The serving set: per task the champion, else rule, else none; and the fingerprints of its predictions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.core.gold import ROLE_TYPES, TASKS
from pipelines.core.hashing import content_hash

#: Order in which tasks predict: roles read the mentions that ner found.
ORDER = ("panelization", "ner", "roles_gene", "roles_small_mol")
_KEPT = ("model_version", "model_name", "tagger", "run_id", "data_kind", "corpus_version")


def serving_set(champions: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    """{tasks: {task: {…, fingerprint, model_fingerprint} or None}, fingerprint}.

    A task's `fingerprint` combines its model's with those of all models upstream of it: predictions are kept under it.
    A role model without a ner champion serves nothing: it has no mentions to read.
    """
    tasks: dict[str, Any] = dict.fromkeys(TASKS)
    for task in ORDER:
        champion = champions.get(task)
        upstream = tasks["ner"] if task in ROLE_TYPES else None
        if champion is None or (task in ROLE_TYPES and upstream is None):
            continue
        own = str(champion["fingerprint"])
        combined = content_hash([own, upstream["fingerprint"]]) if upstream else own
        tasks[task] = {**{k: champion[k] for k in _KEPT}, "model_fingerprint": own, "fingerprint": combined}
    return {"tasks": tasks, "fingerprint": content_hash({t: v and v["fingerprint"] for t, v in tasks.items()})}
