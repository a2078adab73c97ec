"""The fixed text of a model card, with places for facts and figures."""

__all__ = [
    "BEHIND_BASELINE",
    "BODY",
    "CHANGED",
    "CHOSEN",
    "CONVERTED",
    "DRAFT",
    "DRAFT_HEADER",
    "FILE_PROSE",
    "FINETUNED",
    "FINETUNED_PROCEDURE",
    "KEPT_EPOCH",
    "MEASURED",
    "NOT_COMPARED",
    "PINNED",
    "PRECISION",
    "SMOKE",
    "SWEEP",
    "TRAINED",
    "TRAINED_BY_FILE",
    "UNMEASURED",
    "USES",
]

BODY = """\
# {name}

{summary}
{behind}
```python
import zoo

model = zoo.load("{place}"){remark}
{use}
```

{prose}

## Numbers

{numbers}
The model has {parameters:,} parameters{size}. Its licences: code {code}, weights
{weights}, training data {data}.

{making}
{pictures}{papers}"""
BEHIND_BASELINE = """
**A simple method is ahead:** {baselines}.{reason}
"""
MEASURED = """\
| metric | value | measured on | rows |
| --- | ---: | --- | ---: |
{metrics}
{baselines}"""
NOT_COMPARED = """\
**The comparison was left out.** This run did not train the other models that its report
compares with it, so that what is said of them below has no figures."""
CHANGED = "**This run changed the recipe's defaults:** {listing}."
CHOSEN = """ What is said
below of how settings were chosen, and of earlier runs, holds for the defaults."""
SMOKE = """\
**A smoke run:** it trained briefly, to test the recipe, and its figures say nothing of
the model."""
SWEEP = """
Settings were searched by `zoo sweep` ({method}, seed {seed}) over {words}. Each
trial trained a fresh model and was measured on validation rows{kept}; the
test rows were not read. The best comes first:

{table}
"""
# Which epoch a trial of a sweep is measured in; a receipt may not say it.
KEPT_EPOCH = {True: ", in its best epoch", False: ", after its last epoch", None: ""}
# What the first lines of a card do with a model, where it is not to predict by example.
USES = {
    "unconditional-image-generation": "print(zoo.sample(model, 4, seed=0))",
}
UNMEASURED = "The zoo has measured no figure of this model, and claims none.\n"
DATA = """\
| data | rows | SHA-256 of the content |
| --- | ---: | --- |
{fingerprints}"""
MIXED = " in {name} mixed precision, which is not the same on every kind of processor"
PRECISION = {
    "no": "",
    "bf16": MIXED.format(name="bfloat16"),
    "fp16": MIXED.format(name="float16"),
}
TRAINED = f"""\
## How to make it again

`zoo train {{name}}{{options}}` took {{seconds:,.0f}} seconds{{memory}} on
{{hardware}} (torch {{torch}}){{precision}}. The same seed gives the same bytes on the \
same machine and
versions; `zoo verify {{place}} --metric` measures the numbers above again.

| setting | value |
| --- | --- |
{{settings}}
{{sweep}}
{DATA}"""
# Of a model that was trained with a recipe file of the user's.
FILE_PROSE = """\
## What it is for

It has the architecture of `{name}`, and was trained with another recipe.

## How it was trained

With the recipe file `{recipe}` (SHA-256 `{sha256}`).
The file is not part of the checkpoint.

## Where it fails

That was not examined."""
TRAINED_BY_FILE = f"""\
## How to make it again

`zoo train {{recipe}} --model {{name}}{{options}}` took \
{{seconds:,.0f}} seconds{{memory}} on
{{hardware}} (torch {{torch}}){{precision}}. The same file and seed give the same \
bytes on the same
machine and versions.

| setting | value |
| --- | --- |
{{settings}}

{DATA}"""
CONVERTED = f"""\
## Where the weights come from

| origin | |
| --- | --- |
{{origin}}

Measuring took {{seconds:,.0f}} seconds{{memory}} on {{hardware}}
(torch {{torch}}); `zoo verify {{place}} --metric` measures the numbers above again.

{DATA}"""
PINNED = """\
## Where the weights come from

From the Hub, once, at the first load. The zoo takes no file but this one:

| origin | |
| --- | --- |
| repository | `{repo}` |
| commit | `{revision}` |
| file | `{filename}` |
| SHA-256 | {known} |"""
FINETUNED = """\
## What it is for

{use} those of {source}. {answers}
It is `{parent}` with what that data added.

## How it was trained

From the weights of `{parent}` (SHA-256 `{sha256}`),
on {fitting} of {source}.
{strategy}
{classes}{skipped}{notes}
## Where it fails

{fails}"""
FINETUNED_PROCEDURE = """\
## How to make it again

`zoo finetune {parent} DATA -o {name}` with the settings below took
{seconds:,.0f} seconds on {hardware} (torch {torch}). DATA was {source}.

| setting | value |
| --- | --- |
{settings}

| data | rows | SHA-256 of the content |
| --- | ---: | --- |
{parts}
"""
DRAFT_MARK = "(to be written)"
DRAFT_HEADER = """\
---
license: {license}
library_name: zoo
pipeline_tag: {task}
---

"""
DRAFT = f"""\
# {{name}}

{{summary}} The weights are those of `{{file}}`.

## What it is for

{DRAFT_MARK} Which inputs, which answers, for whom.

## How it was trained

{DRAFT_MARK} By whom, on which data, under which licences of weights and data.

## Where it fails

{DRAFT_MARK} What was measured, on data it had not seen, beside which simple method.
"""
