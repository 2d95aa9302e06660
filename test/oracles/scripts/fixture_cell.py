"""A figure as the fixtures write it: JSON has no NaN and no infinity, so they are texts."""
import math

import numpy as np
import pandas as pd


def cell(x):
    if x is None or x is pd.NaT:
        return None
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    if isinstance(x, (float, np.floating)):
        x = float(x)
        return x if math.isfinite(x) else "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return x.isoformat() if isinstance(x, pd.Timestamp) else str(x)
