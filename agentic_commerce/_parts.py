"""Records that hooks and orders share."""

from __future__ import annotations

from attrs import field

from agentic_commerce._record import masked, record

__all__ = ["Address", "TotalDetails"]


@record(kw_only=True)
class Address:
    """A postal address; every part is optional and none is shown in a repr but the country."""

    line1: str | None = field(default=None, repr=masked)
    line2: str | None = field(default=None, repr=masked)
    city: str | None = field(default=None, repr=masked)
    state: str | None = field(default=None, repr=masked)
    postal_code: str | None = field(default=None, repr=masked)
    country: str | None = None


@record(kw_only=True)
class TotalDetails:
    """How the total came about. Minor units."""

    amount_discount: int | None = None
    amount_shipping: int | None = None
    amount_tax: int | None = None
