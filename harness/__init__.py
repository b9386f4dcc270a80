"""Virtual-time kernel, faults, history, checks, runner and command line; knows no service and no pipeline."""
