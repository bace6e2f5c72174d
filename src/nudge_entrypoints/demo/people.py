"""The people of the demo: an invented realtor in Austin and her invented book.

Every phone number is of the range kept free for fiction (NANP 555-0100 to 555-0199). The book holds what real books
hold: buyers who are exact and buyers who are vague, somebody without a phone, somebody without consent, somebody who
lives six zones away, wishes that contradict themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from attrs import field, frozen

from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, ConsentKind
from nudge_core.model.event import stable_id
from nudge_core.model.json import Json
from nudge_core.model.user import User, UserType

PROFESSIONAL_ID = stable_id("demo", "Dana Whitfield")
SENDING_NUMBER = "+15125550100"
ACQUAINTANCE = timedelta(days=120)  # the book is older than the 14 days in which a new contact is left alone


@frozen(kw_only=True)
class Person:
    """A client of the demo as the realtor would describe them. `consent` None: nothing was ever recorded."""

    name: str = field(repr=False)
    phone: str | None = field(repr=False)
    tags: tuple[str, ...] = field(repr=False)
    notes: str = field(repr=False)
    wishes: Mapping[str, Json] = field(repr=False)
    consent: ConsentKind | None = ConsentKind.EXPRESS_WRITTEN
    phone_as_given: str | None = field(default=None, repr=False)
    timezone: str | None = None


def _buyer(name: str, phone: str | None, notes: str, **wishes: Json) -> Person:
    return Person(name=name, phone=phone, tags=("buyer",), notes=notes, wishes=wishes)


BOOK: tuple[Person, ...] = (
    _buyer(
        "Ana Ruiz", "+15125550101", "Three bedrooms at least, garage is a must. Max 450. Round Rock or Cedar Park.",
        price={"max": 450_000, "hard": True}, beds={"min": 3, "hard": True},
        areas={"any": ["Round Rock", "Cedar Park"]}, features={"must": ["garage"]},
    ),
    _buyer(
        "Ben Okafor", "+15125550102", "Wants a condo near downtown, no more than 550. Walks to work.",
        price={"max": 550_000, "hard": True}, areas={"any": ["78704", "78702"]}, types={"any": ["Condominium"]},
    ),
    _buyer(
        "Carla Jensen", "+15125550103", "Pflugerville or Manor, three beds, around 380. No HOA if possible.",
        price={"max": 380_000}, beds={"min": 3}, areas={"any": ["Pflugerville", "Manor"]}, hoa={"max": 0},
    ),
    _buyer(
        "Deshawn Miller", "+15125550104", "Big yard for two dogs, fenced. Georgetown or Leander, up to 520.",
        price={"max": 520_000, "hard": True}, beds={"min": 3}, areas={"any": ["Georgetown", "Leander"]},
        features={"prefer": ["fenced yard"]},
    ),
    _buyer(
        "Elena Petrova", "+15125550105", "Mueller only. Townhouse or house, two bedrooms or more, 650 tops.",
        price={"max": 650_000, "hard": True}, beds={"min": 2, "hard": True}, areas={"any": ["Mueller"], "hard": True},
    ),
    _buyer(
        "Farid Haddad", "+15125550106", "Relocating, wants a home office and 2,000 sq ft. Lakeway or NW Hills.",
        price={"max": 900_000}, size={"min": 2_000}, areas={"any": ["Lakeway", "Northwest Hills"]},
        features={"prefer": ["home office"]},
    ),
    _buyer(
        "Grace Liu", "+14155550107", "Moving from San Francisco. Crestview or Allandale, four beds, up to 1.1M.",
        price={"max": 1_100_000}, beds={"min": 4}, areas={"any": ["Crestview", "Allandale"]},
    ),
    _buyer(
        "Hank Brewer", "+15125550108", "First home. Kyle or Buda, 3/2, max 350 and that is a hard stop.",
        price={"max": 350_000, "hard": True}, beds={"min": 3}, baths={"min": 2}, areas={"any": ["Kyle", "Buda"]},
    ),
    _buyer(
        "Ines Moreau", "+12125550109", "New York, remote buyer. Anything with a pool in South Austin to 700.",
        price={"max": 700_000}, areas={"any": ["78745", "78748", "78749"]}, features={"must": ["pool"]},
    ),
    _buyer(
        "Jamal Carter", "+15125550110", "Leander or Cedar Park. Four bedrooms, two car garage, no pool.",
        price={"max": 560_000}, beds={"min": 4}, areas={"any": ["Leander", "Cedar Park"]},
        features={"must": ["garage"], "never": ["pool"]},
    ),
    _buyer(
        "Kim Tran", "+15125550111", "Anywhere north but not Georgetown. Two baths, under 420.",
        price={"max": 420_000, "hard": True}, baths={"min": 2},
        areas={"any": ["Round Rock", "Cedar Park", "Pflugerville", "Leander"], "none": ["Georgetown"]},
    ),
    _buyer(
        "Luis Ortega", None, "Prefers the phone but changed numbers. Garrison Park, three bedrooms, 480.",
        price={"max": 480_000}, beds={"min": 3}, areas={"any": ["Garrison Park", "Cherry Creek"]},
    ),
    Person(
        name="Maya Goldberg", phone=None, phone_as_given="ask at the front desk", tags=("buyer",),
        notes="Round Rock, two to three bedrooms, up to 400.",
        wishes={"price": {"max": 400_000}, "beds": {"min": 2}, "areas": {"any": ["Round Rock"]}},
    ),
    Person(
        name="Noah Fischer", phone="+15125550114", tags=("buyer",), consent=None,
        notes="Met at an open house in Kyle. Liked the three bedrooms under 360.",
        wishes={"price": {"max": 360_000}, "beds": {"min": 3}, "areas": {"any": ["Kyle", "Buda"]}},
    ),
    Person(
        name="Olivia Kealoha", phone="+18085550115", tags=("buyer",), timezone="Pacific/Honolulu",
        notes="Stationed in Hawaii until spring, buying in Pflugerville or Round Rock, 3 beds, 430.",
        wishes={"price": {"max": 430_000}, "beds": {"min": 3}, "areas": {"any": ["Pflugerville", "Round Rock"]}},
    ),
    Person(
        name="Peter Novak", phone="+15125550116", tags=("buyer",),
        notes="Changed his mind twice; the form says at least 700 and at most 500.",
        wishes={"price": {"min": 700_000, "max": 500_000}, "areas": {"any": ["Austin"]}},
    ),
    _buyer("Quinn Abbott", "+15125550117", "Just looking. Said hello at the market.", timing="someday"),
    Person(
        name="Rosa Delgado", phone="+15125550118", tags=("investor",),
        notes="Buys small houses to let in Pflugerville, Manor and Kyle, up to 330. Three bedrooms rent best.",
        wishes={
            "price": {"max": 330_000, "hard": True}, "beds": {"min": 3},
            "areas": {"any": ["Pflugerville", "Manor", "Kyle"]},
        },
    ),
    Person(
        name="Sam Whitaker", phone="+15125550119", tags=("investor", "buyer"),
        notes="Looks for an ADU in 78704 or 78702 to let by the month. Up to 950.",
        wishes={"price": {"max": 950_000}, "areas": {"any": ["78704", "78702"]}, "features": {"prefer": ["adu"]}},
    ),
    Person(
        name="Tara Singh", phone="+15125550120", tags=("investor",),
        notes="Cash buyer, any house in Round Rock or Cedar Park to 400.",
        wishes={"price": {"max": 400_000, "hard": True}, "areas": {"any": ["Round Rock", "Cedar Park"]}},
    ),
    Person(
        name="Ursula Bauer", phone="+15125550121", tags=("seller prospect",),
        notes="Thinks about selling in Teravista next year. Wants to know what the neighbours get.",
        wishes={"own_home": {
            "latitude": 30.568, "longitude": -97.656, "type": "Single Family Residence", "size": 2_300, "beds": 4,
            "setting": "rural",
        }},
    ),
    Person(
        name="Victor Hughes", phone="+15125550122", tags=("potential_seller",),
        notes="Owns in Falcon Pointe, four bedrooms, about 2,300 sq ft. Job may move.",
        wishes={"own_home": {
            "latitude": 30.453, "longitude": -97.579, "type": "Single Family Residence", "size": 2_300, "beds": 4,
            "setting": "rural",
        }},
    ),
    Person(
        name="Wendy Chu", phone="+15125550123", tags=("past client",),
        notes="Bought in Plum Creek two years ago through us. Likes to hear what sells nearby.",
        wishes={"own_home": {
            "latitude": 30.013, "longitude": -97.864, "type": "Single Family Residence", "size": 2_000, "beds": 3,
            "setting": "rural",
        }},
    ),
    Person(
        name="Xavier Boone", phone="+15125550124", tags=("past_client",),
        notes="Closed in Crystal Falls last spring.",
        wishes={"own_home": {
            "latitude": 30.553, "longitude": -97.879, "type": "Single Family Residence", "size": 2_400, "beds": 4,
            "setting": "rural",
        }},
    ),
    _buyer(
        "Yusuf Demir", "+15125550125", "Georgetown, three bedrooms, 400. Likes an updated kitchen.",
        price={"max": 400_000}, beds={"min": 3}, areas={"any": ["Georgetown"]},
        features={"prefer": ["updated kitchen"]},
    ),
    _buyer(
        "Zoe Lindqvist", "+15125550126", "Buda or Kyle, house with garage, about 370. Husband works from home.",
        price={"max": 370_000}, areas={"any": ["Buda", "Kyle"]}, types={"any": ["Single Family Residence"]},
        features={"prefer": ["garage", "home office"]},
    ),
    _buyer(
        "Aaron Pike", "+15125550127", "Windsor Park or Mueller, at most 600, two bedrooms are enough.",
        price={"max": 600_000, "hard": True}, beds={"min": 2}, areas={"any": ["Windsor Park", "Mueller"]},
    ),
    _buyer(
        "Bea Castellano", "+15125550128", "Downsizing. Single story in Cedar Park or Round Rock, 330 to 430.",
        price={"min": 330_000, "max": 430_000}, beds={"min": 2}, areas={"any": ["Cedar Park", "Round Rock"]},
    ),
    _buyer(
        "Cole Barnett", "+15125550129", "Wants to be on the water in Lakeway. Price matters less, to 1.3M.",
        price={"max": 1_300_000}, areas={"any": ["Lakeway"], "hard": True},
    ),
    _buyer(
        "Dina Farouk", "+15125550130", "78748 or 78745, three bedrooms, garage, 470 max.",
        price={"max": 470_000, "hard": True}, beds={"min": 3}, areas={"any": ["78748", "78745"]},
        features={"must": ["garage"]},
    ),
)  # fmt: skip


def professional() -> User:
    """Return the demo's realtor."""
    return User(
        id=PROFESSIONAL_ID,
        user_type=UserType.REALTOR,
        full_name="Dana Whitfield",
        business_name="Bluebonnet Realty",
        email="dana@bluebonnet.example",
        phone_number="+15125550199",
        vertical="real_estate",
        tool_provider="market",
        timezone="America/Chicago",
        onboarding_complete=True,
        license_number="TX 0000000",
        specialties=("first homes", "relocation"),
        twilio_phone_number=SENDING_NUMBER,
    )


