"""Did it change, and is it different? Classical tests and intervals, pure functions.

Numbers in, numbers out; arrays and Series in, arrays out; NaN in, NaN out; what cannot be raises
an error that names the argument. Every result is a frozen record with its method, level and n.
"""

from amager_eval.indicators import rate, share

__all__ = ["rate", "share"]
