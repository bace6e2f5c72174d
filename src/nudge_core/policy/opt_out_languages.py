"""Orders to be silent in other languages: "stop" and "do not write to me" as the larger communities here say it.

Matched against folded text, as in `opt_out_phrases`; those of scripts without blanks against any part of it. A tenant
with clients of another tongue adds to this list; until then an unread order reaches the professional like any reply.
"""

from __future__ import annotations

import re

_SPANISH_SEND = r"(?:escrib|mand|envi|molest|llam|contact|text)\w*"
_TEXTS = r"(?:mensajes?|mensagens|mensagem|textos?|sms|messages?|nachrichten|messaggi|avisos?|notificaciones)"

FOREIGN_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        # Spanish
        r"\bno quiero nada\b",
        rf"\bno (?:mas|quiero) (?:\w+ ){{0,2}}?{_TEXTS}\b|\bno mas por favor\b|"
        rf"^(?:ya )?basta(?: ya)?(?: por favor)?$",
        rf"\bdej[ae]n? de {_SPANISH_SEND}|\bno (?:me|nos|le) (?:\w+ )?{_SPANISH_SEND}",
        rf"\bya no (?:quiero|deseo|me) (?:\w+ ){{0,2}}?(?:{_TEXTS}|{_SPANISH_SEND})",
        r"\b(?:quit|borr|elimin|sac)\w{1,3}(?:me|nos)\b|\b(?:borr|quit|elimin)(?:e|a|en) mi (?:numero|"
        r"telefono|nombre)\b",
        r"\b(?:dar|dame|deme|darme|dar me|darse|darnos) de baja\b",
        rf"\bcancel(?:ar|e|en|a) (?:mi |la |los |estos |sus )?(?:suscripcion|{_TEXTS})\b",
        rf"\bno (?:quiero|deseo) recibir\b|\b(?:alto|pare|paren|parar|detener|detengan) (?:a |"
        rf"con )?(?:los |estos |de )*{_TEXTS}\b",
        # Portuguese
        rf"\bpare[mn]? (?:de|com)\b|\bnao (?:quero|desejo) (?:\w+ ){{0,2}}?{_TEXTS}|\bnao (?:me )?(?:mand|"
        rf"envi|escrev|contat)\w*",
        r"\b(?:remova|retire|tire|exclua|apague)\w* (?:o )?meu (?:numero|nome)\b",
        # French
        rf"\barrete[zr]? (?:de |d |les |ces |vos )|\bstop aux\b|\bplus (?:de |aucun )(?:\w+ )?{_TEXTS}\b",
        r"\bne (?:me|nous|m) (?:\w+ )?(?:contact|ecriv|envoy|text|derang)\w*|\bdesinscri\w+|\bdesabonn\w+",
        r"\b(?:retire[rz]|supprime[rz]|enleve[rz]|efface[rz]) (?:moi|mon numero|notre numero)\b",
        r"\blosch\w* (?:\w+ ){0,2}?(?:meine|diese) (?:nummer|handynummer|telefonnummer)\b",
        # German, Italian, Polish
        rf"\bhor(?:t|en sie)? (?:\w+ )?auf\b|\bkeine (?:\w+ )?{_TEXTS}(?: mehr)?\b|"
        rf"\bschreib\w* (?:\w+ ){{0,3}}nicht mehr\b",
        rf"\bnon (?:\w+ )?(?:scriv|mand|invi|contatt)\w*|\bsmett\w+ di\b|\bbasta {_TEXTS}\b|\bcancella(?:mi|temi)\b",
        r"\bnie pisz\w*|\bprzestan\w*",
        # Vietnamese, Tagalog, Haitian Creole
        r"\bdung (?:co )?(?:nhan|gui|lien|lam phien|goi)\b|\b(?:khong|ngung|ngừng) (?:nhan|gui) tin\b",
        r"\bxoa so\b|\b(?:paki ?)?(?:alis|tanggal)\w* (?:\w+ ){0,4}?(?:number|numero)\b",
        r"\b(?:huwag|wag) (?:\w+ ){0,4}?(?:mag|text|itext|kontak)\w*|\b(?:i)?tigil(?:an)?\b",
        r"\b(?:sispann|pa) (?:ekri|voye)\b",
        # Russian, Ukrainian
        r"\bне (?:пиш|присыл|отправ|беспоко|звон|шлите|надо)\w*|\b(?:отпи[шс]|прекрат|перестан|удалит)\w*",
        r"\bне (?:пишіть|надсил|турбу)\w*|\bприпин\w*",
    )
)

_CHINESE = (
    "别给我|別給我|退订|退訂|取消订阅|取消訂閱|拒收|别再|"
    "別再|不要再|请勿|請勿|别发|停止|别联系|不要(?:给我)?发|不要联系"
)
_JAPANESE = "配信停止|送らないで|やめて|停止して"
_KOREAN = "수신거부|그만|중단|중지|보내지"
_ARABIC = "توقف|وقف|اوقف|الغاء|لا ترسل|لا تراسل"
_HINDI = "बंद कर|मत भेज|रोको|रोकें"
SCRIPTS = re.compile("|".join((_CHINESE, _JAPANESE, _KOREAN, _ARABIC, _HINDI)))
"""Orders in scripts of which words cannot be parted by blanks, or whose vowel signs are no letters."""
