"""Runs NannyML 0.13.1 on parameters that its own test data do not cover, and writes one fixture per case.

    python nannyml_cases.py DATASETS OUT

Needs nannyml 0.13.1, pandas 2.2, numpy 1.26, scikit-learn 1.5, scipy 1.13. Cases that NannyML refuses go into OUT/refused.json.
The generator of NumPy is seeded with 0 before each fit (average precision's sampling error draws from it).
"""
import gzip
import json
import logging
import math
import os
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import nannyml as nml  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from nannyml.chunk import CountBasedChunker, PeriodBasedChunker, SizeBasedChunker  # noqa: E402
from nannyml.thresholds import Threshold  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402

from fixture_cell import cell

DATASETS, OUT = sys.argv[1], sys.argv[2]
FILES = {
    "synthetic_car_loan": ("synthetic_car_loan_reference.csv.gz", "synthetic_car_loan_analysis.csv.gz", "synthetic_car_loan_analysis_target.csv.gz"),
    "synthetic_binary": ("synthetic_sample_reference.csv.gz", "synthetic_sample_analysis.csv.gz", "synthetic_sample_analysis_gt.csv.gz"),
    "edge_binary": ("edge_binary_reference.csv", "edge_binary_analysis.csv", None),
}
CHUNKERS = {"size": SizeBasedChunker, "count": CountBasedChunker, "period": PeriodBasedChunker}
CHUNK_FIELDS = ["key", "chunk_index", "start_index", "end_index", "start_date", "end_date", "period", "targets_missing_rate"]
loaded, refused = {}, []


def load(name):
    if name not in loaded:
        reference, analysis, targets = FILES[name]
        read = lambda file: pd.read_csv(os.path.join(DATASETS, file), float_precision="round_trip")  # noqa: E731
        frame = read(analysis)
        if targets:
            frame = frame.merge(read(targets), on="id", how="left")
        loaded[name] = (read(reference), frame)
    return loaded[name]


def build(calculator, parameters):
    given = dict(parameters)
    if "threshold" in given:
        given["threshold"] = Threshold.parse_object(dict(given["threshold"]))
    if "thresholds" in given:
        given["thresholds"] = {k: Threshold.parse_object(dict(v)) for k, v in given["thresholds"].items()}
    if "chunker" in given:
        chunker = dict(given["chunker"])
        given["chunker"] = CHUNKERS[chunker.pop("type")](**chunker)
    for name in ("imputer_categorical", "imputer_continuous"):
        if name in given:
            given[name] = SimpleImputer(**given[name])
    return getattr(nml, calculator)(**given)


def records(calculator, result):
    table = result.to_df()
    prefix = ("chunk", "chunk") if calculator == "UnivariateDriftCalculator" else ("chunk",)
    series = {}
    for column in table.columns:
        if column[0] != "chunk":
            series.setdefault(column[:-1], []).append(column[-1])
    for _, row in table.iterrows():
        chunk = {field: cell(row[(*prefix, field)]) for field in CHUNK_FIELDS if (*prefix, field) in table.columns}
        for key, fields in series.items():
            names = {"name": key[0], "method": key[1]} if len(key) == 2 else {"name": key[0]}
            yield {**names, **chunk, **{field: cell(row[(*key, field)]) for field in fields}}


