"""The public names, and where each is defined: `zoo/__init__.py` reads this file."""

from zoo.artifacts.bundle import bundle as bundle
from zoo.artifacts.bundle import unbundle as unbundle
from zoo.artifacts.fetch import fetch as fetch
from zoo.artifacts.lock import lock as lock
from zoo.cards.render import render as card
from zoo.datasets.registered import load_dataset as load_dataset
from zoo.errors import ZooError as ZooError
from zoo.evaluation.benchmark import benchmark as benchmark
from zoo.evaluation.evaluate import evaluate as evaluate
from zoo.evaluation.run_comparison import compare as compare
from zoo.finetuning.checkpoint import finetune as finetune
from zoo.finetuning.inspection import inspect as inspect
from zoo.inference.features import features as features
from zoo.inference.generate import generate as generate
from zoo.inference.latent_codes import encode as encode
from zoo.inference.latent_codes import interpolate as interpolate
from zoo.inference.latent_codes import reconstruct as reconstruct
from zoo.inference.nearest_texts import nearest_texts as nearest_texts
from zoo.inference.nearest_words import nearest_words as nearest_words
from zoo.inference.predict import example as example
from zoo.inference.predict import predict as predict
from zoo.inference.predictor import Predictor as Predictor
from zoo.inference.sample import sample as sample
from zoo.inference.stream import predict_iter as predict_iter
from zoo.inference.transform import transform as transform
from zoo.models.freeze import freeze as freeze
from zoo.models.freeze import unfreeze as unfreeze
from zoo.models.loading import build as build
from zoo.models.loading import load as load
from zoo.models.metadata import LoadReport as LoadReport
from zoo.models.metadata import ModelMetadata as ModelMetadata
from zoo.models.saving import save as save
from zoo.plugins.catalog import get_spec as get_spec
from zoo.plugins.catalog import list_datasets as list_datasets
from zoo.plugins.catalog import list_models as list_models
from zoo.plugins.catalog import search as search
from zoo.plugins.hookspecs import hookimpl as hookimpl
from zoo.plugins.scaffold import new_plugin as new_plugin
from zoo.sharing.demo import demo as demo
from zoo.sharing.eject.eject import eject as eject
from zoo.sharing.export import export as export
from zoo.sharing.import_weights import import_weights as import_weights
from zoo.sharing.measure import measure as measure
from zoo.sharing.publish import publish as publish
from zoo.sharing.ship import ship as ship
from zoo.specs import Command as Command
from zoo.specs import DatasetSpec as DatasetSpec
from zoo.specs import License as License
from zoo.specs import Metric as Metric
from zoo.specs import ModelSpec as ModelSpec
from zoo.specs import Namespace as Namespace
from zoo.specs import Trunk as Trunk
from zoo.specs import Weights as Weights
from zoo.specs.inputs import *
from zoo.specs.outputs import *
from zoo.testing.verify import verify as verify
from zoo.training.cross_validation import crossval as crossval
from zoo.training.run import Run as Run
from zoo.training.train import train as train
from zoo.tuning.sweep import sweep as sweep

__version__: str
