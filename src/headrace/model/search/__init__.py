"""The language of searches: ``state:dead task:mail.* since:2h``. Text to a tree, a tree to text, a tree on a job.

``parse`` reads a text and ``format_query`` writes it again; ``matches`` says what a query means, and a store that
answers by other means (SQL, an index) must answer the same. What is to be asked of more than the job (``asked``) is
never handed to a store.
"""

from headrace.model.search.fields import FIELDS, Kind
from headrace.model.search.formatting import format_query, quoted
from headrace.model.search.matching import matches
from headrace.model.search.parser import parse
from headrace.model.search.tree import Query

__all__ = ["FIELDS", "Kind", "Query", "format_query", "matches", "parse", "quoted"]
