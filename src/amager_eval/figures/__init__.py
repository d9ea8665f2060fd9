"""A result in, a matplotlib Axes out; nothing is computed here beyond quantiles and labels.

Every figure is a view (frozen numbers, made from a statement or a forecast) and a function
`plot_x(view, ax=None) -> Axes`. :func:`amager_eval.figures.draw.draw` puts views of one picture
side by side for the appendix.
"""
