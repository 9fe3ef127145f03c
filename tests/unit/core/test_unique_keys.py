"""Keys that remember: the same as looking each key up among all, at no growing cost."""

from __future__ import annotations

import random

from pipelines.core.ids import UniqueKeys, unique_key


def test_remembered_keys_are_those_that_a_look_up_gives() -> None:
    rng = random.Random(1)
    for _ in range(200):
        keys, taken = UniqueKeys(), []
        for _ in range(rng.randrange(60)):
            key = rng.choice(["fig-1", "fig-1-b", "fig-1-c", "fig-2", "fig-1-b-b"])
            taken.append(unique_key(key, taken))
            assert keys.add(key) == taken[-1]
        assert len(keys) == len(taken)
