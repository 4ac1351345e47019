"""Quality of each measurement: stored readings are judged as they change, before anything else reads them."""
