"""A tiny project of somebody else's: two services that know nothing of Windtunnel."""
