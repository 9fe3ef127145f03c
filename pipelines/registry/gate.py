"""The gate: is the challenger better than the champion? Pure; architecture, section 5, paragraph Gate.

Promote only where the lower one-sided 95 % bound of the paired document bootstrap of the F1 difference is above 0 and
no class floor breaks; a first champion needs at least the point F1 of every plain baseline. On one benchmark version
the champion's F1 can therefore only rise: many equal candidates cannot walk it down.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from pipelines.core.scoring import Comparison, DocumentCounts, Score, paired_bootstrap, scores_of
from pipelines.errors import PermanentError

#: A class of the champion with fewer gold spans has no floor: its F1 is mostly chance.
MIN_SUPPORT = 30
SEED = 20_251


@dataclass(frozen=True)
class Contender:
    """One tagger on the benchmark. `kind` is encoder, crf, dictionary or rule."""

    name: str
    kind: str
    counts: DocumentCounts
    fingerprint: str = ""


@dataclass(frozen=True)
class Rules:
    """`class_floor_drop`: how much F1 (0 to 1) a class of the champion may lose; `samples` of the bootstrap."""

    samples: int
    class_floor_drop: float
    seed: int = SEED


@dataclass(frozen=True)
class Measured:
    """Micro F1 on the benchmark with its 95 % interval, 0 to 1."""

    kind: str
    f1: float
    low: float
    high: float


@dataclass(frozen=True)
class Decision:
    """What the gate decided and all it saw. `difference` and `low` are challenger minus champion, None without one;
    `detectable` is the least true gain that this benchmark would prove in 80 % of cases."""

    promote: bool
    reasons: tuple[str, ...]
    difference: float | None = None
    low: float | None = None
    low95: float | None = None
    high95: float | None = None
    p: float | None = None
    detectable: float | None = None
    n_documents: int = 0
    f1: Mapping[str, Measured] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        return {**asdict(self), "reasons": list(self.reasons)}


def align_counts(counts: DocumentCounts, doc_ids: Sequence[str], labels: Sequence[str]) -> DocumentCounts:
    """The same counts over these documents and labels; what a tagger has no row for is zero."""
    array = np.zeros((len(doc_ids), len(labels), 3), dtype=np.int64)
    row, column = {d: i for i, d in enumerate(doc_ids)}, {x: i for i, x in enumerate(labels)}
    for i, doc_id in enumerate(counts.doc_ids):
        for j, label in enumerate(counts.labels):
            if doc_id in row and label in column:
                array[row[doc_id], column[label]] = counts.array[i, j]
    return DocumentCounts(tuple(doc_ids), tuple(labels), array)


def align_contenders(contenders: Sequence[Contender], left_out: Collection[str] = ()) -> list[Contender]:
    """All over the same documents (less those left out on every side) and labels.

    PermanentError where two of them were not scored against the same gold: their F1 cannot be compared.
    """
    doc_ids = sorted({d for c in contenders for d in c.counts.doc_ids} - set(left_out))
    labels = sorted({x for c in contenders for x in c.counts.labels})
    aligned = [replace(c, counts=align_counts(c.counts, doc_ids, labels)) for c in contenders]
    for other in aligned[1:]:
        differs = (aligned[0].counts.array[..., 2] != other.counts.array[..., 2]).any(axis=1)
        if differs.any():
            raise PermanentError(
                f"{aligned[0].name} and {other.name} were scored against different gold in {int(differs.sum())} of "
                f"{len(doc_ids)} documents, first {doc_ids[int(differs.argmax())]}; run the step score again"
            )
    return aligned


def decide(
    challenger: Contender,
    champion: Contender | None,
    baselines: Sequence[Contender],
    *,
    rules: Rules,
    barred: str | None = None,
    left_out: Collection[str] = (),
) -> Decision:
    """Shall the challenger become champion?

    `barred` says why the champion may not stay (None: it may): an equal challenger is then enough. `left_out` are
    documents that one of the models was trained on. Errors: PermanentError where the counts cannot be compared.
    """
    everyone = [challenger, *([champion] if champion else []), *baselines]
    aligned = align_contenders(everyone, left_out)
    measured = {c.name: _measure(c, rules) for c in aligned}
    n_documents = len(aligned[0].counts.doc_ids)
    challenger, others = aligned[0], aligned[1:]
    if not n_documents or not challenger.counts.array[..., 2].any():
        return Decision(False, ("the benchmark holds no gold for this task",), f1=measured)
    if champion is None:
        promote, reasons = _decide_first(challenger, others, measured)
        return Decision(promote, reasons, n_documents=n_documents, f1=measured)
    comparison = paired_bootstrap(challenger.counts, others[0].counts, rules.samples, rules.seed)
    promote, reasons = _decide_next(challenger, others[0], comparison, rules=rules, barred=barred)
    if promote and barred:
        is_plain_better, said = _decide_first(challenger, others[1:], measured)
        promote, reasons = (True, reasons) if is_plain_better else (False, said)
    return Decision(
        promote, reasons, comparison.difference, comparison.low, comparison.low95, comparison.high95, comparison.p,
        comparison.detectable, n_documents, measured,
    )  # fmt: skip


def _measure(contender: Contender, rules: Rules) -> Measured:
    micro = scores_of(contender.counts, n_bootstrap=rules.samples, seed=rules.seed)[0]
    return Measured(contender.kind, micro.f1, micro.f1_low or 0.0, micro.f1_high or 0.0)


def _decide_first(
    challenger: Contender, baselines: Sequence[Contender], measured: Mapping[str, Measured]
) -> tuple[bool, tuple[str, ...]]:
    own = measured[challenger.name].f1
    better = [b for b in baselines if measured[b.name].f1 > own]
    if better:
        best = max(better, key=lambda b: measured[b.name].f1)
        return False, (
            f"the plain {best.kind} has F1 {measured[best.name].f1:.4f}, the {challenger.kind} only {own:.4f}: "
            f"the {best.kind} serves, there is no champion",
        )
    known = ", ".join(f"{b.kind} {measured[b.name].f1:.4f}" for b in baselines) or "none"
    return True, (f"first champion: F1 {own:.4f} is at least that of every plain baseline ({known})",)


def _decide_next(
    challenger: Contender, champion: Contender, found: Comparison, *, rules: Rules, barred: str | None
) -> tuple[bool, tuple[str, ...]]:
    broken = broken_floors(challenger.counts, champion.counts, rules.class_floor_drop)
    said = (
        f"F1 {found.f1_a:.4f} against the champion's {found.f1_b:.4f}: difference {found.difference:+.4f}, lower bound "
        f"{found.low:+.4f}, p {found.p:.3f}; this benchmark of {found.n_documents} documents detects "
        f"{found.detectable:.4f}"
    )
    if broken:
        return False, (said, *broken)
    if barred:
        if (
            paired_bootstrap(champion.counts, challenger.counts, rules.samples, rules.seed).low > 0
        ):  # as a promotion needs
            return False, (said, f"the champion is barred ({barred}), but this one is proved worse")
        return True, (said, f"the champion is barred ({barred}): an equal one takes its place")
    if found.low > 0 and found.difference > 0:
        return True, (said, "the lower bound is above 0 and no class lost more than its floor allows")
    return False, (said, "the lower bound is not above 0: not proved better")


def broken_floors(challenger: DocumentCounts, champion: DocumentCounts, drop: float) -> list[str]:
    """Classes with enough gold that lose more F1 than `drop`, in words."""
    old = {s.label: s for s in scores_of(champion, n_bootstrap=0)}
    out = []
    for new in scores_of(challenger, n_bootstrap=0):
        before = old[new.label]
        if new.label != "micro" and _has_support(before) and new.f1 < before.f1 - drop:
            out.append(
                f"class {new.label} falls from F1 {before.f1:.4f} to {new.f1:.4f}, more than {drop:g} "
                f"(support {before.support})"
            )
    return out


def _has_support(score: Score) -> bool:
    return score.support >= MIN_SUPPORT


def choose_challenger(dev_f1: Mapping[str, float]) -> str:
    """Of the candidates by name the better on dev; of equals the CRF, which costs less to serve. Never by benchmark."""
    return max(sorted(dev_f1), key=lambda name: (dev_f1[name], name == "crf"))
