"""Services that the platform is hard on, and what is sent to them."""
