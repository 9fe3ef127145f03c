"""What a night looks like beside those that were accepted before it."""

from __future__ import annotations

import pytest

from pipelines.quality.drift import DECAY, KINDS, UNITS, NightCounts, compare, counts_from, distance, pool


def night(**classes: int) -> NightCounts:
    rows: list[dict[str, object]] = [{"kind": "class", "name": k, "n": n} for k, n in classes.items()]
    rows.append({"kind": "unit", "name": "annotation", "n": sum(classes.values())})
    return counts_from(rows)


def test_the_first_night_is_compared_with_nothing() -> None:
    assert compare(night(GENEPROD=900), NightCounts(), 200) == dict.fromkeys([*KINDS.values(), *UNITS.values()])


def test_equal_shares_are_no_drift_and_another_class_is_all_of_it() -> None:
    before = night(GENEPROD=300, TISSUE=100)
    assert compare(night(GENEPROD=600, TISSUE=200), before, 200)["class_mix_drift"] == 0.0
    assert compare(night(CELL_LINE=400), before, 200)["class_mix_drift"] == 1.0
    assert compare(night(GENEPROD=100, TISSUE=99), before, 200)["class_mix_drift"] is None
    assert distance({"a": 3, "b": 1}, {"a": 1, "b": 1}) == pytest.approx(0.25)


def test_volume_is_told_in_usual_nights() -> None:
    before = pool(pool(NightCounts(), night(GENEPROD=1000)), night(GENEPROD=1000))
    assert before.n_nights == 1 + DECAY
    assert compare(night(GENEPROD=500), before, 200)["volume_ratio_annotations"] == pytest.approx(0.5)
    assert compare(night(), before, 200)["volume_ratio_annotations"] is None


def test_old_nights_fade() -> None:
    pooled = pool(pool(NightCounts(), night(TISSUE=100)), night(GENEPROD=100))
    assert pooled.of("class") == {"GENEPROD": 100.0, "TISSUE": 100.0 * DECAY}
    assert NightCounts(**pooled.to_dict()) == pooled  # type: ignore[arg-type]
