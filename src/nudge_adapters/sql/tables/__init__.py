"""Every table, in one `METADATA` that the store, alembic and the documentation read.

`reference/database.md` names the twelve main tables and their columns; deviations and their reasons stand in
`docs/reference/database.md`. Three rules hold everywhere:

* A row of a professional has the primary key `(user_id, id)`, and references inside a professional's world are
  composite, so that no foreign key can cross from one professional to another.
* Every constraint has a name (`NAMING`), because `nudge_adapters.sql.failures` turns names into domain errors.
* An index of such a row begins with `user_id`, as every query does, unless the claim across all of them needs it.
"""

from nudge_adapters.sql.tables.access import apikey, refreshtoken, signinattempt, signinlock, signinsession
from nudge_adapters.sql.tables.carrier import carrierevent, inboundcursor
from nudge_adapters.sql.tables.changes import change
from nudge_adapters.sql.tables.clients import clientfact, clientimport, clientmerge, clientnote, keptoptout, optoutkey
from nudge_adapters.sql.tables.contacts import contactaccount, contactgrant, contactimport
from nudge_adapters.sql.tables.idempotency import idempotency
from nudge_adapters.sql.tables.market import globalmlsevent, listingsnapshot, marketevent, resource, textmeaning
from nudge_adapters.sql.tables.nudges import (
    auditentry,
    audithead,
    auditlink,
    campaignbriefing,
    exposure,
    negativepreference,
    styleremoval,
)
from nudge_adapters.sql.tables.operations import heartbeat, timetable
from nudge_adapters.sql.tables.people import (
    client,
    consent,
    contentresource,
    faq,
    phonenumber,
    suppression,
    user,
)
from nudge_adapters.sql.tables.schema import METADATA
from nudge_adapters.sql.tables.sources import feedcounter, feedcursor, unreadrecord
from nudge_adapters.sql.tables.texts import interaction, message, scheduledmessage, senderlane
from nudge_adapters.sql.tables.work import outbox, pipelinerun

__all__ = [
    "METADATA",
    "apikey",
    "auditentry",
    "audithead",
    "auditlink",
    "campaignbriefing",
    "carrierevent",
    "change",
    "client",
    "clientfact",
    "clientimport",
    "clientmerge",
    "clientnote",
    "consent",
    "contactaccount",
    "contactgrant",
    "contactimport",
    "contentresource",
    "exposure",
    "faq",
    "feedcounter",
    "feedcursor",
    "globalmlsevent",
    "heartbeat",
    "idempotency",
    "inboundcursor",
    "interaction",
    "keptoptout",
    "listingsnapshot",
    "marketevent",
    "message",
    "negativepreference",
    "optoutkey",
    "outbox",
    "phonenumber",
    "pipelinerun",
    "refreshtoken",
    "resource",
    "scheduledmessage",
    "senderlane",
    "signinattempt",
    "signinlock",
    "signinsession",
    "styleremoval",
    "suppression",
    "textmeaning",
    "timetable",
    "unreadrecord",
    "user",
]
