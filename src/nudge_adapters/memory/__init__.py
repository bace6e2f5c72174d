"""Storage in memory: the meaning of the storage ports in plain Python, and the default of the library."""

from nudge_adapters.memory.store import MemoryStore

__all__ = ["MemoryStore"]
