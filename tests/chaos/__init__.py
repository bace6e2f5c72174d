"""Chaos: worker processes that are killed, stopped and lied to, on a real PostgreSQL, and a checker that judges.

In the order of a run: `town` (who is texted what), `transcript` (the database keeps its own history and the town's
clock), `carrier` (a process that survives), `failpoints` and `workers` (the product's walk in processes that may die),
`arena` (all of it together), `nemeses` (what is done to it), `ledger` and `checker` (what the judge reads and says),
`mutants` (planted errors the judge must see), `runs` (the table of runs and sizes), `__main__` (the command).

    python -m tests.chaos --quick
    python -m tests.chaos --runs K1 --seeds 1,2,3 --kills 1000 --messages 6000

Source: `reliability.md` 6, 7 and 10.
"""
