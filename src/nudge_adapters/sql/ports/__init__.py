"""The storage ports on PostgreSQL, one module per subject. Every statement of a tenant's port filters by `user_id`."""
