"""A `Preprocessor` for each kind of input: what people have, read by `zoo.runtime`, and
what datasets hold, as the tensors that models take.

May import: specs, _utils, errors, runtime.
"""
