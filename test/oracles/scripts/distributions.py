"""NannyML's distributions of columns, for engine/distributions, as test/oracles/distributions.json.

    NML_DISABLE_USAGE_LOGGING=1 python distributions.py > ../distributions.json
"""
import json
import math
import sys

import numpy as np
import pandas as pd
from nannyml import CategoricalDistributionCalculator, ContinuousDistributionCalculator
from nannyml.distribution.continuous.calculator import calculate_chunk_distributions

rng = np.random.RandomState(11)


def plain(value):
    """JSON without NaN."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


def gaps(values, share):
    values = np.asarray(values, dtype=float)
    values[rng.uniform(size=len(values)) < share] = np.nan
    return values


def continuous(values, size, points=None):
    frame = pd.DataFrame({"x": values})
    # With pandas 2.2 the calculator's own table holds NaN only; this is the function that fills it, and that NannyML's plots call.
    data = calculate_chunk_distributions(frame["x"], ContinuousDistributionCalculator(column_names=["x"], chunk_size=size).chunker, points_per_joy_plot=points)
    fields = ["kde_support", "kde_density", "kde_cdf", "kde_quartiles", "kde_density_local_max", "kde_density_global_max", "kde_density_scaled", "kde_quartiles_scaled"]
    return {"values": plain(np.asarray(values, dtype=float)), "size": size, "points": points, "chunks": [{field: plain(row[field]) for field in fields} for _, row in data.iterrows()]}


def categorical(values, size):
    frame = pd.DataFrame({"x": values})
    data = CategoricalDistributionCalculator(column_names=["x"], chunk_size=size).fit(frame).result.data
    chunks = [[{"value": row["value"], "count": int(row["value_counts"]), "total": int(row["value_counts_total"]), "share": plain(row["value_counts_normalised"])}
               for _, row in group.iterrows()] for _, group in data.groupby("chunk_index")]
    return {"values": [None if pd.isna(value) else str(value) for value in values], "size": size, "chunks": chunks}


out = {
    "continuous": [
        continuous(np.round(rng.normal(50, 8, 900), 2), 300),
        continuous(np.round(rng.lognormal(1, 1.2, 700), 3), 350, 20),
        continuous(gaps(np.round(rng.uniform(-1, 1, 200), 3), 0.3), 50),
        continuous(rng.randint(0, 3, 600), 200),
        continuous(np.concatenate([np.full(40, 7.0), [7.0] * 39 + [9.0], [1.0] + [np.nan] * 39, np.full(40, np.nan), [2.0, 3.0] + [np.nan] * 38]), 40),
        continuous(1e9 + np.round(rng.normal(0, 1e-3, 60), 4), 30),
        continuous(np.round(rng.standard_t(2, 1300), 3), 1300, 200),
    ],
    "categorical": [
        categorical(rng.choice(list("abcd"), 300, p=[0.5, 0.3, 0.15, 0.05]), 100),
        categorical(rng.choice(["red", "green", "blue", "Ünal", "zebra", "B", "a", "10"], 400), 130),
        categorical([None if u < 0.3 else v for u, v in zip(rng.uniform(size=240), rng.choice(list("uvwxyz"), 240))], 80),
        categorical(["a", "b", "c", "d", "e", "f", "g"] * 10, 25),
        categorical(["f", "e", "d", "c", "b", "a"] * 10, 25),
        categorical([3, 10, 2, 10, 7, 7, 2, 1, 20, 1, 3, 100] * 5, 20),
        categorical([True, False, True] * 20, 15),
    ],
}
json.dump(out, sys.stdout, separators=(",", ":"))
