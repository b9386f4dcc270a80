"""What the machinery costs, measured beside a reference in the same run."""
