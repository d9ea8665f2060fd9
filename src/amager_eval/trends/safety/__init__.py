"""The safety model, in the order to read it.

`design` lays the figures out; `covariance` lists the terms behind them (change a term there);
`model` has the scales' priors; `point` finds the shares the figures are linear around; `fit`
samples the scales; `draws` gives the rest given them; `likelihood` weighs both by the exact
probability of the rounded figures; `forecast` goes on from there. Beside these are `own_effects`
(declared steps and covariates), `alternatives` (the same points weighed anew), `datatree` (for
ArviZ), `link` and `narrowing` (questions asked of a fit).
"""
