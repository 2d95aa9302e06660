"""Beside bench/boosting.ts: trains LightGBM on the same columns, one line of JSON per request read from standard input."""
import json
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import lightgbm as lgb
import numpy as np

for line in sys.stdin:
    request = json.loads(line)
    rows, names = request["rows"], request["kinds"]
    columns = np.fromfile(request["folder"] + "/features.f64").reshape(len(names), rows)
    features = np.ascontiguousarray(columns.T)
    labels = np.fromfile(request["folder"] + "/labels.f64")
    categorical = [index for index, kind in enumerate(names) if kind == "categorical"]
    kind = lgb.LGBMRegressor if request["objective"] == "regression" else lgb.LGBMClassifier
    model = kind(n_jobs=1, verbosity=-1, n_estimators=request["trees"])
    begun = time.perf_counter()
    model.fit(features, labels, categorical_feature=categorical or "auto")
    trained = time.perf_counter()
    predicted = model.predict(features) if request["objective"] == "regression" else model.predict_proba(features)[:, 1]
    done = time.perf_counter()
    predicted.tofile(request["folder"] + "/predicted.f64")
    print(json.dumps({"train": trained - begun, "predict": done - trained, "version": lgb.__version__}), flush=True)
