"""Objects as they are written beside pictures: one module for each form, and `folder`,
which tells the forms and the splits of a folder apart.

May import: the other modules of `zoo.tasks.targets` and what those may import.
"""
