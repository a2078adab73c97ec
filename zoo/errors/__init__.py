"""Every error zoo raises on purpose.

* ZooError
  - NotFound
    + ModelNotFound
    + DatasetNotFound
    + SplitNotFound
  - PluginError
    + DuplicateName
  - SpecError
  - SettingsError
  - OptionError
  - InputError
  - VerbError
  - DataError
  - WeightsError
    + NoWeights
    + NotSafetensors
    + IntegrityError
    + MisfitError
    + AdoptError
    + HubError
      * NotOnHub
      * GatedError
      * OfflineError
      * UnreachableError
      * CacheError
  - LicenseError
  - LockError
  - BundleError
  - PublishError
  - CheckpointError
  - CardError
  - TrainingError
    + Collapsed
    + Diverged
  - CheckError
  - StartError
  - EjectError
  - MissingExtra

A message says what happened, who is to blame, and what to do next.
"""

from zoo.errors.base import ZooError, near
from zoo.errors.files import (
    AdoptError,
    BundleError,
    CacheError,
    CheckpointError,
    GatedError,
    HubError,
    IntegrityError,
    LicenseError,
    LockError,
    MisfitError,
    NotOnHub,
    NotSafetensors,
    NoWeights,
    OfflineError,
    PublishError,
    TrustWarning,
    UnreachableError,
    WeightsError,
)
from zoo.errors.use import (
    CardError,
    CheckError,
    Collapsed,
    DataError,
    DatasetNotFound,
    Diverged,
    DuplicateName,
    EjectError,
    InputError,
    MissingExtra,
    ModelNotFound,
    NotFound,
    OptionError,
    PluginError,
    SettingsError,
    SpecError,
    SplitNotFound,
    StartError,
    TrainingError,
    VerbError,
)

__all__ = [
    "AdoptError",
    "BundleError",
    "CacheError",
    "CardError",
    "CheckError",
    "CheckpointError",
    "Collapsed",
    "DataError",
    "DatasetNotFound",
    "Diverged",
    "DuplicateName",
    "EjectError",
    "GatedError",
    "HubError",
    "InputError",
    "IntegrityError",
    "LicenseError",
    "LockError",
    "MisfitError",
    "MissingExtra",
    "ModelNotFound",
    "NoWeights",
    "NotFound",
    "NotOnHub",
    "NotSafetensors",
    "OfflineError",
    "OptionError",
    "PluginError",
    "PublishError",
    "SettingsError",
    "SpecError",
    "SplitNotFound",
    "StartError",
    "TrainingError",
    "TrustWarning",
    "UnreachableError",
    "VerbError",
    "WeightsError",
    "ZooError",
    "near",
]
