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
    "permissive" for those that require attribution at most, "any" for all. An entry
    applies to code, weights and data, or to one of them: "data:any".
    Raises LicenseError.
    """
    policy = os.environ.get("ZOO_LICENSES", "").strip()
    if policy:
        bad = violation(spec, policy)
        if bad:
            raise LicenseError(spec.name, bad, policy)


def violation(spec: ModelSpec, policy: str) -> list[str]:
    """Return what a policy does not allow of a model, such as "data is 'unknown'"."""
    entries = [entry.strip().lower() for entry in policy.split(",") if entry.strip()]
    violations: list[str] = []
    for part in PARTS:
        license = getattr(spec.license, part)
        allowed = {entry.removeprefix(f"{part}:") for entry in entries}
        permissive = "permissive" in allowed and license in PERMISSIVE
        if not (permissive or {"any", license.lower()} & allowed):
            violations.append(f"the licence of its {part} is {license!r}")
    return violations
