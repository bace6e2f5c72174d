"""Text into facts with spans. Pure: no model, no I/O; what is not read with confidence is left unread."""
