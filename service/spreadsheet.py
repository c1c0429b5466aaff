"""Texts in tables that a spreadsheet opens."""

# Spreadsheets run a cell that begins so as a formula, and its text may come from a file name.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: str | float | int | None) -> str | float | int | None:
    """Return what a spreadsheet shows as it is and does not run."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
