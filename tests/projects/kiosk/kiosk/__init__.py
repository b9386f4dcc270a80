"""A project of somebody else's whose services speak ASGI, or stream their answers."""
