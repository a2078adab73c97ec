"""Which licences a user allows: ZOO_LICENSES."""

import os

from zoo.errors import LicenseError
from zoo.specs import ModelSpec

__all__ = ["PERMISSIVE", "enforce", "violation"]

PERMISSIVE = frozenset(
    {
        *("0bsd", "apache-2.0", "bsd", "bsd-2-clause", "bsd-3-clause", "bsl-1.0"),
        *("cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc0-1.0", "isc", "mit", "ms-pl"),
        *("odc-by", "pddl", "postgresql", "public-domain", "unlicense", "zlib"),
    }
)
PARTS = ("code", "weights", "data")


def enforce(spec: ModelSpec) -> None:
    """Refuse a model that ZOO_LICENSES does not allow; without it, allow all.

    The value is a list such as "permissive,cc-by-sa-3.0": identifiers as on the Hub,
    "permissive" for those that ask for no more than credit, "any" for all. An entry
    counts for code, weights and data, or for one of them: "data:any".
    Raises LicenseError.
    """
    policy = os.environ.get("ZOO_LICENSES", "").strip()
    if policy:
        bad = violation(spec, policy)
        if bad:
            raise LicenseError(spec.name, bad, policy)


def violation(spec: ModelSpec, policy: str) -> list[str]:
    """Return what a policy does not allow of a model, such as "data is 'unknown'"."""
    words = [word.strip().lower() for word in policy.split(",") if word.strip()]
    found: list[str] = []
    for part in PARTS:
        license = getattr(spec.license, part)
        allowed = {word.removeprefix(f"{part}:") for word in words}
        permissive = "permissive" in allowed and license in PERMISSIVE
        if not (permissive or {"any", license.lower()} & allowed):
            found.append(f"the licence of its {part} is {license!r}")
    return found
