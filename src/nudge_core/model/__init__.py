"""The nouns: frozen entities with validators, their enums, and one transition table per state machine."""
