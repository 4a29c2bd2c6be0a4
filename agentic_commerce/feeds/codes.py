"""The closed table of all codes that an issue about a feed can have.

``check(select=...)``, the reference page and a test derive from it. An **error** is what Stripe
would refuse, a **warning** what the documents recommend or leave open. The codes of files and cells
stand here; those of rules across columns are declared beside their rules, in `rules`.
"""

from __future__ import annotations

from typing import Final

import attrs

from agentic_commerce.errors import Severity

__all__ = ["CODES", "Code"]


@attrs.frozen
class Code:
    """What a code means: one line, where it is written, and how bad it is."""

    statement: str
    source: str
    severity: Severity = "error"


BASIC = "Basic product data"
IDENTIFIERS = "Product identifiers"
ITEM = "Item information"
VARIANTS = "Variants"
STOCK = "Availability and inventory"
PRICES = "Price and promotions"
FULFIL = "Fulfillment"
REVIEWS = "Performance and review signals"
PROMOTIONS = "Promotion feed (newer)"
FILE = "RFC 4180; Product feed specification"

CODES: Final[dict[str, Code]] = {
    # The file and its header.
    "empty_file": Code("A file must have a header.", FILE),
    "separator": Code("Cells must be parted by commas; in a .tsv file by tabs.", FILE),
    "missing_column": Code("The header must have every required column.", FILE),
    "repeated_column": Code("No column may stand in the header twice.", FILE),
    "unknown_column": Code("Every column should be one that the feed knows.", FILE, "warning"),
    "dialect": Code("The header should be Stripe's, not Google's or OpenAI's.", FILE, "warning"),
    # The record.
    "encoding": Code("The text must be UTF-8.", FILE),
    "nul": Code("No cell may hold a NUL byte.", FILE),
    "quotes": Code("Quotes must be closed, and only a separator may follow.", FILE),
    "cell_size": Code("A cell may have 131,072 characters at most.", FILE),
    "ragged": Code("A row must have as many cells as the header.", FILE),
    "empty_row": Code("A row must not be blank.", FILE),
    # One cell.
    "required": Code("A required cell must not be blank.", "every field reference"),
    "too_long": Code("A text must be within its limit.", "every field reference"),
    "too_many": Code("A list must be within its limit.", "every field reference"),
    "choice": Code("A word must be one of the words allowed.", "every field reference"),
    "boolean": Code("A boolean must be true or false, in lower case.", "every field reference"),
    "integer": Code("A count must be a whole number from 0.", "every field reference"),
    "number": Code("A number must have ASCII digits and a period.", "every field reference"),
    "number_range": Code("A number must be within its range.", "every field reference"),
    "kind": Code("A value that is written must have its column's type.", "this library"),
    "id_separator": Code("An id must not hold a comma or a colon.", "related_products, target_ids"),
    "url_format": Code("A URL must have http or https, a host and no space.", f"{BASIC}, Media"),
    "gtin_format": Code("A GTIN must be digits without dashes or spaces.", IDENTIFIERS),
    "category_format": Code("A category must be an id or a path, not both.", ITEM),
    "dimension_format": Code("A dimension must be a number, a space and cm or in.", ITEM),
    "weight_format": Code("A weight must be a number, a space and lb, oz, g or kg.", ITEM),
    "country": Code("A country must be two upper-case letters.", VARIANTS),
    "date_format": Code("A date must be an ISO 8601 date of the calendar.", STOCK),
    "range_format": Code("A range must be start/end, both of one kind.", PRICES),
    "range_order": Code("A range must not end before it starts.", PRICES),
    "price_format": Code("A price must be a number, a space and a currency code.", PRICES),
    "price_scale": Code("A price must have no fraction its currency has no coin for.", PRICES),
    "tax_code": Code("A tax code must have its provider's form.", PRICES),
    "entry_parts": Code("An entry must have its number of colon-parted parts.", FULFIL),
    "entry_country": Code("An entry's country must be two upper-case letters.", FULFIL),
    "entry_region": Code("An entry's region must be a subdivision code or ALL.", FULFIL),
    "entry_area": Code("A postal area must be a US ZIP code, range or prefix.", FULFIL),
    "entry_text": Code("A service, label or message must not be blank or hold , or :", FULFIL),
    "entry_speed": Code("A speed must be minimum-maximum, in days.", FULFIL),
    "entry_type": Code("An entry's type must be one of the words allowed.", "product-feed (newer)"),
    "promotion_code": Code("A code may have at most 20 letters, digits, _ or -.", PROMOTIONS),
    # Across the columns of a row: the rules below.
    # Across rows.
    "duplicate_id": Code("No id may stand in a file twice.", BASIC),
    "unknown_id": Code("The id must be in the product catalog.", "Inventory feed, Price feed"),
    "variant_attributes": Code(
        "Variants of a group should fill the same attributes.", VARIANTS, "warning"
    ),
}


def declare(code: str, statement: str, source: str, severity: Severity = "error") -> str:
    """Enter a rule's code into the table, and return it."""
    CODES[code] = Code(statement, source, severity)
    return code
