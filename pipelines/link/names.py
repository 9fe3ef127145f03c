"""When two spellings are one name: case, Greek letters, dashes, spaces and a plural do not tell names apart."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip
#: Types whose names stand in the plural in a legend: "neurons", "mitochondria" are not gene symbols.
_PLURAL_TYPES = frozenset({"CELL_TYPE", "TISSUE", "ORGANISM", "SUBCELLULAR", "DISEASE", "CELL_LINE", "SMALL_MOLECULE"})
_PLURALS = (("ies", "y"), ("ria", "rion"), ("ei", "eus"), ("oci", "ocus"), ("es", ""), ("s", ""))
_LEAST_STEM = 3


@lru_cache(maxsize=200_000)
def name_key(text: str) -> str:
    """Lower case, compatibility forms folded, Greek letters spelt out; only letters, digits and + remain.

    The plus stays because Na+ is not Na, and CD4+ not CD4.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    folded = "".join(_GREEK.get(c, c) for c in folded)
    plain = "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))
    return "".join(c for c in plain if c.isalnum() or c == "+")


def name_keys(text: str, entity_type: str) -> list[str]:
    """Keys to look a mention up by, the surest first: as it stands, then what it may be the plural of."""
    key = name_key(text)
    keys = [key] if key else []
    if entity_type in _PLURAL_TYPES:
        keys += [
            key[: -len(ending)] + singular
            for ending, singular in _PLURALS
            if key.endswith(ending) and len(key) - len(ending) >= _LEAST_STEM
        ]
    if entity_type == "CELL_LINE" and key.endswith(("cells", "cell")):
        keys.append(key.removesuffix("s").removesuffix("cell"))
    return [k for k in dict.fromkeys(keys) if k]
