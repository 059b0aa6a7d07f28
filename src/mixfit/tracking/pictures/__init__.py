"""Pictures of data and mixtures, from plain arrays: no torch, no global state, the same bytes for the same input.

`components` is a mixture to a picture, `scene` what is shown of it, `panels` how one panel looks, `density` and
`history` the two kinds of picture, `report` both on one page.
"""
