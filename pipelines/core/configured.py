"""Typed settings from plain values: a section of a configuration and the environment give a frozen dataclass. Pure."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

from pipelines.errors import UsageError

_PREFIX = "NIGHTCAP_"


def _parse(text: str, hint: Any, where: str) -> Any:
    """A value from an environment variable: JSON for lists and booleans, else text or number."""
    if hint is str:
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f'{where}: {text!r} is no JSON value ({error}); write a list as ["a","b"]') from error


def _check(value: Any, hint: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin is tuple:
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, get_args(hint)[0]) for v in value):
            raise UsageError(f"{where} must be a list of {get_args(hint)[0].__name__}, not {value!r}")
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = get_args(hint) if origin in (Union, types.UnionType) else (hint,)
    if not isinstance(value, expected) or (isinstance(value, bool) and hint is not bool):
        raise UsageError(f"{where} must be {hint.__name__}, not {value!r}")
    return value


def build(cls: Any, data: Mapping[str, Any], environ: Mapping[str, str], where: str) -> Any:
    """A settings class from a section; NIGHTCAP_<SECTION>__<KEY> of the environment overrides. `where`: path of the
    section with its dot. UsageError names the key that is unknown, missing or of another type."""
    hints = get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls)]
    if unknown := sorted(set(data) - set(names)):
        raise UsageError(f"unknown setting {where}{unknown[0]}; known: {', '.join(names)}")
    values: dict[str, Any] = {}
    for name in names:
        hint, path = hints[name], f"{where}{name}"
        variable = _PREFIX + path.upper().replace(".", "__")
        if dataclasses.is_dataclass(hint):
            values[name] = build(hint, data.get(name, {}), environ, f"{path}.")
        elif variable in environ:
            values[name] = _check(_parse(environ[variable], hint, variable), hint, variable)
        elif name in data:
            values[name] = _check(data[name], hint, path)
        else:
            raise UsageError(f"missing setting {path}")
    return cls(**values)
