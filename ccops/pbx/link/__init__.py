"""The link to the PBX: AMI over panoramisk, that never lies about what it knows.

`Link` is what others use; it holds no state of the centre. See `ccops.pbx.link.link`.
"""

from ccops.pbx.link.link import Link
from ccops.pbx.link.status import Event, LinkSettings, LinkState, LinkStatus, Reply

__all__ = ["Event", "Link", "LinkSettings", "LinkState", "LinkStatus", "Reply"]
