"""From drawn purchases to records on the wire: one slot of rows, one fraudulent draft, or one label at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from streamflow.generator.arrivals import Rows
from streamflow.generator.population import CITY_OFFSET_MIN
from streamflow.generator.records import SCHEMA_VERSION, CustomerEvent, Purchase, rfc3339, rfc3339_all
from streamflow.generator.scenarios.stage import Draft
from streamflow.generator.world import World

PAGES = ("/", "/search", "/category", "/offers", "/reviews", "/account")


class Writer:
    """Spells purchases and events; numbers them in the order they are asked for."""

    def __init__(self, world: World) -> None:
        """Prepare the numbering."""
        self._world = world
        self._purchases = 0
        self._events = 0

    def next_id(self) -> str:
        """Return a transaction id that was never used."""
        self._purchases += 1
        return f"t-{self._world.plan.tag}-{self._purchases:08d}"

    def _next_event(self) -> str:
        self._events += 1
        return f"e-{self._world.plan.tag}-{self._events:08d}"

    def rows(self, rows: Rows) -> Iterator[Purchase]:
        """Spell the purchases of a slot, in their order."""
        world = self._world
        tag, currency = world.plan.tag, world.plan.base_currency
        customers, merchants, products = world.customer_ids, world.merchant_ids, world.product_ids
        stores = [*world.store_ids, None]  # index -1 is "no store"
        channels = world.channels
        latitudes: list[float | None] = rows.latitude.tolist()
        longitudes: list[float | None] = rows.longitude.tolist()
        offsets: list[int | None] = rows.offset_min.tolist()
        for index in np.flatnonzero(rows.no_position).tolist():
            latitudes[index] = longitudes[index] = None
        for index in np.flatnonzero(rows.no_offset).tolist():
            offsets[index] = None
        number = self._purchases
        self._purchases += len(latitudes)
        for c, when, amount, product, merchant, channel, store, card, device, quantity, lat, lon, offset in zip(
            rows.customer.tolist(),
            rfc3339_all(rows.event_us),
            rows.amount_minor.tolist(),
            rows.product.tolist(),
            rows.merchant.tolist(),
            rows.channel.tolist(),
            rows.store.tolist(),
            rows.card.tolist(),
            rows.device.tolist(),
            rows.quantity.tolist(),
            latitudes,
            longitudes,
            offsets,
            strict=True,
        ):
            number += 1
            yield Purchase(
                transaction_id=f"t-{tag}-{number:08d}",
                customer_id=customers[c],
                event_timestamp=when,
                amount_minor=amount,
                currency=currency,
                schema_version=SCHEMA_VERSION,
                utc_offset_min=offset,
                store_id=stores[store],
                product_id=products[product],
                merchant_id=merchants[merchant] if merchant >= 0 else None,
                card_id=f"k-{tag}-{c:06d}-{card}",
                device_id=f"d-{tag}-{c:06d}-{device}",
                channel=channels[channel],
                quantity=quantity,
                latitude=lat,
                longitude=lon,
            )

    def draft(self, draft: Draft, customer: int) -> Purchase:
        """Spell a purchase that a scenario planned."""
        world = self._world
        tag = world.plan.tag
        city = int(world.population.city_at(np.array([customer]), draft.event_us)[0])
        return Purchase(
            transaction_id=self.next_id(),
            customer_id=world.customer_ids[customer],
            event_timestamp=rfc3339(draft.event_us),
            amount_minor=draft.amount_minor,
            currency=world.plan.base_currency,
            schema_version=SCHEMA_VERSION,
            utc_offset_min=int(CITY_OFFSET_MIN[city]),
            store_id=world.store_ids[0] if draft.channel in {"web", "app"} else None,
            product_id=world.product_ids[draft.product],
            merchant_id=world.merchant_ids[draft.merchant],
            card_id=f"k-{tag}-{customer:06d}-0",
            device_id=draft.device or f"d-{tag}-{customer:06d}-0",
            channel=draft.channel,
            quantity=draft.quantity,
            latitude=draft.latitude,
            longitude=draft.longitude,
        )

    def session(
        self, purchase: Purchase, event_us: int, rng: np.random.Generator
    ) -> Iterator[tuple[int, CustomerEvent]]:
        """Yield (event time, event) of the clicks before a purchase: login, pages, cart."""
        figures = self._world.parameters.sessions
        pages = int(rng.integers(1, figures.max_page_views + 1))
        length_us = int(rng.uniform(*figures.length_s) * 1000) * 1000
        session = f"n-{self._world.plan.tag}-{purchase.transaction_id[-8:]}"
        kinds = ["login", *["page_view"] * pages, "cart"]
        offsets = np.sort(rng.integers(0, length_us, len(kinds))) // 1000 * 1000
        views = rng.integers(0, len(PAGES), len(kinds)).tolist()
        for kind, offset, view in zip(kinds, offsets.tolist(), views, strict=True):
            at = event_us - length_us + offset
            in_cart = kind == "cart"
            yield (
                at,
                CustomerEvent(
                    event_id=self._next_event(),
                    customer_id=purchase.customer_id,
                    event_type=kind,  # type: ignore[arg-type]
                    event_timestamp=rfc3339(at),
                    schema_version=SCHEMA_VERSION,
                    utc_offset_min=purchase.utc_offset_min,
                    session_id=session,
                    device_id=purchase.device_id,
                    page=PAGES[view] if kind == "page_view" else None,
                    product_id=purchase.product_id if in_cart else None,
                    quantity=purchase.quantity if in_cart else None,
                ),
            )

    def chargeback(self, customer_id: str, transaction_id: str, event_us: int, *, dispute: bool) -> CustomerEvent:
        """Spell a label."""
        return CustomerEvent(
            event_id=self._next_event(),
            customer_id=customer_id,
            event_type="chargeback",
            event_timestamp=rfc3339(event_us),
            schema_version=SCHEMA_VERSION,
            transaction_id=transaction_id,
            chargeback_reason="dispute" if dispute else "fraud",
        )
