"""What PostgreSQL says, as the errors of `nudge_core`: one table from constraint names, one from error classes."""

from __future__ import annotations

from types import MappingProxyType

import psycopg
from sqlalchemy.exc import DBAPIError, InvalidRequestError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from nudge_core.errors import Conflict, Invalid, Misconfigured, NotFound, NudgeError, Unavailable

SERVICE = "postgresql"

_ID_TAKEN = "its id is taken"

TAKEN = MappingProxyType(
    {
        "pk_user": ("user", _ID_TAKEN),
        "uq_user_phone_number": ("user", "its phone number is taken"),
        "uq_user_twilio_phone_number": ("user", "its sending number is taken"),
        "pk_client": ("client", _ID_TAKEN),
        "uq_client_user_id_email": ("client", "its e-mail is taken"),
        "pk_clientnote": ("note", _ID_TAKEN),
        "pk_clientfact": ("fact", _ID_TAKEN),
        "pk_clientimport": ("import", _ID_TAKEN),
        "pk_clientmerge": ("merge", _ID_TAKEN),
        "pk_contactimport": ("import", _ID_TAKEN),
        "pk_contactaccount": ("contact account", _ID_TAKEN),
        "pk_contactgrant": ("contact grant", _ID_TAKEN),
        "pk_optoutkey": ("opt-out key", "there is one"),
        "pk_keptoptout": ("kept opt-out", _ID_TAKEN),
        "uq_keptoptout_user_id_mark_scope_topic": ("kept opt-out", "it is kept"),
        "pk_consent": ("consent", _ID_TAKEN),
        "pk_suppression": ("suppression", _ID_TAKEN),
        "uq_suppression_user_id_source_sid": ("suppression", "one from this source is stored"),
        "pk_contentresource": ("content", _ID_TAKEN),
        "pk_faq": ("faq", _ID_TAKEN),
        "pk_phonenumber": ("phone number", _ID_TAKEN),
        "uq_phonenumber_one_holder": ("phone number", "somebody has it"),
        "pk_globalmlsevent": ("global event", _ID_TAKEN),
        "pk_listingsnapshot": ("listing", "it is stored"),
        "pk_resource": ("resource", _ID_TAKEN),
        "uq_resource_user_id_resource_type_source_id_entity_id": ("resource", "its entity is stored"),
        "pk_marketevent": ("market event", _ID_TAKEN),
        "pk_campaignbriefing": ("briefing", _ID_TAKEN),
        "uq_campaignbriefing_one_per_resource_and_event": ("briefing", "there is one for this resource and event"),
        "pk_negativepreference": ("negative preference", _ID_TAKEN),
        "pk_textmeaning": ("vector", "it is stored"),
        "pk_exposure": ("exposure", _ID_TAKEN),
        "pk_styleremoval": ("removal", _ID_TAKEN),
        "pk_auditentry": ("audit entry", _ID_TAKEN),
        "pk_auditlink": ("audit entry", "it is linked"),
        "uq_auditlink_user_id_position": ("audit entry", "its place in the chain is taken"),
        "pk_audithead": ("audit chain", "there is one"),
        "pk_message": ("message", _ID_TAKEN),
        "uq_message_user_id_dedupe_key": ("message", "its dedupe key is used"),
        "uq_message_user_id_provider_sid": ("message", "its provider id is taken"),
        "uq_message_one_in_flight": ("message", "this phone has a text in flight from this number"),
        "pk_senderlane": ("lane", "this sender has one"),
        "pk_scheduledmessage": ("scheduled message", _ID_TAKEN),
        "uq_scheduledmessage_one_open_occurrence": ("scheduled message", "its series has an open occurrence"),
        "pk_interaction": ("interaction", _ID_TAKEN),
        "pk_feedcursor": ("feed cursor", "another process has advanced this source"),
        "pk_feedcounter": ("feed counter", "it is stored"),
        "pk_unreadrecord": ("unread record", _ID_TAKEN),
        "uq_unreadrecord_fingerprint": ("unread record", "it is stored"),
        "pk_pipelinerun": ("pipeline run", _ID_TAKEN),
        "pk_carrierevent": ("carrier event", _ID_TAKEN),
        "uq_carrierevent_kind_provider_sid_status": ("carrier event", "it is stored"),
        "pk_inboundcursor": ("inbound cursor", "it is stored"),
        "pk_outbox": ("note", _ID_TAKEN),
        "uq_outbox_user_id_dedupe_key": ("note", "its dedupe key is used"),
        "pk_timetable": ("timetable entry", "it is stored"),
        "pk_heartbeat": ("heartbeat", _ID_TAKEN),
        "pk_change": ("change", "its id is taken"),
        "pk_idempotency": ("idempotency key", "it is stored"),
        "pk_signinattempt": ("sign-in attempt", _ID_TAKEN),
        "pk_signinlock": ("sign-in lock", "it is stored"),
        "pk_signinsession": ("session", _ID_TAKEN),
        "pk_refreshtoken": ("refresh token", _ID_TAKEN),
        "pk_apikey": ("API key", _ID_TAKEN),
    }
)
"""Unique constraint to what exists already and why that is a conflict."""

