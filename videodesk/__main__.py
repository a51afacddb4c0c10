"""`python -m videodesk` is `videodesk`."""

import sys

from videodesk.cli import main

sys.exit(main())
