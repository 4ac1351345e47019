import pytest

from features.domain.errors import InvalidValue
from pipelines.receiving.topics import Broker, TopicPattern, topic_patterns


@pytest.mark.parametrize(
    ("pattern", "topic", "asset"),
    [
        ("plant/+/{asset}/telemetry", "plant/north/p-01/telemetry", "p-01"),
        ("{asset}", "p-01", "p-01"),
        ("plant/{asset}/#", "plant/p-01", "p-01"),
        ("plant/{asset}/#", "plant/p-01/a/b", "p-01"),
        ("plant/+", "plant/x", None),
        ("#", "any/thing", None),
    ],
)
def test_pattern_finds_the_level_that_names_the_asset(pattern: str, topic: str, asset: str | None) -> None:
    found = TopicPattern.parse(pattern)
    assert found.matches(topic)
    assert found.asset(topic) == asset
    assert "{" not in found.filter


@pytest.mark.parametrize("topic", ["plant/north/p-01", "plant/north/p-01/telemetry/x", "other/north/p-01/telemetry"])
def test_other_topics_do_not_match(topic: str) -> None:
    assert not TopicPattern.parse("plant/+/{asset}/telemetry").matches(topic)


@pytest.mark.parametrize("text", ["", "a,,b", "a/#/b", "a/{asset}/{asset}", "a/p{asset}", "a+", "a/{x}", "$share/g/a"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="topic pattern"):
        topic_patterns(text)


def test_patterns_are_separated_by_commas() -> None:
    assert [each.filter for each in topic_patterns("a/{asset}, b/+")] == ["a/+", "b/+"]


def test_ports_follow_from_the_scheme() -> None:
    assert Broker.parse("mqtt://broker").port == 1883
    assert Broker.parse("mqtts://me@broker:9000") == Broker("broker", 9000, "me", is_encrypted=True)


@pytest.mark.parametrize(
    "url", ["http://x", "broker", "mqtt://", "mqtt://x:port", "mqtt://x/path", "mqtt://a:s3cret@x"]
)
def test_what_is_no_broker_is_refused_without_telling_a_password(url: str) -> None:
    with pytest.raises(InvalidValue, match="broker") as refused:
        Broker.parse(url)
    assert "s3cret" not in str(refused.value)
