# A contributor's way, from an empty directory to a model that others load.
# PYTHON has torch and the zoo, INSTALL puts a folder or wheel beside them.
set -e
$PYTHON -m zoo new sparrow
$INSTALL ./zoo-sparrow
$PYTHON -m zoo check zoo-sparrow
$PYTHON -m zoo train sparrow -o runs/sparrow
$PYTHON -m zoo publish runs/sparrow --repo alice/sparrow --json > published.json
