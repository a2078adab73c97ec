"""Read a user's own data: folders, tables, masks, time series. No torch.

May import: the other modules of `zoo.datasets` and what those may import.
"""