MISSING = MappingProxyType(
    {
        "fk_client_user_id": "user",
        "fk_clientnote_user_id": "user",
        "fk_clientnote_user_id_client_id": "client",
        "fk_clientfact_user_id": "user",
        "fk_clientfact_user_id_client_id": "client",
        "fk_clientfact_user_id_superseded_by": "fact",
        "fk_clientimport_user_id": "user",
        "fk_clientmerge_user_id": "user",
        "fk_contactimport_user_id": "user",
        "fk_contactaccount_user_id": "user",
        "fk_contactgrant_user_id": "user",
        "fk_optoutkey_user_id": "user",
        "fk_keptoptout_user_id": "user",
        "fk_consent_user_id": "user",
        "fk_consent_user_id_client_id": "client",
        "fk_suppression_user_id": "user",
        "fk_contentresource_user_id": "user",
        "fk_faq_user_id": "user",
        "fk_phonenumber_user_id": "user",
        "fk_resource_user_id": "user",
        "fk_marketevent_user_id": "user",
        "fk_marketevent_global_event_id": "global event",
        "fk_marketevent_user_id_resource_id": "resource",
        "fk_campaignbriefing_user_id": "user",
        "fk_campaignbriefing_user_id_client_id": "client",
        "fk_campaignbriefing_user_id_triggering_resource_id": "resource",
        "fk_campaignbriefing_user_id_triggering_event_id": "market event",
        "fk_campaignbriefing_user_id_parent_message_id": "message",
        "fk_negativepreference_user_id": "user",
        "fk_negativepreference_user_id_client_id": "client",
        "fk_negativepreference_user_id_source_campaign_id": "briefing",
        "fk_styleremoval_user_id": "user",
        "fk_exposure_user_id": "user",
        "fk_exposure_user_id_client_id": "client",
        "fk_exposure_user_id_event_id": "market event",
        "fk_auditentry_user_id": "user",
        "fk_auditlink_user_id": "user",
        "fk_auditlink_user_id_id": "audit entry",
        "fk_audithead_user_id": "user",
        "fk_message_user_id": "user",
        "fk_message_user_id_client_id": "client",
        "fk_message_user_id_briefing_id": "briefing",
        "fk_senderlane_user_id": "user",
        "fk_scheduledmessage_user_id": "user",
        "fk_scheduledmessage_user_id_client_id": "client",
        "fk_scheduledmessage_user_id_parent_plan_id": "briefing",
        "fk_scheduledmessage_user_id_message_id": "message",
        "fk_interaction_user_id": "user",
        "fk_interaction_user_id_client_id": "client",
        "fk_outbox_user_id": "user",
        "fk_carrierevent_user_id": "user",
        "fk_change_user_id": "user",
        "fk_idempotency_user_id": "user",
        "fk_signinsession_user_id": "user",
        "fk_refreshtoken_user_id": "user",
        "fk_refreshtoken_user_id_session_id": "session",
        "fk_apikey_user_id": "user",
    }
)
"""Foreign key to what it speaks of and is not there."""

_AGAIN_AT_ONCE_S = 0.0
_UNAVAILABLE = ("08", "53", "57", "58", "XX")  # connection, resources, operator intervention, system, internal error
_AGAIN = ("40", "55P03", "25P03")  # serialisation or deadlock, lock not had in time, idle too long
_OPERATOR = ("28", "3D", "3F", "42", "0A")  # no such role, database, schema, table or right; server too old


def translate(error: BaseException) -> NudgeError | None:
    """Return the domain error for what a driver raised, or None when it is not the database's doing.

    The driver's error stays the cause, but loses its words: PostgreSQL quotes the values it met ("Key (email)=..."),
    and a cause is printed with every traceback. What a refused connection says quotes none and is kept.
    """
    if isinstance(error, PoolTimeout):
        return Unavailable(SERVICE, "no connection came free in time")
    cause = error.orig if isinstance(error, StatementError) else error
    if isinstance(cause, UnicodeEncodeError):
        found = Invalid("row", "texts without half of a surrogate pair", cause.object)
        cause.object, cause.args = "", (cause.encoding, "", 0, 0, cause.reason)
        return found
    if isinstance(cause, psycopg.Error):
        translated = _of_state(cause)
        if not _says_why_no_connection(cause):
            for told in (cause, error):
                told.args = (f"{type(cause).__name__} ({cause.sqlstate or 'no code'}); what it said may quote values",)
        return translated
    if isinstance(error, DBAPIError) or isinstance(cause, OSError):
        return Unavailable(SERVICE, "the connection was lost")
    if isinstance(error, InvalidRequestError) and "closed" in str(error):
        return Unavailable(SERVICE, "the connection was lost")
    return None


def _says_why_no_connection(error: psycopg.Error) -> bool:
    return not error.sqlstate and isinstance(error, psycopg.OperationalError)


def _of_state(error: psycopg.Error) -> NudgeError:
    state = error.sqlstate or ""
    constraint = error.diag.constraint_name or ""
    if constraint in TAKEN:
        return Conflict(*TAKEN[constraint])
    if constraint in MISSING:
        return NotFound(MISSING[constraint], f"that the row names ({constraint})")
    if state.startswith(("22", "23")) or (not state and isinstance(error, psycopg.DataError)):
        return Invalid(error.diag.table_name or "row", f"a value that the table takes ({constraint or state or 'NUL'})")
    if state.startswith(_AGAIN):
        return Unavailable(SERVICE, f"another transaction was in the way ({state})", _AGAIN_AT_ONCE_S)
    if state.startswith(_OPERATOR):
        return Misconfigured(
            [f"database: {type(error).__name__} ({state}); is the schema up to date and the role right?"]
        )
    if state.startswith(_UNAVAILABLE):
        return Unavailable(SERVICE, f"{type(error).__name__} ({state})")
    if _says_why_no_connection(error):
        return Unavailable(SERVICE, " ".join(str(error).split())[:200] or type(error).__name__)
    return Unavailable(SERVICE, f"{type(error).__name__} ({state or 'no code'})")
