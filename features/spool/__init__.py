"""The durable queue between what arrives and what is stored; used by the service and by the gateway."""
