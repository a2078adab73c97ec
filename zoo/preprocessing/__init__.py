"""From raw input to model input: images, table rows, texts, time series, tokenizers,
normalisation.

May import: artifacts, specs, _utils, errors.
"""
