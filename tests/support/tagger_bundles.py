"""Small bundles that taggers can learn in seconds: legends put together from a seed."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from pipelines.core.tagging import Span
from pipelines.taggers.bundle import BundleInfo, Example, write_bundle
from pipelines.train.config import load_task_config

GENES = ["Atg5", "LC3B", "Beclin1", "p62", "ULK1", "mTORC1", "Rab7A", "Cdc42", "Hsp70", "SNX18", "Vps34", "Tfeb"]
DRUGS = ["rapamycin", "bafilomycin", "chloroquine", "nocodazole", "torin", "wortmannin", "doxycycline", "forskolin"]
CELLS = ["HeLa", "HEK293", "U2OS", "MEF", "COS7", "HCT116"]
NER_LABELS = ("CELL_LINE", "GENEPROD", "SMALL_MOLECULE")
ROLE_LABELS = ("CONTROLLED_VAR", "MEASURED_VAR")

_NER = (
    "Western blot of {G} and {G} in {C} cells treated with {D}.",
    "{C} cells were transfected with siRNA against {G} for 48 h.",
    "Localisation of {G} in {C} cells, with or without {D} (10 nM).",
    "Quantification of the data. Error bars show the mean and SD of three experiments.",
    "Cells lacking {G} were stained for {G}; scale bar, 10 µm.",
)
_ROLES = (
    "Knockdown of {c} reduced the level of {m}, with {n} as loading control.",
    "Cells overexpressing {c} were immunoblotted for {m}.",
    "Quantification of {m} after deletion of {c}.",
    "Staining of {m} in mutants of {c}. {n} served as loading control.",
)
_POOLS = {"G": ("GENEPROD", GENES), "D": ("SMALL_MOLECULE", DRUGS), "C": ("CELL_LINE", CELLS)}


def fill(template: str, rng: random.Random) -> tuple[str, list[Span]]:
    """A template with names in place of {G}, {D}, {C} and {c}, {m}, {n} (a gene with a role or none)."""
    text, spans = "", []
    rest = template
    while "{" in rest:
        head, _, tail = rest.partition("{")
        slot, rest = tail[0], tail[2:]
        label, pool = _POOLS[slot] if slot.isupper() else (slot, GENES)
        name = rng.choice(pool)
        text += head
        spans.append(Span(len(text), len(text) + len(name), label))
        text += name
    return text + rest, spans


def _legend(templates: tuple[str, ...], rng: random.Random, *, has_letters: bool) -> tuple[str, list[Span], list[int]]:
    text, spans, starts = "", [], []
    for i in range(rng.randint(2, 4)):
        if text:
            text += " "
        starts.append(len(text))
        if has_letters:
            text += f"({'ABCD'[i]}) "
        part, own = fill(rng.choice(templates), rng)
        spans += [replace(s, start=s.start + len(text), end=s.end + len(text)) for s in own]
        text += part
    return text, spans, starts


def ner_examples(n: int = 60, seed: int = 0) -> list[Example]:
    rng = random.Random(seed)
    out = []
    for i in range(n):
        text, spans, _ = _legend(_NER, rng, has_letters=bool(i % 2))
        out.append(Example(f"doc{i}#fig-1", f"doc{i}", _split(i), text, tuple(spans), (), NER_LABELS))
    return out


def panel_examples(n: int = 60, seed: int = 0) -> list[Example]:
    rng = random.Random(seed)
    out = []
    for i in range(n):
        text, _, starts = _legend(_NER, rng, has_letters=True)
        spans = tuple(Span(s, s + 1, "PANEL_START") for s in starts)
        out.append(Example(f"doc{i}#fig-1", f"doc{i}", _split(i), text, spans))
    return out


def role_examples(n: int = 60, seed: int = 0) -> list[Example]:
    roles = {"c": "CONTROLLED_VAR", "m": "MEASURED_VAR"}
    rng = random.Random(seed)
    out = []
    for i in range(n):
        text, found, _ = _legend(_ROLES, rng, has_letters=False)
        mentions = tuple(replace(s, label="GENEPROD") for s in found)
        spans = tuple(replace(s, label=roles[s.label]) for s in found if s.label in roles)
        out.append(Example(f"doc{i}#fig-1", f"doc{i}", _split(i), text, spans, (), (), mentions))
    return out


def _split(i: int) -> str:
    return "benchmark" if i % 10 == 9 else "dev" if i % 10 in (7, 8) else "train"


EXAMPLES = {"ner": ner_examples, "panelization": panel_examples, "roles_gene": role_examples}
LABELS = {"ner": NER_LABELS, "panelization": ("PANEL_START",), "roles_gene": ROLE_LABELS}


def tiny_bundle(
    folder: Path, task: str = "ner", *, examples: list[Example] | None = None, seed: int = 5, **encoder: object
) -> BundleInfo:
    """A bundle of the demo profile with an encoder of a few thousand weights; `encoder` overrides its settings."""
    config = load_task_config(task, "demo")
    config["crf"]["iterations"] = 30
    small = {"form_rows": 1024, "part_rows": 512, "gram_rows": 512, "hidden_size": 32, "layers": 1, "heads": 2,
             "intermediate_size": 48, "max_words": 64, "epochs": 4, "learning_rate": 0.01, "batch_units": 512,
             "budget_s": 0.0, "threads": 1, "dropout": 0.1}  # fmt: skip
    config["encoder"].update({**small, **encoder})
    info = BundleInfo(task, LABELS[task], "demo", seed, "compact", config, "corpus/2026-01-01", "0" * 32, "synthetic")
    write_bundle(folder, info, examples if examples is not None else EXAMPLES[task]())
    return info
