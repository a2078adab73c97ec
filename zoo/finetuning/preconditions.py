"""Checks before a fine-tuning begins: the model and the settings."""

from zoo._utils.import_string import load_module
from zoo.errors import OptionError
from zoo.finetuning.lora import require_peft
from zoo.finetuning.strategies import Settings
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.training.train import is_trainable

__all__ = ["check"]


def check(spec: ModelSpec, chosen: Settings) -> None:
    """Refuse a model that can't be fine-tuned, settings that are not for it, and those
    that need a package which is not there."""
    if spec.head is None and not task_of(spec).learns_whole(spec):
        problem = _refusal(spec)
        if is_trainable(spec):
            problem += (
                f" 'zoo eject {spec.name} FOLDER' makes its recipe yours, to train it "
                "on other data."
            )
        raise OptionError(spec.name, problem, list(spec.options))
    task_of(spec).check_finetuning(spec, chosen)
    if chosen.freeze == "lora":
        require_peft()


def _refusal(spec: ModelSpec) -> str:
    """Return why a model can't be fine-tuned: the module with the build function may
    offer `FINETUNE_REFUSAL`, a sentence."""
    module = load_module(spec.build.partition(":")[0], plugin=spec.package)
    usual = "it declares no head, so there is nothing to fine-tune on top of it."
    return str(getattr(module, "FINETUNE_REFUSAL", usual))
