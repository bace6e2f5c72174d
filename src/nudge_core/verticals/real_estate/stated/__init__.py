"""Reading stated preferences, value by value; each error names the field under `preferences`."""
