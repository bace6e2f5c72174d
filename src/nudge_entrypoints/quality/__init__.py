"""How good is the product's judgement? Figures on public data made for other purposes, beside simple methods."""
