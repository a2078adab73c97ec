"""What every model in the zoo promises, as checks that a plugin's tests can call.

    import pytest, zoo
    from zoo.testing import CHECKS

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    @pytest.mark.parametrize("name", zoo.list_models("my-*"))
    def test_promise(name, check, tmp_path):
        check(zoo.get_spec(name), tmp_path)

May import: everything but tuning, sharing and cli.
"""

from zoo.testing.checks import CHECKS, Check
from zoo.testing.remark import Remark, not_applicable, placeholder_left

__all__ = ["CHECKS", "Check", "Remark", "not_applicable", "placeholder_left"]
