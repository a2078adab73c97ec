"""`zoo export`: a model as a graph that runs without PyTorch."""

from pathlib import Path

import click

from zoo.cli.options import model_argument, path_type


@click.command("export")
@model_argument
@click.argument("folder", type=path_type)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["onnx"]),
    default="onnx",
    show_default=True,
    help="The format of the graph.",
)
@click.option(
    "--method",
    type=click.Choice(["forward", "encode", "decode", "encode_source", "decode_step"]),
    default="forward",
    show_default=True,
    help="What of the model the graph computes.",
)
def export_command(name: str, folder: Path, format_: str, method: str) -> None:
    """Write the model NAME into FOLDER, as a graph that runs without PyTorch.

    The graph takes raw pictures, rows of numbers, or tokens. Before it is written its
    answers are compared with those of the model.
    """
    from zoo._utils.schema import parse_json, read_bytes
    from zoo.sharing.export import MODEL, RECEIPT, export

    created = export(name, folder, format=format_, method=method)
    receipt = parse_json(read_bytes(created / RECEIPT))
    size = receipt["files"][MODEL]["size"] / 2**20
    click.echo(f"{created / MODEL}  {size:.1f} MiB")
    for side in ("inputs", "outputs"):
        for value in receipt[side]:
            shape = ", ".join(map(str, value["shape"]))
            click.echo(f"  {side[:-1]:6} {value['name']} ({shape}) {value['type']}")
    worst = max(receipt["errors"].values())
    click.echo(f"  largest error beside the model: {worst:.1g}")
