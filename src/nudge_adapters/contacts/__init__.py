"""Contacts from outside: tables, cards, address books of others, and telephone numbers as people write them."""
