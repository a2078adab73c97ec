"""Names "prefix/...": a plugin resolves them when one is asked for, and not before."""

import subprocess
import sys

import pytest
from far import Far, far

import zoo
from zoo import Namespace
from zoo.errors import ModelNotFound, PluginError, SpecError
from zoo.plugins.discovery import installed

__all__ = ["far"]  # a fixture

NAME = "far/line.v1"


def test_a_name_is_resolved_by_its_plugin(far: Far) -> None:
    """
    The spec is the plugin's, under the whole name.
    """
    spec = zoo.get_spec(NAME)

    assert (spec.name, spec.build) == (NAME, "zoo_far.model:make")
    assert spec.weights == zoo.Weights(
        size=None, sha256=None, repo="alice/line", revision="main"
    )


def test_listing_does_not_import_the_library(far: Far) -> None:
    """
    The functions of a namespace lie in a module that only a name with the prefix
    imports.
    """
    assert NAME not in zoo.list_models()
    assert "zoo_far.bridge" not in sys.modules

    assert zoo.list_models("far/*") == ["far/line.v1", "far/line.v2"]
    assert "zoo_far.bridge" in sys.modules


def test_an_unknown_name_has_near_misses(far: Far) -> None:
    """
    The namespace's own names are proposed, by whoever looks for it.
    """
    for look in (zoo.get_spec, zoo.build, zoo.load, zoo.predict):
        with pytest.raises(ModelNotFound) as refused:
            look("far/line.v3", *([] if look is not zoo.predict else [{}]))

        assert str(refused.value) == (
            "No model named 'far/line.v3'. Did you mean 'far/line.v2' or 'far/line.v1'?"
        )


def test_an_unknown_prefix_is_no_model(far: Far) -> None:
    """
    It is the path of a folder, as before.
    """
    with pytest.raises(ModelNotFound):
        zoo.get_spec("near/line.v1")
    with pytest.raises(
        zoo.ZooError, match=r"^near/line\.v1 is not a checkpoint folder"
    ):
        zoo.load("near/line.v1")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "failing",
            "'zoo_far.bridge:resolve' failed for ('failing',) (ValueError: no such "
            "luck).",
        ),
        (
            "misnamed",
            "'zoo_far.bridge:resolve' returned 'far-line' with "
            "build='zoo_far.model:make' for 'far/misnamed'. It should return a "
            "ModelSpec of that name with build='zoo_far.model:make'.",
        ),
    ],
)
def test_a_namespace_that_fails_is_blamed(far: Far, name: str, problem: str) -> None:
    """
    The message names the function, and the plugin that it belongs to.
    """
    with pytest.raises(PluginError) as refused:
        zoo.get_spec(f"far/{name}")

    assert str(refused.value) == f"Plugin 'far': {problem}"


def test_a_prefix_is_a_word() -> None:
    """
    A slash or a capital would make names that nobody can ask for.
    """
    with pytest.raises(SpecError) as refused:
        Namespace(prefix="Far/", summary="", resolve="a:b", names="a:b", build="a:b")

    assert str(refused.value) == (
        "Namespace 'Far/': prefix='Far/' should be lower-case words joined by hyphens."
    )


def test_the_namespaces_of_this_repository_cost_no_import() -> None:
    """
    A list of all models imports neither torch nor a library whose names are bridged.
    """
    prefixes = sorted(installed().namespaces)
    code = (
        "import sys, zoo; zoo.list_models(); "
        f"print([name for name in ['torch', *{prefixes!r}] if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )

    assert prefixes
    assert done.stdout == "[]\n"
