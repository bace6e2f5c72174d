"""Finding what is meant: exact search over the vectors of one practice."""
