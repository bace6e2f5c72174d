"""How good the product is on public data: predictions in the referee's format."""
