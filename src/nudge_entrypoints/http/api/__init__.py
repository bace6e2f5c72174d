"""The API: one module per subject, each a Litestar controller over the steps. `routes` lists them."""
