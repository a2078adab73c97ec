"""Every message, word for word: a lost space or an empty hint is a bug."""

import inspect
import re

import pytest

from zoo import errors
from zoo.errors import (
    BackendError,
    BundleError,
    CacheError,
    CardError,
    ChapterNotFound,
    CheckError,
    CheckpointError,
    Collapsed,
    DataError,
    DatasetNotFound,
    DeviceError,
    Diverged,
    DuplicateName,
    EjectError,
    ExportError,
    GatedError,
    HubAnswerError,
    ImportWeightsError,
    InputError,
    IntegrityError,
    LicenseError,
    LockError,
    MisfitError,
    MissingExtra,
    ModelNotFound,
    NotOnHub,
    NotSafetensors,
    NoWeights,
    OfflineError,
    OptionError,
    PluginError,
    PrecisionError,
    PublishError,
    SettingsError,
    SpecError,
    SplitNotFound,
    StartError,
    TrainingError,
    UnreachableError,
    VerbError,
    ZooError,
    near,
)

NINE = [f"tensor 't{number}' is missing" for number in range(9)]

MESSAGES = [
    (
        ModelNotFound("lenet", ["lenet5", "gpt-nano"]),
        "No model named 'lenet'. Did you mean 'lenet5'?",
    ),
    (
        ModelNotFound("mlp-mnist", ["mlp-mnis", "mlp-mnist2"]),
        "No model named 'mlp-mnist'. Did you mean 'mlp-mnist2' or 'mlp-mnis'?",
    ),
    (
        ModelNotFound("gpt", ["lenet5"]),
        "No model named 'gpt'. Run 'zoo list' to see the models you have.",
    ),
    (
        ModelNotFound("gpt", []),
        "No model named 'gpt'. No plugins are installed; see 'Set up' in the README.",
    ),
    (
        ModelNotFound("lenet", ["lenet5"], broken=["net"]),
        "No model named 'lenet'. Did you mean 'lenet5'? Plugin 'net' could not be "
        "loaded: 'zoo doctor' says why.",
    ),
    (
        ModelNotFound("gpt", ["lenet5"], broken=["net", "text"]),
        "No model named 'gpt'. Run 'zoo list' to see the models you have. Plugins "
        "'net', 'text' could not be loaded: 'zoo doctor' says why.",
    ),
    (
        ModelNotFound("gpt", [], broken=["text"]),
        "No model named 'gpt'. Plugin 'text' could not be loaded: 'zoo doctor' says "
        "why.",
    ),
    (
        DatasetNotFound("minst", ["mnist", "iris"]),
        "No dataset named 'minst'. Did you mean 'mnist'? Registered: iris, mnist.",
    ),
    (
        DatasetNotFound("coco", ["mnist", "iris"]),
        "No dataset named 'coco'. Registered: iris, mnist.",
    ),
    (
        DatasetNotFound("coco", []),
        "No dataset named 'coco'. No plugin with datasets is installed; see 'Set "
        "up' in the README.",
    ),
    (
        SplitNotFound("iris", "test", ["train", "all"]),
        "Dataset 'iris' has no split 'test'; it has train, all.",
    ),
    (
        ChapterNotFound("gann", ["rnn", "gan"]),
        "No model is in a chapter 'gann'. Did you mean 'gan'? Chapters: gan, rnn.",
    ),
    (
        ChapterNotFound("opera", ["rnn", "gan"]),
        "No model is in a chapter 'opera'. Chapters: gan, rnn.",
    ),
    (
        ChapterNotFound("gan", []),
        "No model is in a chapter 'gan'. No plugin with chapters is installed; see "
        "'Set up' in the README.",
    ),
    (PluginError("acme", "it broke"), "Plugin 'acme': it broke"),
    (
        DuplicateName("model", "gpt-nano", "gpt", "my-gpt"),
        "Plugin 'my-gpt': model 'gpt-nano' is already provided by plugin 'gpt'. "
        "Rename one of the two, or uninstall one of the plugins.",
    ),
    (
        SpecError("Weights", "size", 0, "the file's size in bytes"),
        "Weights: size=0 should be the file's size in bytes.",
    ),
    (SettingsError("No setting 'x'."), "No setting 'x'."),
    (
        OptionError("lenet5", "no option 'clases'.", ["classes", "width"]),
        "Model 'lenet5': no option 'clases'. Options: classes, width.",
    ),
    (
        OptionError("lenet5", "no option 'clases'.", []),
        "Model 'lenet5': no option 'clases'. Options: none.",
    ),
    (
        VerbError("lenet5", "sample", "sample", ["predict", "encode"]),
        "Model 'lenet5' can't sample: its module has no method 'sample'. It can be "
        "used with zoo.predict, zoo.encode.",
    ),
    (
        InputError("The list is empty.", "a picture"),
        "The list is empty. The model expects a picture.",
    ),
    (
        InputError("The file is empty.", "a picture").of("Item 3"),
        "Item 3: The file is empty. The model expects a picture.",
    ),
    (DataError("iris/train: gone."), "iris/train: gone."),
    (
        NoWeights("lenet5"),
        "'lenet5' has no trained weights. zoo.build('lenet5') gives the untrained "
        "model; 'zoo train lenet5' runs its recipe.",
    ),
    (
        NotSafetensors("m.bin", "it is a pickle"),
        "m.bin is not a safetensors file: it is a pickle. The zoo reads no other "
        "format, and never a pickle.",
    ),
    (
        IntegrityError("m.safetensors", "is missing", "Install it again"),
        "m.safetensors is missing. Install it again.",
    ),
    (
        MisfitError("m", "LeNet5", NINE[:2]),
        "m does not fit LeNet5: tensor 't0' is missing; tensor 't1' is missing. "
        "Nothing was loaded; the file was made for another version or another "
        "configuration of the model.",
    ),
    (
        MisfitError("m", "LeNet5", NINE),
        f"m does not fit LeNet5: {'; '.join(NINE[:8])}; and 1 more. Nothing was "
        "loaded; the file was made for another version or another configuration of "
        "the model.",
    ),
    (NotOnHub("https://hub has no a/m@1."), "https://hub has no a/m@1."),
    (
        GatedError("a/m", "https://hub"),
        "a/m is gated: its owner gives access on request. Ask for it at "
        "https://hub/a/m, run 'hf auth login' (or set HF_TOKEN), and load again.",
    ),
    (
        OfflineError("a/m@12345678/model.safetensors", "gpt2"),
        "a/m@12345678/model.safetensors is not on this machine, and HF_HUB_OFFLINE is "
        "set. Run 'zoo fetch gpt2' while online, or bring it as a file: 'zoo bundle "
        "gpt2 -o zoo.tar' on another machine, 'zoo unbundle zoo.tar' on this one.",
    ),
    (
        UnreachableError("a/m@12345678/x", "https://hub", "does not answer"),
        "a/m@12345678/x is not on this machine, and https://hub does not answer. Check "
        "the connection, or bring it as a file: 'zoo bundle' on another machine, 'zoo "
        "unbundle' on this one.",
    ),
    (
        HubAnswerError("https://hub.example", "a/b@main", "commit", "../x"),
        "https://hub.example gives '../x' as the commit of a/b@main, which can't be "
        "one. Nothing was written. Check HF_ENDPOINT, or tell the Hub's owner.",
    ),
    (
        CacheError("a/m@12345678/x", "/hub", "No space left on device"),
        "a/m@12345678/x can't be written to /hub: No space left on device. Make room "
        "there, or name another folder with HF_HOME.",
    ),
    (
        LicenseError("net", ["the licence of its data is 'unknown'"], "mit"),
        "'net' is not allowed by ZOO_LICENSES='mit': the licence of its data is "
        "'unknown'. Allow it there, or choose a model that 'zoo search --license' "
        "finds.",
    ),
    (LockError("zoo.lock is empty."), "zoo.lock is empty."),
    (BundleError("zoo.tar is empty."), "zoo.tar is empty."),
    (PublishError("a/m did not arrive."), "a/m did not arrive."),
    (CheckpointError("d is a file."), "d is a file."),
    (PrecisionError("'half' is none."), "'half' is none."),
    (DeviceError("Device 'tpu' can't be used."), "Device 'tpu' can't be used."),
    (CardError("No receipt."), "No receipt."),
    (TrainingError("The recipe has no 'train'."), "The recipe has no 'train'."),
    (
        Diverged(float("nan"), 3),
        "The loss became nan in epoch 3. Lower the learning rate (the setting lr), and "
        "look for empty, infinite or unscaled values in the data.",
    ),
    (
        Diverged(1e9, 3, "runs/net-last-good"),
        "The loss became 1e+09 in epoch 3. Lower the learning rate (the setting lr), "
        "and "
        "look for empty, infinite or unscaled values in the data. The best weights "
        "before that are in runs/net-last-good.",
    ),
    (
        Collapsed(0.031, 7),
        "The generator has collapsed: after epoch 7 its samples have 3% of the variety "
        "of real rows. Let the critic learn more slowly, or start from another seed "
        "(the setting seed).",
    ),
    (
        Collapsed(0.0, 7, "runs/net-last-good"),
        "The generator has collapsed: after epoch 7 its samples have 0% of the variety "
        "of real rows. Let the critic learn more slowly, or start from another seed "
        "(the setting seed). The best weights before that are in runs/net-last-good.",
    ),
    (
        MissingExtra("datasets", "Reading a dataset"),
        "Reading a dataset needs the package 'datasets', which is not installed. Run: "
        "pip install 'zoo-core[train]'",
    ),
    (ImportWeightsError("There is no file a.pth."), "There is no file a.pth."),
    (CheckError("a holds no plugin."), "a holds no plugin."),
    (StartError("'A' is no name."), "'A' is no name."),
    (
        EjectError("own is there already; nothing was written. Name a new folder."),
        "own is there already; nothing was written. Name a new folder.",
    ),
    (
        BackendError("backend='tpu' is none of 'auto', 'torch' and 'onnxruntime'."),
        "backend='tpu' is none of 'auto', 'torch' and 'onnxruntime'.",
    ),
    (
        ExportError("out is there already; nothing was written. Name a new folder."),
        "out is there already; nothing was written. Name a new folder.",
    ),
    (
        MissingExtra("tokenizers", "Reading text", None),
        "Reading text needs the package 'tokenizers', which is not installed. Run: pip "
        "install tokenizers",
    ),
    (
        MissingExtra("timm", "This model", "bench"),
        "This model needs the package 'timm', which is not installed. Run: pip "
        "install 'zoo-core[bench]'",
    ),
]
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, ZooError)
}


