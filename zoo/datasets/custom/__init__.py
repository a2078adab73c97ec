"""Read a user's own data: folders, tables, masks, time series. No torch.

`tables` reads every table, `splits` tells the folders of splits from those of classes,
and `reader` makes rows with targets of either. `table_inputs` has the rows of a table
for a prediction.

May import: the other modules of `zoo.datasets` and what those may import.
"""
