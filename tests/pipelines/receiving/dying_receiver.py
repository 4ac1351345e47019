"""A receiver that is killed in the middle: `python -m tests.pipelines.receiving.dying_receiver PORT SPOOL WHEN`."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import aiomqtt

from features.domain.identifiers import DEFAULT_TENANT
from features.spool.durable import DurableSpool
from pipelines.receiving.messages import MessageLayout
from pipelines.receiving.mqtt import MqttPlan, MqttReceiver
from pipelines.receiving.topics import Broker, topic_patterns


def plan(port: int) -> MqttPlan:
    topics = topic_patterns("millwright/{asset}/telemetry")
    broker = Broker.parse(f"mqtt://127.0.0.1:{port}")
    return MqttPlan(broker, None, topics, MessageLayout.FLAT, "receiver", DEFAULT_TENANT, 0.05, 0.2)


class DeadlySpool(DurableSpool):
    """Kills its process in a call of `put`, before or after it has put."""

    when = "before"
    sound_calls = 1
    calls = 0

    def put(self, contents: Sequence[bytes]) -> int:
        self.calls += 1
        if self.calls <= self.sound_calls:
            return super().put(contents)
        if self.when == "after":
            super().put(contents)
        os.kill(os.getpid(), signal.SIGKILL)
        return 0


class CarelessReceiver(MqttReceiver):
    """Acknowledges what it has only read: what a test must notice."""

    def _client(self) -> aiomqtt.Client:
        client = super()._client()
        client._client.manual_ack_set(False)
        return client


if __name__ == "__main__":
    port, folder, when = sys.argv[1:]
    spool = DeadlySpool(Path(folder))
    spool.when, spool.sound_calls = when, int(when != "careless")  # who acknowledges at once gets everything at once
    kind = CarelessReceiver if when == "careless" else MqttReceiver
    kind(plan(int(port)), spool).run(threading.Event())
