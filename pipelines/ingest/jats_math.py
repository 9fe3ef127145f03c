"""Formulas in captions as short readable text: MathML tokens in order, TeX without its preamble and commands."""

from __future__ import annotations

import re

from lxml import etree

#: TeX groups inside each other that are resolved; deeper ones lose their braces only.
_MAX_GROUPS = 20
_INVISIBLE = dict.fromkeys(range(0x2061, 0x2065), None)
_TEX_BODY = re.compile(r"\\begin\{document\}(.*?)\\end\{document\}", re.S)
_TEX_SETUP = re.compile(r"\\(?:documentclass|usepackage|setlength)(?:\[[^\]]*\])?(?:\{[^{}]*\})*")
_TEX_STYLE = r"(?:math[a-z]*|text[a-z]*|operatorname|[mh]box|overline|underline|rm|it|bf)"
#: Innermost groups first; repeated until nothing changes. \\x05 keeps a command before a group apart from its text.
_TEX_FORMS = (
    (re.compile(r"\\" + _TEX_STYLE + r"\s*\{([^{}]*)\}"), "\x05\\1"),
    (re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\sqrt\s*\{([^{}]*)\}"), r"√(\1)"),
    (re.compile(r"[\^_]\{([^{}]*)\}"), r"\1"),
)
_TEX_MARKS = re.compile(r"\\(?:left|right|displaystyle|limits|rm|it|bf)\b")
_TEX_COMMAND = re.compile(r"\\([A-Za-z]+)")
_GREEK_NAMES = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_GREEK = dict(zip(_GREEK_NAMES, "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
_SIGNS = {
    "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠",
    "approx": "≈", "sim": "∼", "infty": "∞", "to": "→", "rightarrow": "→", "leftarrow": "←", "sum": "∑", "prod": "∏",
    "int": "∫", "partial": "∂", "degree": "°", "circ": "°", "prime": "′", "ldots": "…", "dots": "…", "quad": " ",
    "varepsilon": "ε", "vartheta": "θ", "varphi": "φ", "ell": "ℓ", "langle": "⟨", "rangle": "⟩",
}  # fmt: skip


def math_text(element: etree._Element) -> str:
    """MathML as one line: `a/b` for fractions, `√(x)` for roots, scripts without a mark, as in plain text."""
    return _math(element).translate(_INVISIBLE).strip()


def _math(element: etree._Element) -> str:
    if not isinstance(element.tag, str):
        return ""
    name = element.tag.rpartition("}")[2]
    if name in {"annotation", "annotation-xml", "mphantom"}:
        return ""
    if name == "mspace":
        return " "
    parts = [_math(child) for child in element]
    if not len(element):
        text = element.text or ""
        return text if name == "mtext" else (text.strip() or (" " if text else ""))
    return _composed(name, element, [part for part in parts if part])


def _composed(name: str, element: etree._Element, parts: list[str]) -> str:
    inner = "".join(parts)
    if name == "mfrac" and len(parts) == 2:
        return "/".join(part if len(part) <= 2 or part.isalnum() else f"({part})" for part in parts)
    if name == "msqrt":
        return f"√({inner})" if len(inner) > 1 else f"√{inner}"
    if name == "mfenced":
        separator = (element.get("separators") or ",")[:1] if element.get("separators") != "" else ""
        return f"{element.get('open', '(')}{separator.join(parts)}{element.get('close', ')')}"
    return inner


def tex_text(source: str) -> str:
    """TeX as one line: the document's body only, commands as signs where Unicode has them, else as words."""
    body = _TEX_BODY.search(source)
    text = (body.group(1) if body else _TEX_SETUP.sub("", source)).replace("$", " ")
    for _ in range(_MAX_GROUPS):
        before = text
        for pattern, form in _TEX_FORMS:
            text = pattern.sub(form, text)
        if text == before:
            break
    text = re.sub(r"\\[,;:! ]|~", " ", _TEX_MARKS.sub("", text))
    text = _TEX_COMMAND.sub(_tex_sign, text)
    return re.sub(r"\s+", " ", re.sub(r"[{}^_\x05]|\\(?=\W)", "", text)).strip()


def _tex_sign(match: re.Match[str]) -> str:
    name = match.group(1)
    plain = name.removeprefix("up") if name not in _SIGNS and name.lower() not in _GREEK else name
    if plain in _SIGNS:
        return _SIGNS[plain]
    sign = _GREEK.get(plain.lower())
    if sign is None:
        return name
    return sign.upper() if plain[0].isupper() else sign
