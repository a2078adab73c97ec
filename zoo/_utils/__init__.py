"""Small helpers that know nothing of models: paths and whole writes, import strings,
facts about the hardware.

May import: errors.
"""
