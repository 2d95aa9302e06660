"""NannyML's side of bench/engine.ts: one piece of work in a fresh process, prints one JSON line.

usage: engine_nannyml.py WORK FOLDER
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

work, folder = sys.argv[1], sys.argv[2]

CONTINUOUS = ["x%d" % i for i in range(10)]
CATEGORICAL = ["k%d" % i for i in range(4)]
FEATURES = CONTINUOUS + CATEGORICAL
METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision"]
LOSSES = ["mae", "mape", "mse", "rmse", "msle", "rmsle"]
CHUNKS = 20


def raw(name, wanted):
    """Raw columns as bench/engine-data.ts writes them."""
    with open(os.path.join(folder, name + ".json")) as file:
        table = json.load(file)
    path = os.path.join(folder, name + ".bin")
    rows = table["rows"]
    columns = {}
    for column in table["columns"]:
        if column["name"] not in wanted:
            continue
        values = np.fromfile(path, dtype=np.int32 if column["kind"] == "categorical" else np.float64, count=rows, offset=column["offset"])
        if column["kind"] == "categorical":
            texts = np.array(column["categories"] + [np.nan], dtype=object)
            columns[column["name"]] = texts[values]
        elif column["kind"] == "timestamp":
            columns[column["name"]] = pd.to_datetime(values.astype(np.int64), unit="us")
        else:
            columns[column["name"]] = values.astype(np.int64) if column["name"] in ("prediction", "target") else values
    return pd.DataFrame(columns)


def outcome(results):
    """Result rows of both periods; sum of the values and number of alerts of the analysis."""
    count, total, alerts = 0, 0.0, 0
    for result in results:
        everything = result.to_df()
        frame = result.filter(period="analysis").to_df()
        # The summary of row counts and PCA's error name their columns in two levels, the others in three.
        last = [column[-1] for column in frame.columns]
        values = frame.iloc[:, [i for i, name in enumerate(last) if name == "value"]]
        flags = frame.iloc[:, [i for i, name in enumerate(last) if name == "alert"]]
        count += len(everything) * values.shape[1]
        total += float(np.nansum(values.to_numpy(dtype=np.float64)))
        alerts += int((flags == True).to_numpy().sum())  # noqa: E712
    return {"results": count, "sum": total, "alerts": alerts}


def run(calculators, reference, analysis):
    results = []
    for calculator in calculators:
        calculator.fit(reference)
        results.append(calculator.estimate(analysis) if hasattr(calculator, "estimate") else calculator.calculate(analysis))
    return outcome(results)


def calculators_of(name, nml):
    common = {"timestamp_column_name": "at", "chunk_number": CHUNKS}
    binary = {"problem_type": "classification_binary", "y_true": "target", "y_pred": "prediction", "y_pred_proba": "score", "metrics": METRICS}
    drift = lambda: nml.UnivariateDriftCalculator(  # noqa: E731
        column_names=FEATURES, continuous_methods=["kolmogorov_smirnov", "jensen_shannon", "wasserstein", "hellinger"],
        categorical_methods=["chi2", "jensen_shannon", "hellinger", "l_infinity"], **common)
    quality = lambda: [  # noqa: E731
        nml.MissingValuesCalculator(column_names=FEATURES, **common),
        nml.UnseenValuesCalculator(column_names=CATEGORICAL, **common),
        nml.NumericalRangeCalculator(column_names=CONTINUOUS, **common)]
    if name == "univariate":
        return [drift()]
    if name == "univariate-exact":
        return [nml.UnivariateDriftCalculator(
            column_names=CONTINUOUS, continuous_methods=["kolmogorov_smirnov", "wasserstein"],
            computation_params={"kolmogorov_smirnov": {}, "wasserstein": {}, "calculation_method": "exact"}, **common)]
    if name == "cbpe":
        return [nml.CBPE(**binary, **common)]
    if name == "realized":
        return [nml.PerformanceCalculator(**binary, **common)]
    if name == "reconstruction":
        return [nml.DataReconstructionDriftCalculator(column_names=FEATURES, **common)]
    if name == "quality":
        return quality() + [
            nml.SummaryStatsAvgCalculator(column_names=CONTINUOUS, **common), nml.SummaryStatsSumCalculator(column_names=CONTINUOUS, **common),
            nml.SummaryStatsStdCalculator(column_names=CONTINUOUS, **common), nml.SummaryStatsMedianCalculator(column_names=CONTINUOUS, **common),
            nml.SummaryStatsRowCountCalculator(**common)]
    if name.startswith("end-to-end"):
        return [drift(), nml.CBPE(**binary, **common), nml.PerformanceCalculator(**binary, **common)] + quality()
    if name == "dle":
        return [nml.DLE(feature_column_names=FEATURES, y_pred="price_estimate", y_true="price", metrics=LOSSES, **common)]
    if name == "domain-classifier":
        return [nml.DomainClassifierCalculator(feature_column_names=FEATURES, timestamp_column_name="at", chunk_number=2)]
    raise SystemExit("there is no work '%s'" % name)


def boosting():
    import lightgbm as lgb
    wanted = FEATURES + ["price"]
    reference, analysis = raw("small_reference", wanted), raw("small_analysis", wanted)
    for name in CATEGORICAL:
        for frame in (reference, analysis):
            frame[name] = frame[name].map(lambda text: -1 if text != text else int(text[2:]))
    threads = 1 if os.environ.get("OMP_NUM_THREADS") == "1" else -1
    begun = time.perf_counter()
    model = lgb.LGBMRegressor(n_jobs=threads, verbosity=-1)
    model.fit(reference[FEATURES], reference["price"], categorical_feature=CATEGORICAL)
    predicted = model.predict(analysis[FEATURES])
    return time.perf_counter() - begun, {"results": len(predicted), "sum": float(predicted.sum()), "alerts": 0}


def main():
    if work == "boosting":
        return boosting()
    import nannyml as nml
    if work.startswith("end-to-end"):
        begun = time.perf_counter()
        read = pd.read_csv if work == "end-to-end" else pd.read_parquet
        ending = ".csv" if work == "end-to-end" else ".parquet"
        try:
            reference, analysis = read(os.path.join(folder, "reference" + ending)), read(os.path.join(folder, "analysis" + ending))
        except ImportError as error:
            print(json.dumps({"unable": str(error).split("\n")[0]}))
            raise SystemExit(0)
        done = run(calculators_of(work, nml), reference, analysis)
        return time.perf_counter() - begun, done
    if work == "dle":
        tables, wanted = ("small_reference", "small_analysis"), ["at", "price", "price_estimate"] + FEATURES
    elif work == "domain-classifier":
        tables, wanted = ("small_reference", "small_analysis"), ["at"] + FEATURES
    else:
        tables = ("reference", "analysis")
        wanted = ["at"] + {"univariate": FEATURES, "univariate-exact": CONTINUOUS, "reconstruction": FEATURES, "quality": FEATURES}.get(work, ["score", "prediction", "target"])
    reference, analysis = (raw(table, wanted) for table in tables)
    if work == "domain-classifier":
        reference, analysis = reference.iloc[:50_000], analysis.iloc[:50_000]
    calculators = calculators_of(work, nml)
    begun = time.perf_counter()
    done = run(calculators, reference, analysis)
    return time.perf_counter() - begun, done


seconds, done = main()
print(json.dumps({"seconds": seconds, "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **done}))
