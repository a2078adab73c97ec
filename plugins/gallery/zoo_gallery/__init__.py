"""A gallery of the installed models: `zoo gallery -o site/`."""

from zoo import Command, hookimpl


@hookimpl
def zoo_commands() -> list[Command]:
    """Return the command that builds the site."""
    return [
        Command(
            name="gallery",
            summary="Write a static site of all models, which run in the page.",
            run="zoo_gallery.command:gallery_command",
        )
    ]
