"""Where a fit starts: each file says who is responsible for which point at first; the M-step makes the parameters.

An initializer is a function (points (N, D), weights (N,), n_components, generator) → responsibilities (N, K). `start`
runs several of them for a few passes and keeps the best; it hands them points in a fixed order and without doubles.
"""
