"""Servers of our own, as children of this process: what PostgreSQL and Valkey have in common, and Valkey itself.

Below the adapter families: they may use it, it knows none of them.
"""
