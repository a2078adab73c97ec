"""A text in, the same in another language out. The Hub's tag is translation.

`zoo.runtime.beam_search` has the search, and describes the two methods that a module
must have. One tokenizer serves both languages. A model is fine-tuned as a whole, by
teacher forcing, and measured by what the search finds.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.errors import DataError, DataWarning
from zoo.models.metadata import model_metadata
from zoo.preprocessing.preprocessor import InputWarning
from zoo.runtime import tokenizer, translation
from zoo.runtime.beam_search import BeamSearchConfig, run_beam_search
from zoo.runtime.translation_metrics import translation_metrics
from zoo.runtime.user_warnings import warn_user
from zoo.specs import ModelSpec, TextInput, TranslationOutput
from zoo.tasks._task import Figures, FinetuneSettings, RawRows
from zoo.tasks._tokens import TokenTask
from zoo.tasks.results.result import Result
from zoo.tasks.results.translation import Alternative, Translation

__all__ = ["TASK"]

SEARCH = BeamSearchConfig()  # by which translations are measured


class Translating(TokenTask[TranslationOutput]):
    output_types = (TranslationOutput,)
    uses_beam_search = True
    options = translation.OPTIONS
    metric = "chrf"  # which says something of few pairs too, and of any alphabet
    own_loss = True
    tie_breakers = ()
    finetune_defaults: ClassVar[Mapping[str, Any]] = {
        "freeze": "none",
        "lr": 5e-4,
        "clip": 1.0,
    }

    def load_item(self, item: Any, input_spec: TextInput) -> str | Tensor:
        """Return a text that the model can read to its end, or an InputError.

        Line breaks and repeated spaces become single spaces.
        """
        loaded: str | Tensor = super().load_item(item, input_spec)
        return translation.fitting(loaded, input_spec)

    def input_warnings(
        self, batch: Tensor, input_spec: TextInput
    ) -> list[InputWarning]:
        """Return a warning where most of a text is of letters without a token."""
        if not mostly_strange(batch, input_spec).any():
            return super().input_warnings(batch, input_spec)
        language = f" (language: {input_spec.language})" if input_spec.language else ""
        sentence = (
            "A text is mostly of signs that the model has no token for, so its "
            "translation means nothing: check the language and the alphabet"
            f"{language}."
        )
        return [InputWarning("letters", sentence)]

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return translations; `options` are those of `BeamSearchConfig`."""
        results = translation.predict(module, given, opened, **options)
        return [_typed(one) for one in results]

    # Fine-tuning, and measuring

    def learns_whole(self, spec: ModelSpec) -> bool:
        return True

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        self.refuse_head_settings(spec, chosen, "sentence pairs", {})

    def compute_own_loss(
        self, module: nn.Module, batch: Tensor, target: Tensor
    ) -> Tensor:
        """Return the mean cross-entropy of the tokens of translations, each after the
        right ones before it (teacher forcing)."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        source = tokenizer.trim_padding(batch, input_spec)
        ends = target[:, 1:] == output_spec.eos_token_id
        counted = ends.cumsum(dim=1) - ends.long() == 0  # up to the first end
        width = int(counted.sum(dim=1).max())
        labels, counted = target[:, 1 : width + 1], counted[:, :width]
        logits = torch.as_tensor(module(source, target[:, :width]))
        return cross_entropy(logits[counted].float(), labels[counted])

    def check_targets(
        self, module: nn.Module, given: Tensor, targets: Mapping[str, Sequence[Any]]
    ) -> None:
        """Refuse translations that are longer than any that is found; warn where most
        of a split are in letters that the model has no tokens for."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        most = SEARCH.most(input_spec.max_length)
        for source, texts in targets.items():
            rows = [tokenizer.encode_untruncated(one, input_spec) for one in texts]
            for number, row in enumerate(rows, start=1):
                if len(row) > most:
                    raise DataError(
                        f"{source}: translation {number} has {len(row):,} tokens, and "
                        f"the model writes {most:,} at most: give it sentence by "
                        "sentence."
                    )
            strange = mostly_strange(tokenizer.pad(rows, input_spec), input_spec)
            if 2 * int(strange.sum()) > len(rows):
                language = output_spec.language
                known = f" (language: {language})" if language else ""
                warn_user(
                    f"{source}: most translations are of signs that the model has no "
                    f"token for, and are learned byte by byte{known}. It takes many "
                    "more pairs to learn another alphabet: check the column.",
                    DataWarning,
                )

    def measured_output(
        self, module: nn.Module, batch: Tensor, rows: RawRows
    ) -> Tensor:
        """Return the tokens of the translations that the default search finds, padded
        to as many as a translation can have."""
        input_spec, _ = self.signature(model_metadata(module).spec)
        padding = input_spec.pad_token_id
        sources = [[n for n in row if n != padding] for row in batch.tolist()]
        found = run_beam_search(module, sources, plan=SEARCH)
        shape = len(batch), SEARCH.most(input_spec.max_length)
        output = torch.full(shape, padding, dtype=torch.int32)
        for row, candidates in enumerate(found):
            tokens = candidates[0].tokens
            output[row, : len(tokens)] = torch.tensor(tokens, dtype=torch.int32)
        return output

    def measure_output(
        self, module: nn.Module, output: Tensor, rows: RawRows
    ) -> dict[str, float]:
        """Return chrF and BLEU; see `zoo.runtime.translation_metrics`."""
        input_spec, _ = self.signature(model_metadata(module).spec)
        padding = input_spec.pad_token_id
        texts = [
            tokenizer.decode([n for n in row if n != padding], input_spec)
            for row in output.tolist()
        ]
        return translation_metrics(texts, rows.targets)

    def baselines(
        self,
        training: RawRows,
        rows: RawRows,
        input_spec: TextInput,
        output_spec: TranslationOutput,
    ) -> dict[str, Figures]:
        """Return what the texts reach that are left as they are."""
        texts = [
            " ".join(str(self.load_item(item, input_spec)).split())
            for item in rows.items
        ]
        return {"copy of the text": translation_metrics(texts, rows.targets)}


TASK = Translating()


def mostly_strange(batch: Tensor, input_spec: TextInput) -> Tensor:
    """Return of which rows, (rows,), more than half of the tokens are parts of a
    character: the alphabet has no tokens of its own."""
    made = tokenizer.tokenizer(input_spec)
    parts = [
        n for n in batch.unique().tolist() if translation.BROKEN in made.decode([n])
    ]
    strange = torch.isin(batch, torch.tensor(parts, dtype=batch.dtype)).sum(dim=1)
    return 2 * strange > (batch != input_spec.pad_token_id).sum(dim=1)


def _typed(one: Mapping[str, Any]) -> Translation:
    others = tuple(Alternative(**each) for each in one["alternatives"])
    return Translation(**{**one, "alternatives": others})
