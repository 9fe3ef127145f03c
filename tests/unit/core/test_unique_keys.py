"""Keys that remember, and figures matched by group: the same as looking at every pair, at no growing cost."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

import pytest

from pipelines.core.ids import KnownFigure, UniqueKeys, match_figure_keys


def unique_key(key: str, taken: Collection[str]) -> str:
    """`key`, or key-b, key-c, … where it is taken: looked up from the beginning each time."""
    if key not in taken:
        return key
    n = 1
    while True:
        suffix = chr(ord("a") + n) if n < 26 else str(n + 1)
        if f"{key}-{suffix}" not in taken:
            return f"{key}-{suffix}"
        n += 1


def shared_words(a: str | None, b: str | None) -> float:
    words_a, words_b = set((a or "").lower().split()), set((b or "").lower().split())
    return len(words_a & words_b) / max(len(words_a), len(words_b)) if words_a and words_b else 0.0


def match_every_pair(known: Sequence[KnownFigure], new: Sequence[KnownFigure]) -> list[str]:
    """The rule as the architecture states it, pair by pair."""
    result: dict[int, str] = {}
    free = {k.key: k for k in known}
    for i, figure in enumerate(new):
        same = [k for k in free.values() if figure.legend and k.legend == figure.legend]
        if same:
            best = sorted(same, key=lambda k: (k.label != figure.label, k.jats_id != figure.jats_id, k.key))[0]
            result[i] = free.pop(best.key).key
    for attribute in ("label", "jats_id"):
        for i, figure in enumerate(new):
            wanted = getattr(figure, attribute)
            if i in result or not wanted:
                continue
            for k in sorted(free.values(), key=lambda k: k.key):
                alike = (not k.legend and not figure.legend) or shared_words(k.legend, figure.legend) >= 0.6
                if getattr(k, attribute) == wanted and alike:
                    result[i] = free.pop(k.key).key
                    break
    taken = {k.key for k in known}
    for i, figure in enumerate(new):
        if i not in result:
            result[i] = unique_key(figure.key, taken | set(result.values()))
    return [result[i] for i in range(len(new))]


def test_remembered_keys_are_those_that_a_look_up_gives() -> None:
    rng = random.Random(1)
    for _ in range(200):
        keys, taken = UniqueKeys(), []
        for _ in range(rng.randrange(60)):
            key = rng.choice(["fig-1", "fig-1-b", "fig-1-c", "fig-2", "fig-1-b-b"])
            taken.append(unique_key(key, taken))
            assert keys.add(key) == taken[-1]
        assert len(keys) == len(taken)


def some_figures(rng: random.Random, keys: UniqueKeys | None) -> list[KnownFigure]:
    out = []
    for _ in range(rng.randrange(9)):
        key = rng.choice(["fig-1", "fig-2", "fig-1-b"])
        words = [rng.choice(["one", "two", "three", "four"]) for _ in range(rng.randrange(5))]
        out.append(KnownFigure(
            key if keys is None else keys.add(key), rng.choice([None, "Figure 1", "Figure 2"]),
            rng.choice([None, "", "f1", "f2"]), " ".join(words) or rng.choice([None, ""]),
        ))  # fmt: skip
    return out


def test_figures_get_the_keys_that_every_pair_gives() -> None:
    rng = random.Random(2)
    n_matched = 0
    for _ in range(3000):
        known, new = some_figures(rng, UniqueKeys()), some_figures(rng, None)
        keys = match_figure_keys(known, new)
        assert keys == match_every_pair(known, new)
        assert len(set(keys)) == len(keys)
        n_matched += len(set(keys) & {k.key for k in known})
    assert n_matched > 2000


@pytest.mark.timeout(60)
def test_thousands_of_figures_under_one_label_are_matched_in_seconds() -> None:
    """Every pair would be nine million comparisons of legends, hours of them."""
    rng = random.Random(3)
    words = [f"w{i}" for i in range(3000)]
    legends = [" ".join(rng.choices(words, k=150)) for _ in range(6000)]
    known = [KnownFigure(f"fig-1-{i + 1}", "Figure 1", "f1", legend) for i, legend in enumerate(legends[:3000])]
    new = [KnownFigure("fig-1", "Figure 1", "f1", legend) for legend in legends[3000:]]
    keys = match_figure_keys(known, new)
    assert len(set(keys)) == 3000
    assert match_figure_keys(known, list(reversed(known))) == [k.key for k in reversed(known)]
