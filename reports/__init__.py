"""History and outcome made readable."""
