"""A stranger's caller of everything: one write to each service and one kind of fault, and clients that try once."""
