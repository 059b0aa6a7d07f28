"""The estimator and how it is loaded: what `from mixfit import GaussianMixture, load` gives.

`points` lets data in and results out, `arguments` and `initial` check what was asked for, `training` and `stream` fit,
`loading` brings a fit back.
"""
