"""Professionals, clients, consent, contents, answers."""

from __future__ import annotations

from nudge_adapters.sql.encryption import Keyring, Place, needed
from nudge_adapters.sql.rows.values import (
    NewRow,
    Row,
    json_from,
    texts_from,
    to_object,
    vector_from_row,
    vector_to_columns,
)
from nudge_core.model.client import Client
from nudge_core.model.consent import Consent, ConsentKind, Suppression, SuppressionScope
from nudge_core.model.faq import Faq
from nudge_core.model.phone_number import HeldNumber, NumberStatus
from nudge_core.model.resource import ContentResource
from nudge_core.model.secret import Secret
from nudge_core.model.user import MlsCheck, User

SECRETS = ("mls_username", "mls_password")


def user_to_row(user: User, keyring: Keyring | None) -> NewRow:
    """Return the row of a professional, its secrets encrypted. Raises Misconfigured without a keyring for them."""
    row: NewRow = {
        "id": user.id,
        "user_type": user.user_type,
        "full_name": user.full_name,
        "email": user.email,
        "phone_number": user.phone_number,
        "vertical": user.vertical,
        "tool_provider": user.tool_provider,
        "timezone": user.timezone,
        "business_name": user.business_name,
        "onboarding_complete": user.onboarding_complete,
        "onboarding_state": to_object(user.onboarding_state),
        "market_focus": list(user.market_focus),
        "ai_style_guide": to_object(user.ai_style_guide),
        "strategy": to_object(user.strategy),
        "license_number": user.license_number,
        "specialties": list(user.specialties),
        "faq_auto_responder_enabled": user.faq_auto_responder_enabled,
        "twilio_phone_number": user.twilio_phone_number,
        "mls_check": None if user.mls_check is None else user.mls_check.value,
        "mls_checked_at": user.mls_checked_at,
        "version": user.version,
    }
    for column in SECRETS:
        secret: Secret | None = getattr(user, column)
        place = Place(table="user", column=column, user_id=user.id, row_id=user.id)
        row[column] = None if secret is None else needed(keyring).encrypt(secret, place)
    return row


def user_from_row(row: Row, keyring: Keyring | None) -> User:
    """Return a professional. Raises Misconfigured when it has secrets and the keyring cannot read them."""
    secrets: dict[str, Secret | None] = {}
    for column in SECRETS:
        place = Place(table="user", column=column, user_id=row["id"], row_id=row["id"])
        secrets[column] = None if row[column] is None else needed(keyring).decrypt(row[column], place)
    return User(
        id=row["id"],
        user_type=row["user_type"],
        full_name=row["full_name"],
        email=row["email"],
        phone_number=row["phone_number"],
        vertical=row["vertical"],
        tool_provider=row["tool_provider"],
        timezone=row["timezone"],
        business_name=row["business_name"],
        onboarding_complete=row["onboarding_complete"],
        onboarding_state=json_from(row["onboarding_state"]),
        market_focus=texts_from(row["market_focus"]),
        ai_style_guide=json_from(row["ai_style_guide"]),
        strategy=json_from(row["strategy"]),
        mls_username=secrets["mls_username"],
        mls_password=secrets["mls_password"],
        license_number=row["license_number"],
        specialties=texts_from(row["specialties"]),
        faq_auto_responder_enabled=row["faq_auto_responder_enabled"],
        twilio_phone_number=row["twilio_phone_number"],
        mls_check=None if row["mls_check"] is None else MlsCheck(row["mls_check"]),
        mls_checked_at=row["mls_checked_at"],
        version=row["version"],
    )


def client_to_row(client: Client) -> NewRow:
    """Return the row of a client."""
    return {
        "id": client.id,
        "user_id": client.user_id,
        "full_name": client.full_name,
        "email": client.email,
        "phone": client.phone,
        "phone_as_given": client.phone_as_given,
        "notes": client.notes,
        **vector_to_columns("notes_embedding", client.notes_embedding),
        "ai_tags": list(client.ai_tags),
        "user_tags": list(client.user_tags),
        "preferences": to_object(client.preferences),
        "last_interaction": client.last_interaction,
        "timezone": client.timezone,
        "created_at": client.created_at,
        "version": client.version,
        "updated_at": client.updated_at,
    }


