"""A bundle that only tells whether machines are as usual goes to gateways as it serves: there is nothing to distil."""

from pathlib import Path

import pytest

from edge_export.bundle.reading import read_bundle
from features.domain.home import Home
from models.prognosis.distilling import DistillingSettings
from pipelines.errors import NothingPromoted
from pipelines.gateway.order import GatewayOrder, Network, export_for_gateway
from pipelines.progress import Stages
from tests.pipelines.building.machines import MINE, fan
from tests.pipelines.promote.bundles import put_watching


@pytest.mark.parametrize("network", Network)
def test_what_serves_without_forecasts_is_sent_whichever_network_was_asked_for(
    tmp_path: Path, network: Network
) -> None:
    order = GatewayOrder(Home(tmp_path / "home"), fan(), MINE, tmp_path / "out", network, DistillingSettings())
    with pytest.raises(NothingPromoted):
        export_for_gateway(order, Stages())
    order.shelf.put(put_watching(tmp_path, "1"))
    order.shelf.promote("fan", "1")
    sent = export_for_gateway(order, Stages())
    assert sent.bundle.bundle_sha256 == read_bundle(order.target).bundle_sha256
    assert sent.bundle.manifest.version == "1"
    assert (sent.network, sent.to_dict()["network"]) == (None, None)
    assert ("makes no forecasts" in sent.reason) == (network is Network.STUDENT)
