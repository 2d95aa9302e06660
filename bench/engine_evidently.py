"""Evidently's side of bench/engine.ts: drift of the same chunks against the same reference, a report per chunk; prints one JSON line.

usage: engine_evidently.py WORK FOLDER
"""
import json
import os
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from evidently import DataDefinition, Dataset, Report  # noqa: E402
from evidently.metrics import ValueDrift  # noqa: E402

work, folder = sys.argv[1], sys.argv[2]
CONTINUOUS = ["x%d" % i for i in range(10)]
CATEGORICAL = ["k%d" % i for i in range(4)]
CHUNKS = 20


def raw(name):
    with open(os.path.join(folder, name + ".json")) as file:
        table = json.load(file)
    data = np.fromfile(os.path.join(folder, name + ".bin"), dtype=np.uint8)
    columns = {}
    for column in table["columns"]:
        if column["name"] in CONTINUOUS:
            columns[column["name"]] = data[column["offset"]:column["offset"] + table["rows"] * 8].view(np.float64).copy()
        elif column["name"] in CATEGORICAL:
            texts = np.array(column["categories"] + [np.nan], dtype=object)
            columns[column["name"]] = texts[data[column["offset"]:column["offset"] + table["rows"] * 4].view(np.int32)]
    return pd.DataFrame(columns)


# What it has of the same methods: its tests and distances by name, one metric each.
METHODS = {"univariate": (["ks", "jensenshannon", "wasserstein", "hellinger"], ["chisquare", "jensenshannon", "hellinger"]), "univariate-exact": (["ks", "wasserstein"], [])}
continuous, categorical = METHODS[work]
reference, analysis = raw("reference"), raw("analysis")
definition = DataDefinition(numerical_columns=CONTINUOUS, categorical_columns=CATEGORICAL)
begun = time.perf_counter()
report = Report([ValueDrift(column=name, method=method) for name in CONTINUOUS for method in continuous]
                + [ValueDrift(column=name, method=method) for name in CATEGORICAL for method in categorical])
size = len(analysis) // CHUNKS
reference_set = Dataset.from_pandas(reference, data_definition=definition)
count = 0
for chunk in range(CHUNKS):
    part = Dataset.from_pandas(analysis.iloc[chunk * size:(chunk + 1) * size], data_definition=definition)
    count += len(report.run(part, reference_set).dict()["metrics"])
print(json.dumps({"seconds": time.perf_counter() - begun, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "results": count}))
