"""What is written down about clients, and kept in step with what matching reads of it."""