def client_id(person: Person) -> UUID:
    """Return the id of a person of the demo: the same in every run."""
    return stable_id("demo client", person.name)


def clients(now: datetime) -> tuple[Client, ...]:
    """Return the book as it stands at `now` (UTC): everybody is an acquaintance of some months."""
    return tuple(
        Client(
            id=client_id(person),
            user_id=PROFESSIONAL_ID,
            full_name=person.name,
            email=f"{person.name.lower().replace(' ', '.')}@example.com",
            phone=person.phone,
            phone_as_given=person.phone_as_given,
            notes=person.notes,
            user_tags=person.tags,
            preferences=person.wishes,
            timezone=person.timezone,
            created_at=now - ACQUAINTANCE,
        )
        for person in BOOK
    )


def consents(now: datetime) -> tuple[Consent, ...]:
    """Return the consent records of the book: of everybody with a phone who ever signed."""
    return tuple(
        Consent(
            id=stable_id("demo consent", person.name),
            user_id=PROFESSIONAL_ID,
            client_id=client_id(person),
            phone=person.phone,
            kind=person.consent,
            source="form",
            wording="I agree to receive texts about homes from Dana Whitfield, Bluebonnet Realty. Reply STOP to stop.",
            recorded_by="Dana Whitfield",
            recorded_at=now - ACQUAINTANCE,
        )
        for person in BOOK
        if person.phone and person.consent
    )
