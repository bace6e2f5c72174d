"""The wishes of a whole book as columns: one per declared constraint, each able to compare itself with an offer.

A column answers twice. `misses` (or `missed_by`) runs over every client and only says who is out. `enter` runs over the
few who are left and says what each constraint is worth to them.
"""

from nudge_core.matching.columns.feature import FeatureColumn
from nudge_core.matching.columns.near import NearColumn
from nudge_core.matching.columns.number import NumberColumn
from nudge_core.matching.columns.terms import RefusalColumn, TermsColumn

Column = NumberColumn | TermsColumn | RefusalColumn | NearColumn | FeatureColumn

__all__ = ["Column", "FeatureColumn", "NearColumn", "NumberColumn", "RefusalColumn", "TermsColumn"]
