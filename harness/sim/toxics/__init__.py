"""What can be wrong with a line, by Toxiproxy's names and parameters: one module per toxic."""
