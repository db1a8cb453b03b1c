"""Workforce management: forecast, staffing, roster, adherence; never talks to the PBX."""

import os

# Our matrices are small: a second BLAS thread gains nothing on a quiet machine and, beside a busy PBX on two cores,
# makes a forecast four times slower because the threads wait for each other. Must stand before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
