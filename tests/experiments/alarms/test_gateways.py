from experiments.alarms.gateways import plant, watch


def test_gateway_that_goes_away_is_one_notice_and_no_critical_alarm_is_lost() -> None:
    found = watch(plant(assets=160, gateways=8))
    assert (found.assets, found.gateways, found.critical) == (160, 8, 32)
    assert (found.notices, found.lost, found.false_alarms) == (1, 0, 0)
    assert found.is_right


def test_critical_machines_behind_the_gateway_begin_before_while_and_after() -> None:
    begun = plant(assets=160, gateways=8).begun
    behind = sorted(at / 3600.0 for asset, at in begun.items() if int(asset[-4:]) % 8 == 7)
    assert len(behind) == 4
    assert any(at < 7.5 for at in behind)
    assert any(7.7 < at < 8.0 for at in behind)
    assert any(14.0 <= at < 14.2 for at in behind)
