"""What a professional's own decisions teach: how they write. Pure; `nudge_core.steps` reads and applies it."""
