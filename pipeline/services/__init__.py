"""The services: Flask apps composed of parts. `create_app()` of each module is its production composition."""
