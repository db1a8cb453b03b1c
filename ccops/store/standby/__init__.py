"""A second machine: which of two may write a store, and how a copy on the other one is kept fresh.

Every store of a pair has a term, a number that only rises. Whoever takes over raises it, and a store whose term was
passed writes no more (`role`). Differences are shipped page by page, from one instant of the store that writes
(`image`) into a copy that is whole at every moment (`patch`), over a pipe (`wire`, `peer`); `pair` puts that together.
"""
