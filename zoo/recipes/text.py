"""Tokenizers, texts as token ids, streams of tokens, generation and n-grams."""

from zoo.evaluation.ngram_baseline import Ngrams
from zoo.runtime.beam_search import BeamSearchConfig, run_beam_search
from zoo.runtime.bucketing import bucket_by_length
from zoo.runtime.text_run import TextRun
from zoo.runtime.token_stream import TokenStream, load_token_stream
from zoo.runtime.tokenizer import decode, encode_batch, pad, tokenizer, trim_padding
from zoo.runtime.train_tokenizer import use_tokenizer

__all__ = [
    "BeamSearchConfig",
    "Ngrams",
    "TextRun",
    "TokenStream",
    "bucket_by_length",
    "decode",
    "encode_batch",
    "load_token_stream",
    "pad",
    "run_beam_search",
    "tokenizer",
    "trim_padding",
    "use_tokenizer",
]
