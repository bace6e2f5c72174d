"""The wishes of a whole book as columns: one column per declared constraint, each able to compare itself with an offer.

A column answers twice. `misses` runs over every client and only says who is out. `enter` runs over the few who are
left and says what each constraint is worth. Rows are those of the audience; a span is a stretch of them.
"""
