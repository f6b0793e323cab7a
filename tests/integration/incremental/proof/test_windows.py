"""Rows outside of a window that every scan keeps to: their changes touch nothing."""

from __future__ import annotations

import pytest

from refresh_task.incremental.model import Slide
from refresh_task.incremental.proof import prove
from tests.fix_control import connect_as
from tests.fix_database import Database
