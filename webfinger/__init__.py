"""WebFinger as a library: handles, their JSON documents, and the look-up from one to the other.

Nothing here knows ActivityPub documents or the rest of this project, and only `lookup` knows httpx, so
that importing the package stays cheap.

Source: RFC 7033 (WebFinger), RFC 7565 (`acct:`), RFC 6415 (host-meta).
"""

from webfinger.acct import Acct
from webfinger.errors import WebfingerError
from webfinger.jrd import Jrd, JrdLink

__all__ = ["Acct", "Jrd", "JrdLink", "WebfingerError"]
