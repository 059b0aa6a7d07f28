"""One pass over points: log-densities, and sums under responsibilities.

There are two exact ways to make a pass. `features` is two matrix products and several times faster; `centred` keeps
every digit whatever the components look like. `rule` chooses, and is the one place that does. `chunks` takes the points
some at a time, in a cache's portions, on all threads.
"""
