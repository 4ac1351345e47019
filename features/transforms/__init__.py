"""Every feature of Millwright: one streaming step in numpy, the same offline, online and on the gateway."""
