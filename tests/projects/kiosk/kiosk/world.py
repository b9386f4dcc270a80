"""The worlds of the kiosk."""


def build(tunnel):
    tunnel.service("api", app="kiosk.api:app", max_instances=1, cold_start_s=2, request_timeout_s=60)
    tunnel.service("pages", app="kiosk.pages:app", max_instances=1, cold_start_s=2)
    tunnel.service("bare", app="kiosk.plain:bare", max_instances=1, cold_start_s=2)
    tunnel.worker("visitor", main="kiosk.visitor:main")


def refusing(tunnel):
    tunnel.service("refusing", app="kiosk.plain:refusing", min_instances=1)
