"""The estimator and how it is loaded: what `from mixfit import GaussianMixture, load` gives.

`points` lets data in and results out, `arguments` and `initial` check what was asked for, `training` and `stream` fit,
`keeping` writes a fit down and `loading` brings it back, if the arguments are in `agreement` with it.
"""
