"""Tokenizers, texts as token ids, streams of tokens, generation and n-grams."""

from zoo.evaluation.ngram_baseline import Ngrams
from zoo.runtime.beam_search import BeamSearchConfig, search
from zoo.runtime.ordering import by_length
from zoo.runtime.token_stream import Stream, stream
from zoo.runtime.tokenizer import numbers, padded, spelled, tokenizer, trimmed
from zoo.runtime.train_tokenizer import use_tokenizer

__all__ = [
    "BeamSearchConfig",
    "Ngrams",
    "Stream",
    "by_length",
    "numbers",
    "padded",
    "search",
    "spelled",
    "stream",
    "tokenizer",
    "trimmed",
    "use_tokenizer",
]
