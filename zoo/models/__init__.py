"""The life of a module: build, load strictly, save, replay a golden, freeze, fuse.

May import: preprocessing, cards, artifacts, plugins, specs, _utils, errors.
"""
