"""What the rows of data answer, for each kind of output: how it is written, and as a
tensor.

May import: preprocessing, specs, _utils, errors.
"""
