"""Refuses what Discord refuses, by the numbers of `limits`: one module a kind of form."""
