"""Which licences a user allows: nothing that they do not is even fetched."""

from dataclasses import replace

import pytest
from far import GATES, NAME, Far, far

import zoo
from zoo.artifacts import license_policy
from zoo.errors import LicenseError
from zoo.specs import License

__all__ = ["far"]  # a fixture

DATA = "the licence of its data is 'cc-by-sa-3.0'"
WEIGHTS = "the licence of its weights is 'apache-2.0'"
CODE = "the licence of its code is 'MIT'"

POLICIES = {
    "any": [],
    "permissive": [CODE, DATA],  # identifiers of the Hub are in lower case
    "mit": [WEIGHTS, DATA],
    "mit,apache-2.0": [DATA],
    "mit, Apache-2.0, cc-by-sa-3.0": [],
    "mit,apache-2.0,data:any": [],
    "permissive,code:mit,data:cc-by-sa-3.0": [],
    "code:any": [WEIGHTS, DATA],
    "code:any,weights:permissive,data:permissive": [DATA],
    "weights:mit,data:mit": [CODE, WEIGHTS, DATA],
    "permisive": [CODE, WEIGHTS, DATA],
    ",": [CODE, WEIGHTS, DATA],
}


@pytest.mark.parametrize("words", POLICIES)
def test_what_a_policy_refuses(words: str) -> None:
    """
    Each part of a licence needs a word of its own, one for all parts, or a group.
    """
    license = License(code="MIT", weights="apache-2.0", data="cc-by-sa-3.0")
    spec = replace(zoo.get_spec("lenet5-mnist"), license=license)

    assert license_policy.violation(spec, words) == POLICIES[words]


def test_without_a_policy_all_is_allowed(far: Far) -> None:
    """
    An unset variable, and an empty one, say nothing.
    """
    for value in ("", "  "):
        far.patch.setenv("ZOO_LICENSES", value)

        assert zoo.load(NAME)


@pytest.mark.parametrize("act", [zoo.load, zoo.fetch], ids=["load", "fetch"])
def test_a_refused_model_costs_no_request(far: Far, act: object) -> None:
    """
    The licence is known before the weights are, so nothing is asked for.
    """
    assert callable(act)
    far.patch.setenv("ZOO_LICENSES", "permissive")

    with pytest.raises(LicenseError) as caught:
        act(NAME)

    assert far.hub.requests == []
    assert str(caught.value) == (
        "'far-line' is not allowed by ZOO_LICENSES='permissive': the licence of its "
        "data is 'unknown'. Allow it there, or choose a model that 'zoo search "
        "--license' finds."
    )


def test_the_weights_of_a_refused_repository_are_not_fetched(far: Far) -> None:
    """
    Its licences stand in config.json, so that much has to be looked at.
    """
    far.publish()
    far.patch.setenv("ZOO_LICENSES", "gpl-3.0")

    with pytest.raises(LicenseError, match="'xor-mlp' is not allowed by ZOO_LICENSES"):
        zoo.load(GATES)

    assert far.hub.count("GET", "config.json") == 1
    assert far.hub.count("GET|HEAD", "model.safetensors") == 0


def test_an_allowed_part_lets_it_in(far: Far) -> None:
    """
    What the message names can be allowed alone.
    """
    far.patch.setenv("ZOO_LICENSES", "permissive,data:unknown")

    assert zoo.load(NAME).zoo.spec.license.data == "unknown"


def test_a_shipped_model_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A policy is about use, not about where a file comes from.
    """
    monkeypatch.setenv("ZOO_LICENSES", "gpl-3.0")

    with pytest.raises(LicenseError, match="the licence of its code is 'mit'"):
        zoo.load("xor-mlp")
