"""The files of a Hugging Face Space that runs a model: `zoo demo --space`."""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

from zoo._utils.atomic_folder import put_folder, scratch_folder
from zoo.artifacts import checkpoint_folder, resolve
from zoo.artifacts.resolve import Source
from zoo.errors import ExportError, MissingExtra

__all__ = ["write_space"]

PORT = 7860  # that a Space looks at
CHECKPOINT = "model"  # the folder of a model that is not registered
README, APP, DOCKERFILE, REQUIREMENTS = (
    *("README.md", "app.py", "Dockerfile"),
    "requirements.txt",
)
PAGE = '''"""The page of the model {name}, by the zoo and Gradio."""

from zoo.sharing.demo import serve

serve({place!r}, host="0.0.0.0", port={port})
'''
# Gradio asks for an older Pillow than the zoo does, and works with this one; pip would
# find no versions for both at once.
IMAGE = """FROM python:{python}-slim
RUN useradd --create-home --uid 1000 user
USER user
ENV PATH=/home/user/.local/bin:$PATH
WORKDIR /home/user/app
COPY --chown=user {requirements} .
RUN pip install --no-cache-dir --user gradio=={gradio}
RUN pip install --no-cache-dir --user --requirement {requirements}
COPY --chown=user . .
CMD ["python", "{app}"]
"""


def write_space(name: str | Path, folder: str | Path, *, force: bool = False) -> Path:
    """Write the files of a Space for a model into a folder, and return it.

    `name` is a registered model or a checkpoint folder, whose files are copied. The
    packages of the zoo are pinned to the versions that are installed here. Only with
    `force` are files replaced that are there already; others in the folder stay. Raises
    ExportError, MissingExtra without gradio, and what finding the model raises.
    """
    folder = Path(folder)
    if folder.exists() and (
        not folder.is_dir() or (any(folder.iterdir()) and not force)
    ):
        raise ExportError(
            f"{folder} is there already; nothing was written. Name a new folder, or "
            "replace its files with --force (force=True)."
        )
    source = resolve.find(name)
    place = CHECKPOINT if source.kind == "folder" else str(name)
    with scratch_folder(folder) as new:
        if source.kind == "folder":
            checkpoint_folder.copy_folder(source.folder, new / CHECKPOINT)
        text = PAGE.format(name=source.spec.name, place=place, port=PORT)
        (new / APP).write_text(text, encoding="utf-8")
        pinned = "\n".join([*_requirements(source), ""])
        (new / REQUIREMENTS).write_text(pinned, encoding="utf-8")
        (new / DOCKERFILE).write_text(_image(), encoding="utf-8")
        (new / README).write_text(_readme(source), encoding="utf-8")
        put_folder(new, folder, keep=lambda path: path.name != CHECKPOINT, last=APP)
    return folder


def _requirements(source: Source) -> Iterator[str]:
    """Yield what the Space installs: the core and the model's plugin, pinned."""
    extra = "[text]" if source.spec.input.files else ""
    yield f"zoo-core{extra}=={version('zoo-core')}"
    if source.plugin.distribution != "zoo-core":
        yield f"{source.plugin.distribution}=={source.plugin.version}"
    if source.spec.input.takes_strings and "picture" in source.spec.output.shown_as:
        yield f"matplotlib=={version('matplotlib')}"


def _image() -> str:
    try:
        gradio = version("gradio")
    except PackageNotFoundError as exc:
        raise MissingExtra("gradio", "A Space", None) from exc
    return IMAGE.format(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        requirements=REQUIREMENTS,
        gradio=gradio,
        app=APP,
    )


def _readme(source: Source) -> str:
    """Return the page of the Space, with what its host reads at the top."""
    spec = source.spec
    weights = spec.weights
    header = {
        "title": spec.name,
        "short_description": spec.summary[:60],
        "sdk": "docker",
        "app_port": PORT,
        "pinned": False,
        "license": spec.license.weights,
        **({"models": [weights.repo]} if weights and weights.repo else {}),
    }
    block = yaml.safe_dump(header, sort_keys=False, allow_unicode=True)
    return f"---\n{block}---\n\n# {spec.name}\n\n{spec.summary}\n"
