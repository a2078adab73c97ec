"""`zoo eject`: a model's code, recipe and weights as a package that needs no zoo."""
