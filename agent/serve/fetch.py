"""A picture from an allowed host, and from nowhere else: no address of this network, no redirects, not much, not long.

Takes an address; gives bytes. The name is resolved once, every address that it has must be a public one, and the
connection goes to the address that was checked: a name that points elsewhere a moment later gains nothing (server-side
request forgery, OWASP A10:2021).
"""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Collection, Sequence
from http.client import HTTPConnection, HTTPException
from time import monotonic
from urllib.parse import urlsplit

from thymos.agent.serve.errors import ApiError

PORTS = {"http": 80, "https": 443}
_PIECE = 65_536  # bytes
_TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]


def _resolve(host: str, port: int) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), seconds)


def fetch(
    url: str,
    hosts: Collection[str],
    *,
    most: int,
    seconds: float,
    resolve: Resolve = _resolve,
    connect: Connect = _connect,
) -> bytes:
    """Fetch a picture.

    Args:
        url: http or https.
        hosts: that are allowed, by their exact names.
        most: bytes.
        seconds: for all of it.
        resolve: host and port to addresses.
        connect: address, port and seconds to a socket.

    Raises:
        ApiError: it may not be fetched, or can't be.
    """
    scheme, host, port, target = _parts(url, hosts)
    until = monotonic() + seconds
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError):
        raise _refused(f"host of image_url must be known, got {host!r}; send the picture as a data URL") from None
    if not addresses or not all(is_public(each) for each in addresses):
        raise _refused(f"host of image_url must have public addresses alone, got {host!r}; send a data URL")
    try:
        plain = connect(addresses[0], port, seconds)
        with plain:
            opened = (
                ssl.create_default_context().wrap_socket(plain, server_hostname=host) if scheme == "https" else plain
            )
            return _get(opened, host, target, most, until)
    except (OSError, HTTPException, ValueError) as error:
        raise _refused(f"picture must be there to be fetched, got {type(error).__name__} from {host}") from None


def is_public(address: str) -> bool:
    """Tell whether an address is one of the open internet, also behind IPv6's ways of writing IPv4."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif any(found in network for network in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _parts(url: str, hosts: Collection[str]) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise _refused("image_url must be a data URL or an address, got neither") from None
    if parts.scheme not in PORTS:
        raise _refused(f"image_url must be a data URL, got {parts.scheme[:20]!r}; say data:image/png;base64,...")
    if host not in {each.lower() for each in hosts}:
        raise _refused(
            f"image_url must be a data URL, got an address at {host[:80]!r}; this server fetches "
            f"{'from ' + ', '.join(hosts) if hosts else 'nothing'} (--allow-host)"
        )
    if parts.username is not None or port not in (None, PORTS[parts.scheme]):
        raise _refused("image_url must have neither a user nor a port of its own, got one; leave it out")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii() or any(letter <= " " for letter in target):
        raise _refused("image_url must be percent-encoded, got other characters; encode it")
    return parts.scheme, host, PORTS[parts.scheme], target


def _get(opened: socket.socket, host: str, target: str, most: int, until: float) -> bytes:
    connection = HTTPConnection(host)
    connection.sock = opened
    connection.request("GET", target, headers={"Accept": "image/*", "User-Agent": "thymos", "Connection": "close"})
    opened.settimeout(max(0.01, until - monotonic()))
    response = connection.getresponse()
    if response.status != 200:
        raise _refused(f"picture must be there without a detour, got status {response.status} from {host}")
    pieces, size = [], 0
    while piece := response.read1(_PIECE):
        size += len(piece)
        if size > most:
            raise ApiError(413, f"picture must have at most {most:,} bytes, got more from {host}", param="image_url")
        if monotonic() > until:
            raise _refused(f"picture must be there in time, got a slow answer from {host}")
        opened.settimeout(max(0.01, until - monotonic()))
        pieces.append(piece)
    return b"".join(pieces)


def _refused(message: str) -> ApiError:
    return ApiError(400, message, param="image_url")
