"""Nudge finds the moment when a client would be glad to hear from a professional.

One event, the few people who would really care, a true reason for each, one message in the professional's own voice,
approved by a person, sent once, at a lawful hour, and it stops when it should.

The walk, in data order. Whoever reads these files in this order knows the system:

1. `nudge_adapters/feeds/reso.py`        bytes from the MLS -> a page of snapshots and the next cursor
2. `nudge_core/steps/ingest.py`          page -> stored global events and listings, the cursor moved on
   `nudge_core/steps/spread.py`          what changed -> one professional's events and resources, "match this"
3. `nudge_core/steps/match.py`           event x clients -> ranked audience with reasons, "draft this"
4. `nudge_core/steps/draft.py`           audience -> brief -> words -> a campaign briefing in DRAFT
5. `nudge_entrypoints/demo`              the professional reads, edits, approves, dismisses (over HTTP: to come)
6. `nudge_core/steps/review.py`          DRAFT -> ACTIVE with queued texts, or DISMISSED with a lesson
7. `nudge_core/steps/deliver.py`         a due text + the policies at this minute -> sent once, held, or withheld
8. `nudge_adapters/sms`                  one text -> accepted, refused, later, or in doubt

`nudge_core/walk` opens a transaction for each step and calls services between them; `tests/unit/test_walk.py` is the
same tour, executable. The core has no I/O, no clock, no chance and no logging: what is outside comes through
`nudge_core.ports`.
"""

from nudge_core.library import Care, client, listing, who_would_care

__all__ = ["Care", "client", "listing", "who_would_care"]
