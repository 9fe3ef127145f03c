"""Every error of ours is permanent or transient, and has its exit code."""

from __future__ import annotations

import inspect

from pipelines import errors


def test_tree() -> None:
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.PipelineError)]
    below = [c for c in classes if c is not errors.PipelineError]
    assert len(below) >= 6
    for cls in below:
        assert issubclass(cls, errors.PermanentError) != issubclass(cls, errors.TransientError)
        assert cls.__doc__
        assert cls.exit_code in (2, 3, 4, 5)


def test_exit_codes() -> None:
    assert errors.exit_code_of(errors.QualityError("x")) == 5
    assert errors.exit_code_of(errors.RejectedInput("empty_file", "x")) == 3
    assert errors.exit_code_of(ValueError("x")) == 1
