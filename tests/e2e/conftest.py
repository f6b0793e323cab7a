"""`make e2e` runs tests/e2e/deployment, alone: it takes minutes, and what it needs is not part of `make install`."""

import os

collect_ignore = [] if os.environ.get("VISTAFRESCA_E2E") else ["deployment"]
