from __future__ import annotations

import pytest

from pipelines.core.gold import TASKS
from pipelines.errors import UsageError
from pipelines.train.config import CrfConfig, EncoderConfig, config_of, load_task_config


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("profile", ["demo", "nightly"])
def test_every_task_has_both_profiles_in_full(task: str, profile: str) -> None:
    raw = load_task_config(task, profile)
    assert set(raw) == {"crf", "data", "encoder"}
    assert raw["data"] == {"auxiliary": []}
    assert config_of(CrfConfig, raw["crf"]).iterations > 0
    assert config_of(EncoderConfig, raw["encoder"]).epochs > 0


def test_missing_and_unknown_keys_are_named() -> None:
    raw = load_task_config("ner", "demo")["crf"]
    with pytest.raises(UsageError, match="lacks c1"):
        config_of(CrfConfig, {k: v for k, v in raw.items() if k != "c1"})
    with pytest.raises(UsageError, match="unknown keys c3"):
        config_of(CrfConfig, {**raw, "c3": 1})
    with pytest.raises(UsageError, match="no profile 'hourly'"):
        load_task_config("ner", "hourly")