def client_from_row(row: Row) -> Client:
    """Return a client."""
    return Client(
        id=row["id"],
        user_id=row["user_id"],
        full_name=row["full_name"],
        email=row["email"],
        phone=row["phone"],
        phone_as_given=row["phone_as_given"],
        notes=row["notes"],
        notes_embedding=vector_from_row(row, "notes_embedding"),
        ai_tags=texts_from(row["ai_tags"]),
        user_tags=texts_from(row["user_tags"]),
        preferences=json_from(row["preferences"]),
        last_interaction=row["last_interaction"],
        timezone=row["timezone"],
        created_at=row["created_at"],
        version=row["version"],
        updated_at=row["updated_at"],
    )


def consent_to_row(consent: Consent) -> NewRow:
    """Return the row of a statement about consent."""
    return {
        "id": consent.id,
        "user_id": consent.user_id,
        "client_id": consent.client_id,
        "phone": consent.phone,
        "kind": consent.kind.value,
        "source": consent.source,
        "recorded_by": consent.recorded_by,
        "recorded_at": consent.recorded_at,
        "wording": consent.wording,
    }


def consent_from_row(row: Row) -> Consent:
    """Return a statement about consent."""
    return Consent(
        id=row["id"],
        user_id=row["user_id"],
        client_id=row["client_id"],
        phone=row["phone"],
        kind=ConsentKind(row["kind"]),
        source=row["source"],
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
        wording=row["wording"],
    )


def suppression_to_row(suppression: Suppression) -> NewRow:
    """Return the row of a demand for silence."""
    return {
        "id": suppression.id,
        "user_id": suppression.user_id,
        "phone": suppression.phone,
        "scope": suppression.scope.value,
        "topic": suppression.topic,
        "reason": suppression.reason,
        "active": suppression.active,
        "source_sid": suppression.source_sid,
        "created_at": suppression.created_at,
    }


def suppression_from_row(row: Row) -> Suppression:
    """Return a demand for silence."""
    return Suppression(
        id=row["id"],
        user_id=row["user_id"],
        phone=row["phone"],
        scope=SuppressionScope(row["scope"]),
        topic=row["topic"],
        reason=row["reason"],
        active=row["active"],
        source_sid=row["source_sid"],
        created_at=row["created_at"],
    )


def content_to_row(content: ContentResource) -> NewRow:
    """Return the row of a link or document."""
    return {
        "id": content.id,
        "user_id": content.user_id,
        "title": content.title,
        "url": content.url,
        "description": content.description,
        "categories": list(content.categories),
        "content_type": content.content_type,
        "status": content.status,
        "usage_count": content.usage_count,
        "created_at": content.created_at,
        "updated_at": content.updated_at,
        "version": content.version,
    }


def content_from_row(row: Row) -> ContentResource:
    """Return a link or document."""
    return ContentResource(
        id=row["id"],
        user_id=row["user_id"],
        title=row["title"],
        url=row["url"],
        description=row["description"],
        categories=texts_from(row["categories"]),
        content_type=row["content_type"],
        status=row["status"],
        usage_count=row["usage_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )


def faq_to_row(faq: Faq) -> NewRow:
    """Return the row of a question with its answer."""
    return {
        "id": faq.id,
        "user_id": faq.user_id,
        "question": faq.question,
        "answer": faq.answer,
        "is_enabled": faq.is_enabled,
        "version": faq.version,
    }


def faq_from_row(row: Row) -> Faq:
    """Return a question with its answer."""
    return Faq(
        id=row["id"],
        user_id=row["user_id"],
        question=row["question"],
        answer=row["answer"],
        is_enabled=row["is_enabled"],
        version=row["version"],
    )


def number_to_row(number: HeldNumber) -> NewRow:
    """Return the row of a telephone number."""
    return {
        "id": number.id,
        "user_id": number.user_id,
        "number": number.number,
        "status": number.status.value,
        "provider_sid": number.provider_sid,
        "created_at": number.created_at,
        "changed_at": number.changed_at,
    }


def number_from_row(row: Row) -> HeldNumber:
    """Return a telephone number."""
    return HeldNumber(
        id=row["id"],
        user_id=row["user_id"],
        number=row["number"],
        status=NumberStatus(row["status"]),
        provider_sid=row["provider_sid"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
