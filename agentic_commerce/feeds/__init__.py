"""The platform's catalog, as Stripe reads it: CSV feeds, explained, read and written.

``scan``, ``read`` and ``check`` read a feed, ``write`` and ``split`` make one, ``quote`` says what
a buyer pays. Amounts in rows are Decimal major units (``15.00 USD``), in quotes minor units as in
hooks and orders. Names are Stripe's.
"""

from agentic_commerce.errors import CellError, FeedError, Issue, QuoteError
from agentic_commerce.feeds._source import Progress
from agentic_commerce.feeds.codes import CODES, Code
from agentic_commerce.feeds.columns import Codec, Column, format_urls, parse_urls
from agentic_commerce.feeds.entries import (
    ApplicableFee,
    FreeShippingThreshold,
    ProductWarning,
    RelatedProduct,
    ShippingOption,
    SpeedRange,
    ThirdPartyTaxCode,
    format_applicable_fees,
    format_free_shipping_threshold,
    format_shipping,
    parse_applicable_fees,
    parse_free_shipping_threshold,
    parse_shipping,
)
from agentic_commerce.feeds.quote import (
    QUOTE_CODES,
    AddressLike,
    Destination,
    Quote,
    QuoteFee,
    QuoteItem,
    QuoteLine,
    QuoteShipping,
    QuoteShippingPart,
    Reason,
    quote,
)
from agentic_commerce.feeds.reader import check, read, row_from, scan
from agentic_commerce.feeds.report import FeedReport
from agentic_commerce.feeds.rows import (
    FEEDS,
    INVENTORY,
    PRICING,
    PRODUCT,
    PROMOTION,
    Deletion,
    Feed,
    InventoryRow,
    PriceRow,
    ProductRow,
    PromotionRow,
)
from agentic_commerce.feeds.values import (
    Category,
    DateRange,
    Dimension,
    Price,
    VariantOption,
    Weight,
)
from agentic_commerce.feeds.writer import split, write

__all__ = [
    "CODES",
    "FEEDS",
    "INVENTORY",
    "PRICING",
    "PRODUCT",
    "PROMOTION",
    "QUOTE_CODES",
    "AddressLike",
    "ApplicableFee",
    "Category",
    "CellError",
    "Code",
    "Codec",
    "Column",
    "DateRange",
    "Deletion",
    "Destination",
    "Dimension",
    "Feed",
    "FeedError",
    "FeedReport",
    "FreeShippingThreshold",
    "InventoryRow",
    "Issue",
    "Price",
    "PriceRow",
    "ProductRow",
    "ProductWarning",
    "Progress",
    "PromotionRow",
    "Quote",
    "QuoteError",
    "QuoteFee",
    "QuoteItem",
    "QuoteLine",
    "QuoteShipping",
    "QuoteShippingPart",
    "Reason",
    "RelatedProduct",
    "ShippingOption",
    "SpeedRange",
    "ThirdPartyTaxCode",
    "VariantOption",
    "Weight",
    "check",
    "format_applicable_fees",
    "format_free_shipping_threshold",
    "format_shipping",
    "format_urls",
    "parse_applicable_fees",
    "parse_free_shipping_threshold",
    "parse_shipping",
    "parse_urls",
    "quote",
    "read",
    "row_from",
    "scan",
    "split",
    "write",
]
