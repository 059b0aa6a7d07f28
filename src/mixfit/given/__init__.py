"""Starts that are given and not drawn: each file says where parameters come from; `initial` puts a density there.

They are no initializers: those see standardized points and say who is responsible for which, and these hold parameters
in the data's units and may look into files. A fit from one tries no other start.
"""
