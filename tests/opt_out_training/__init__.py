"""The training of the learned layer of the opt-out reader: corpus, grammar, fit and cross-validation."""
