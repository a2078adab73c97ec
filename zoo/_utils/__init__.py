"""Small helpers that know nothing of models: paths, atomic writes, file locks, import
strings, facts about the hardware.

May import: errors.
"""
