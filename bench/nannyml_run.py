"""NannyML on the rows of bench/run.ts: univariate drift by its defaults' Jensen-Shannon, CBPE with six metrics, missing values.

usage: nannyml_run.py REFERENCE.csv ANALYSIS.csv CHUNK_SIZE
"""
import resource
import sys
import time
import warnings

import pandas as pd

warnings.filterwarnings("ignore")
import nannyml as nml  # noqa: E402

reference_file, analysis_file, chunk_size = sys.argv[1], sys.argv[2], int(sys.argv[3])
begun = time.perf_counter()
reference = pd.read_csv(reference_file)
analysis = pd.read_csv(analysis_file)
read = time.perf_counter()

features = ["amount", "income", "debt_ratio", "tenure", "usage", "region", "channel", "product"]
times = {}


def timed(name, calculator, calculate):
    start = time.perf_counter()
    calculator.fit(reference)
    calculate(calculator)(analysis)
    times[name] = time.perf_counter() - start


timed("univariate drift", nml.UnivariateDriftCalculator(
    column_names=features + ["y_pred_proba", "y_pred"], treat_as_categorical=["y_pred"], timestamp_column_name="at", chunk_size=chunk_size,
    continuous_methods=["jensen_shannon"], categorical_methods=["jensen_shannon"]), lambda c: c.calculate)
timed("CBPE", nml.CBPE(
    problem_type="classification_binary", y_true="target", y_pred="y_pred", y_pred_proba="y_pred_proba", timestamp_column_name="at", chunk_size=chunk_size,
    metrics=["roc_auc", "f1", "precision", "recall", "specificity", "accuracy"]), lambda c: c.estimate)
timed("missing values", nml.MissingValuesCalculator(
    column_names=features + ["y_pred_proba", "y_pred"], timestamp_column_name="at", chunk_size=chunk_size), lambda c: c.calculate)
total = time.perf_counter() - read
print("NannyML %s: %.2f s (%s), reading the files %.2f s, peak %.0f MB" % (
    nml.__version__, total, ", ".join("%s %.2f" % item for item in times.items()), read - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
