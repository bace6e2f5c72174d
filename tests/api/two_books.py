"""Two professionals with one of everything each, a canary in every text of the first, and what is stored of each."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve, frozen

from nudge_core.model.consent import SuppressionScope
from nudge_core.ports import Store
from tests import client_samples, samples
from tests.contracts import contacts
from tests.samples import uid

CANARY = "zqcanary"
"""In every text that belongs to the first professional: whoever else sees it has seen too much."""


@frozen(kw_only=True)
class Book:
    """The ids of one professional's things, by kind."""

    owner: UUID
    client: UUID
    other_client: UUID
    resource: UUID
    event: UUID
    briefing: UUID
    plan: UUID
    message: UUID
    inbound: UUID
    scheduled: UUID
    interaction: UUID
    preference: UUID
    audit: UUID
    content: UUID
    faq: UUID
    note: UUID
    fact: UUID
    imported: UUID
    merge: UUID
    merged: UUID
    contacts: UUID

    def ids(self) -> dict[str, UUID]:
        """Return them by kind; the owner's own id too."""
        return {name: getattr(self, name) for name in self.__annotations__}


def book_of(owner: UUID, first: int) -> Book:
    """Return the ids that `fill` gives from `first` on."""
    names = [name for name in Book.__annotations__ if name != "owner"]
    return Book(owner=owner, **{name: uid(first + nth) for nth, name in enumerate(names)})


async def fill(store: Store, book: Book, phone: str, mark: str) -> None:
    """Store one of everything; `mark` stands in every text."""
    owner, number = book.owner, book.client.int
    words = f"{mark} words"
    async with store.tenant(owner) as tx:
        user = await tx.users.get(owner)
        await tx.users.save(evolve(user, full_name=f"{mark} Vega", business_name=words))
        await tx.clients.add(
            [
                samples.client(
                    owner, number, full_name=f"{mark} Ortiz", phone=phone, notes=words, user_tags=(mark,),
                    email=f"{mark}{number}@example.com", preferences={"price": {"max": 500_000}, "areas": [mark]},
                ),
                samples.client(owner, book.other_client.int, full_name=f"{mark} Two", phone=None, email=None),
            ]
        )  # fmt: skip
        await tx.client_notes.add([client_samples.note(owner, book.note.int, book.client, text=words)])
        await tx.client_facts.add([client_samples.fact(owner, book.fact.int, book.client, kind="areas", value=[mark])])
        await tx.client_imports.add(client_samples.imported(owner, book.imported.int, book.client))
        await tx.contact_imports.add(contacts.an_import(book.contacts.int, user_id=owner))
        await tx.client_merges.add(client_samples.merge(owner, book.merge.int, book.client.int, book.merged.int))
        await tx.resources.store(
            [samples.resource(owner, book.resource.int, attributes={"address": words, "beds": 3, "city": mark})]
        )
        await tx.market_events.add(
            [
                samples.market_event(
                    owner, book.event.int, market_area=mark, payload={"listing": {"city": mark}, "change": {}}
                )
            ]
        )
        await tx.briefings.add(
            samples.briefing(
                owner, book.briefing.int, headline=words, original_draft=words,
                matched_audience=(samples.member(book.client),), triggering_resource_id=book.resource,
                triggering_event_id=book.event,
            )
        )  # fmt: skip
        await tx.briefings.add(
            samples.briefing(
                owner, book.plan.int, headline=words, original_draft=words, is_plan=True, client_id=book.client,
                campaign_type="anniversary",
            )
        )  # fmt: skip
        text = samples.approved(
            owner, book.message.int, book.client, content=words, recipient=phone, sender=user.twilio_phone_number
        )
        await tx.messages.queue([text])
        await tx.messages.receive(
            samples.inbound(
                owner, book.inbound.int, book.client, content=words, sender=phone, recipient=user.twilio_phone_number
            )
        )
        await tx.scheduled.add(
            [samples.scheduled(owner, book.scheduled.int, book.client, content=words, parent_plan_id=book.plan)]
        )
        await tx.interactions.add([samples.interaction(owner, book.interaction.int, book.client)])
        await tx.consents.add([samples.consent(owner, number + 50, book.client, phone=phone, wording=words)])
        await tx.suppressions.add(
            samples.suppression(
                owner, number + 51, phone=phone, scope=SuppressionScope.TOPIC, topic="listing", source_sid=None
            )
        )
        await tx.negative_preferences.add(
            [samples.negative_preference(owner, book.preference.int, book.client, book.briefing)]
        )
        await tx.audit.add([samples.audit_entry(owner, book.audit.int, book.briefing, facts={"text": words})])
        await tx.contents.add(samples.content(owner, book.content.int, title=words, description=words))
        await tx.faqs.add(evolve(samples.faq(owner, book.faq.int), question=words, answer=words))


async def held(store: Store, book: Book) -> str:
    """Return everything that is stored of a professional and can be read through the ports, as one text to compare."""
    async with store.tenant(book.owner) as tx:
        parts: list[object] = [
            await tx.users.get(book.owner),
            [(c.full_name, c.notes, c.user_tags, c.preferences, c.phone) for c in await tx.clients.book()],
            [(r.attributes, r.status) for r in await tx.resources.active(10)],
            [(b.status, b.version, b.draft) for b in [await tx.briefings.get(i) for i in (book.briefing, book.plan)]],
            [
                (m.delivery, m.content, m.read_at)
                for m in [await tx.messages.get(i) for i in (book.message, book.inbound)]
            ],
            await tx.messages.counts(),
            [(s.status, s.content, s.version) for s in await tx.scheduled.of_client(book.client)],
            await tx.interactions.of_client(book.client, 50),
            await tx.negative_preferences.all(),
            await tx.client_notes.of_client(book.client),
            await tx.client_facts.of_client(book.client),
            (await tx.client_imports.get(book.imported)).undone_at,
            (await tx.client_merges.get(book.merge)).undone_at,
            (await tx.contact_imports.get(book.contacts)).state,
            await tx.suppressions.active_for([c.phone for c in await tx.clients.book() if c.phone is not None]),
            [(c.title, c.description) for c in await tx.contents.all()],
            [(f.question, f.answer, f.is_enabled) for f in await tx.faqs.all()],
        ]
    return "\n".join(str(part) for part in parts)
