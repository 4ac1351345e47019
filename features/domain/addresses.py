"""Addresses of machines, IPv4 and IPv6 alike."""

import ipaddress


def is_loopback(address: str) -> bool:
    """Say whether an address is this machine itself: 127.0.0.0/8, ::1, or the former mapped into IPv6.

    Examples:
        >>> [is_loopback(each) for each in ("127.8.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.7", "localhost")]
        [True, True, True, False, False]
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
