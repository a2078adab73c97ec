"""Build, load strictly and save modules; replay goldens, freeze, fuse batch norm.

May import: preprocessing, cards, artifacts, plugins, specs, _utils, errors.
"""