def case(identifier, dataset, calculator, parameters, reference_rows=None, analysis_rows=None, drop=()):
    reference, analysis = load(dataset)
    if reference_rows:
        reference = reference.iloc[slice(*reference_rows)].reset_index(drop=True)
    if analysis_rows:
        analysis = analysis.iloc[slice(*analysis_rows)].reset_index(drop=True)
    head = dict(id=identifier, source="NannyML 0.13.1", dataset=dataset, reference_rows=reference_rows, analysis_rows=analysis_rows,
                dropped_analysis_columns=list(drop), calculator=calculator, parameters=parameters, column_types={})
    stage = "construct"
    try:
        instance = build(calculator, parameters)
        stage = "fit"
        np.random.seed(0)
        instance.fit(reference.copy())
        stage = "calculate"
        result = (instance.estimate if calculator == "CBPE" else instance.calculate)(analysis.drop(columns=list(drop)).copy())
    except Exception as error:  # every refusal is a case of its own
        refused.append({**head, "stage": stage, "raises": type(error).__name__})
        return
    text = json.dumps({**head, "expected": list(records(calculator, result))})
    with open(os.path.join(OUT, f"{identifier}.json.gz"), "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write(text.encode())


METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision"]
COLUMNS = ["num_normal", "num_ties", "num_const", "num_heavy", "num_int", "num_missing", "flag", "cat_few", "cat_const", "cat_missing", "cat_unseen"]
CONTINUOUS = ["kolmogorov_smirnov", "jensen_shannon", "wasserstein", "hellinger"]
CATEGORICAL = ["chi2", "jensen_shannon", "hellinger", "l_infinity"]
ALL_METHODS = dict(continuous_methods=CONTINUOUS, categorical_methods=CATEGORICAL)
AT = dict(timestamp_column_name="timestamp")
EDGE = dict(y_true="y_true", y_pred="y_pred", y_pred_proba="y_pred_proba", problem_type="classification_binary")
SAMPLE = dict(EDGE, y_true="work_home_actual")
LOAN = dict(EDGE, y_true="repaid")
VALUES = dict(metrics=["business_value"], business_value_matrix=[[1, -2], [-3, 4]])


def deviations(lower, upper):
    return dict(type="standard_deviation", std_lower_multiplier=lower, std_upper_multiplier=upper)


def constant(lower, upper):
    return dict(type="constant", lower=lower, upper=upper)


for calculator in ("CBPE", "PerformanceCalculator"):
    for normalization in ("all", "true", "pred"):
        case(f"more__{calculator}__confusion_{normalization}", "edge_binary", calculator,
             dict(EDGE, metrics=["confusion_matrix", "accuracy"], chunk_number=7, normalize_confusion_matrix=normalization, **AT), analysis_rows=[0, 803])
    case(f"more__{calculator}__weekly", "edge_binary", calculator, dict(EDGE, metrics=METRICS, chunk_period="W", **AT), analysis_rows=[0, 803])
    case(f"more__{calculator}__daily", "edge_binary", calculator, dict(EDGE, chunk_period="D", **VALUES, **AT), analysis_rows=[0, 403])
    case(f"more__{calculator}__small_reference", "edge_binary", calculator, dict(EDGE, metrics=METRICS, chunk_size=60, **AT), [0, 200], [0, 310])
    case(f"more__{calculator}__tiny_reference", "edge_binary", calculator, dict(EDGE, metrics=METRICS, chunk_size=10, **AT), [0, 40], [0, 35])
    case(f"more__{calculator}__count_drop", "edge_binary", calculator,
         dict(EDGE, metrics=METRICS, chunker=dict(type="count", chunk_number=7, incomplete="drop")), analysis_rows=[0, 803])
    case(f"more__{calculator}__yearly_thresholds", "synthetic_binary", calculator,
         dict(SAMPLE, metrics=METRICS, chunk_period="Y", thresholds={
             "roc_auc": constant(None, 0.97), "f1": constant(0.9, None), "accuracy": deviations(0, 0), "recall": deviations(None, None),
             "precision": constant(None, None)}, **AT))
    case(f"more__{calculator}__unsorted_rows", "synthetic_car_loan", calculator, dict(LOAN, metrics=["roc_auc", "average_precision"], chunk_size=3333), [10000, 31000], [5, 9999])
    case(f"more__{calculator}__one_class_value", "synthetic_binary", calculator,
         dict(SAMPLE, metrics=["business_value"], business_value_matrix=[[0, -5], [-20, 10]], normalize_business_value="per_prediction", chunk_number=3, **AT))
    case(f"refused__{calculator}__no_prediction", "edge_binary", calculator, dict(y_true="y_true", y_pred_proba="y_pred_proba", problem_type="classification_binary", metrics=["f1"]))
    case(f"refused__{calculator}__unknown_parameter", "edge_binary", calculator, dict(EDGE, metrics=["f1"], nonsense=3))
    case(f"refused__{calculator}__ragged_matrix", "edge_binary", calculator, dict(EDGE, metrics=["business_value"], business_value_matrix=[[1, 2], [3]]))

DRIFT = "UnivariateDriftCalculator"
case("more__drift__weekly", "edge_binary", DRIFT, dict(column_names=COLUMNS, chunk_period="W", **ALL_METHODS, **AT))
case("more__drift__six_hours", "edge_binary", DRIFT, dict(column_names=["num_normal", "cat_few"], chunk_period="6h", **AT), [0, 60], [0, 40])
case("more__drift__tiny_reference", "edge_binary", DRIFT, dict(column_names=COLUMNS, chunk_size=7, **ALL_METHODS, **AT), [0, 30], [0, 40])
case("more__drift__three_reference_rows", "edge_binary", DRIFT, dict(column_names=COLUMNS, chunk_size=1, **ALL_METHODS, **AT), [0, 3], [0, 6])
case("more__drift__one_reference_row", "edge_binary", DRIFT, dict(column_names=COLUMNS, chunk_size=1, **ALL_METHODS, **AT), [0, 1], [0, 6])
case("more__drift__bool_as_number", "edge_binary", DRIFT, dict(column_names=["flag", "num_int"], treat_as_numerical="flag", chunk_size=100, continuous_methods=CONTINUOUS))
case("more__drift__estimated_17_bins", "edge_binary", DRIFT, dict(
    column_names=COLUMNS[:6], chunk_size=100, continuous_methods=["kolmogorov_smirnov", "wasserstein"],
    computation_params={"kolmogorov_smirnov": {}, "wasserstein": {}, "calculation_method": "estimated", "n_bins": 17}, **AT))
case("more__drift__thresholds", "synthetic_binary", DRIFT, dict(
    column_names=["salary_range", "workday", "tenure", "wfh_prev_workday"], chunk_period="M", **ALL_METHODS, thresholds={
        "chi2": constant(0, 1), "jensen_shannon": constant(None, 0.05), "hellinger": deviations(1, 1), "l_infinity": deviations(0.5, 0.5),
        "kolmogorov_smirnov": constant(-1, 2), "wasserstein": constant(None, None)}, **AT))
case("refused__drift__text_as_number", "edge_binary", DRIFT, dict(column_names=["cat_few"], treat_as_numerical="cat_few", chunk_size=100))

PCA = "DataReconstructionDriftCalculator"
case("more__reconstruction__five_components", "edge_binary", PCA, dict(column_names=COLUMNS, n_components=5, chunk_period="M", threshold=deviations(1, 2), **AT))
case("more__reconstruction__most_variance", "edge_binary", PCA, dict(column_names=COLUMNS, n_components=0.99, chunk_size=100, threshold=constant(0.1, 0.5)))
case("more__reconstruction__most_frequent", "edge_binary", PCA, dict(column_names=COLUMNS, imputer_continuous=dict(strategy="most_frequent"), chunk_size=100))
case("more__reconstruction__constants", "edge_binary", PCA, dict(
    column_names=COLUMNS, imputer_continuous=dict(strategy="constant", fill_value=3), imputer_categorical=dict(strategy="constant"), chunk_size=100))
case("more__reconstruction__fewer_rows_than_columns", "edge_binary", PCA, dict(column_names=COLUMNS, chunk_size=5), [0, 9], [0, 20])
case("more__reconstruction__no_component", "edge_binary", PCA, dict(column_names=COLUMNS, n_components=0, chunk_size=100))
case("more__reconstruction__mle", "edge_binary", PCA, dict(column_names=COLUMNS, n_components="mle", chunk_size=100, **AT))
case("more__reconstruction__mle_few_rows", "edge_binary", PCA, dict(column_names=COLUMNS, n_components="mle", chunk_size=10), [0, 60], [0, 40])
case("more__reconstruction__few_rows", "edge_binary", PCA, dict(column_names=COLUMNS, n_components=0.5, chunk_size=10), [0, 60], [0, 40])
case("refused__reconstruction__too_many_components", "edge_binary", PCA, dict(column_names=COLUMNS, n_components=12, chunk_size=100))
case("refused__reconstruction__mean_of_categories", "edge_binary", PCA, dict(column_names=COLUMNS, imputer_categorical=dict(strategy="mean"), chunk_size=100))

DOMAIN = "DomainClassifierCalculator"
SMALL = dict(n_estimators=15, num_leaves=7)
case("more__domain__sampled_rows_and_columns", "edge_binary", DOMAIN, dict(feature_column_names=COLUMNS, chunk_period="M", hyperparameters=dict(
    n_estimators=40, num_leaves=5, learning_rate=0.3, min_child_samples=5, reg_lambda=1.0, reg_alpha=0.2, colsample_bytree=0.7, subsample=0.8, subsample_freq=1, random_state=4), **AT))
case("more__domain__one_row", "edge_binary", DOMAIN, dict(feature_column_names=COLUMNS, chunk_size=1, hyperparameters=SMALL), [0, 40], [0, 6])
case("more__domain__three_rows", "edge_binary", DOMAIN, dict(feature_column_names=COLUMNS, chunk_size=3, hyperparameters=dict(n_estimators=10, min_child_samples=2)), [0, 40], [0, 12])
case("more__domain__whole_reference", "edge_binary", DOMAIN, dict(feature_column_names=COLUMNS, chunk_number=1, hyperparameters=SMALL), [0, 300], [0, 200])
case("more__domain__ten_folds", "edge_binary", DOMAIN, dict(feature_column_names=COLUMNS[:6], chunk_size=300, cv_folds_num=10, hyperparameters=SMALL, threshold=constant(0.49, 0.55)))
case("more__domain__categories_only", "edge_binary", DOMAIN, dict(feature_column_names=["cat_few", "cat_unseen"], chunk_size=200, hyperparameters=SMALL, threshold=deviations(1, 2)))
for name, columns in (("MissingValuesCalculator", COLUMNS), ("UnseenValuesCalculator", [*COLUMNS[6:], "num_int"]), ("NumericalRangeCalculator", COLUMNS[:6])):
    case(f"more__{name}__weekly", "edge_binary", name, dict(column_names=columns, chunk_period="W", **AT))
    case(f"more__{name}__counts", "edge_binary", name, dict(column_names=columns, chunk_size=77, threshold=deviations(2, 1), normalize=False, **AT), [0, 500])
    case(f"more__{name}__constant", "edge_binary", name, dict(column_names=columns, chunk_number=3, threshold=constant(-1, 2)), [0, 500])
    case(f"refused__{name}__columns", "edge_binary", name, dict(column_names=3))
    case(f"refused__{name}__equal_bounds", "edge_binary", name, dict(column_names=columns, threshold=constant(0, 0)))
    case(f"refused__{name}__more_chunks_than_rows", "edge_binary", name, dict(column_names=columns, chunk_number=2000))
    case(f"refused__{name}__period", "edge_binary", name, dict(column_names=columns, chunk_period="MS", **AT))
    case(f"refused__{name}__nothing_to_append_to", "edge_binary", name, dict(column_names=columns, chunker=dict(type="size", chunk_size=5000, incomplete="append")))

with open(os.path.join(OUT, "refused.json"), "w") as file:
    json.dump({"source": "NannyML 0.13.1", "expected": refused}, file, indent=1)
