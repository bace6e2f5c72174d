"""The HTTP server: one module per subject; `app.build_app` puts them together, `serving.serve` runs them."""
