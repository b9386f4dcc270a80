"""A module of the user's whose import takes time."""

import time

time.sleep(0.005)
VALUE = 7
