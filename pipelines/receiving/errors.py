"""What can go wrong with receiving.

The tree of this package:

    ServiceError
    └── Unavailable
        └── SubscriptionRefused     the broker does not let us listen to a topic
"""

from features.domain.errors import Unavailable


class SubscriptionRefused(Unavailable):
    """The broker does not let us listen to a topic."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__("MQTT broker", f"it refuses the subscription to {topic}: {reason}. Check the rights there.")
        self.topic = topic
