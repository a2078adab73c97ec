"""Tokenizers, texts as token ids, streams of tokens, generation and n-grams."""

from zoo.evaluation.ngram_baseline import Ngrams
from zoo.runtime.beam_search import BeamSearchConfig, search
from zoo.runtime.tokenizer import numbers, padded, spelled, tokenizer, trimmed
from zoo.training.token_stream import Stream, stream
from zoo.training.train_tokenizer import training_texts, use_tokenizer

__all__ = [
    "BeamSearchConfig",
    "Ngrams",
    "Stream",
    "numbers",
    "padded",
    "search",
    "spelled",
    "stream",
    "tokenizer",
    "training_texts",
    "trimmed",
    "use_tokenizer",
]
