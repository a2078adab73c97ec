"""Files of models: the weight store and its hashes, checkpoint folders, the Hub and its
client, lock files, bundles, the cache, licences. No torch.

May import: plugins, specs, _utils, errors.
"""
