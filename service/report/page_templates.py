"""Templates of pages that hold everything and open anywhere."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def read_templates(folder: Path) -> Environment:
    """Return a folder's templates, with everything escaped that is put into them."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
