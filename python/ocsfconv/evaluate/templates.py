"""Log templates: the first line of a message with what varies taken out."""

from __future__ import annotations

# In this order; the conductor's realism report counts templates in the same way.
MASKS = (
    ("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
    (r"[\w.+-]+@[\w.-]+", "<mail>"),
    (r"'[^']*'|\"[^\"]*\"", "<text>"),
    (r"\b[0-9a-fA-F]{8,}\b", "<hex>"),
    (r"\d+", "<n>"),
)


def template_sql(message: str) -> str:
    """Return DuckDB's expression for the template of `message`, itself an expression of text."""
    expression = f"split_part({message}, chr(10), 1)"
    for pattern, mask in MASKS:
        quoted = pattern.replace("'", "''")
        expression = f"regexp_replace({expression}, '{quoted}', '{mask}', 'g')"
    return expression