@pytest.mark.parametrize(
    ("error", "message"), MESSAGES, ids=lambda part: type(part).__name__
)
def test_message(error: ZooError, message: str) -> None:
    """
    An error says exactly this.
    """
    assert str(error) == message


def test_every_class_has_its_message_tested() -> None:
    """
    A new error class comes with a line in MESSAGES; base classes are never raised.
    """
    tested = {type(error).__name__ for error, _ in MESSAGES}

    assert set(CLASSES) - tested == {"ZooError", "NotFound", "WeightsError", "HubError"}


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    """
    Each class stands in the module's docstring, once, one step inside its parent.
    """
    drawn: list[tuple[str, str]] = []
    above: list[str] = []
    for indent, name in re.findall(r"^( *)[*+-] (\w+)$", errors.__doc__ or "", re.M):
        del above[len(indent) // 2 :]
        drawn.append((name, above[-1] if above else "Exception"))
        above.append(name)

    assert sorted(drawn) == sorted(
        (name, kind.__base__.__name__) for name, kind in CLASSES.items()
    )


def test_all_names_every_class() -> None:
    """
    `__all__` holds every error class, the warnings, `near`, `a_type`, and nothing else.
    """
    others = ["DataWarning", "InsecureHubWarning", "TruncationWarning", "TrustWarning"]
    others += ["a_type", "near"]
    assert sorted([*CLASSES, *others]) == errors.__all__


@pytest.mark.parametrize("name", CLASSES)
def test_no_error_is_a_key_error(name: str) -> None:
    """
    KeyError prints its message as a repr, so none of ours derives from it.
    """
    assert not issubclass(CLASSES[name], KeyError)


def test_a_near_miss_does_not_mind_case() -> None:
    """
    A name in other letters is found, and given as it is spelt.
    """
    assert near("LENET5-mnist", ["lenet5-MNIST"]) == "Did you mean 'lenet5-MNIST'? "


def test_nothing_near_gives_nothing() -> None:
    """
    Where nothing is similar, there is no hint, and no stray space.
    """
    assert near("gpt", ["lenet5-mnist"]) == ""


def test_at_most_three_near_misses() -> None:
    """
    A hint stays readable however many names are similar.
    """
    assert near("mlp-0", [f"mlp-{n}" for n in range(1, 9)]).count("'") == 6
