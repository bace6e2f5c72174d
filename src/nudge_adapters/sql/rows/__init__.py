"""Entities to rows and back: two small functions per aggregate, no mapper.

`*_to_row` returns what an INSERT or UPDATE takes; `*_from_row` builds the entity, so a row that breaks a rule of the
entity cannot be read unnoticed.
"""
