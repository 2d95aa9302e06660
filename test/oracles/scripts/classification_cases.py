"""Runs NannyML 0.13.1 on classifications of data made here, and writes the data and one fixture per case.

    python classification_cases.py OUT [SEED]

Needs nannyml 0.13.1, pandas 2.2, numpy 1.26, scikit-learn 1.5. OUT/datasets gets
- rough_multiclass: four classes named by text; chunks that lack a class, hold one prediction only, an unknown prediction, gaps in scores, predictions and targets
- numbered_multiclass: five classes that are whole numbers (0, 1, 2, 10, 11), scores with all decimals, targets in a file of their own, some of them missing
- rare_binary: few positives, scores with two decimals, chunks of one class, gaps in targets and predictions
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
from nannyml.thresholds import Threshold  # noqa: E402

from fixture_cell import cell

OUT = sys.argv[1]
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1
DATA = os.path.join(OUT, "datasets")
CHUNK_FIELDS = ["key", "chunk_index", "start_index", "end_index", "start_date", "end_date", "period", "targets_missing_rate"]


def scored(rng, rows, prior, skill, sharpness, decimals):
    """True class, predicted class and scores, which sum to 1."""
    k = len(prior)
    truth = rng.choice(k, rows, p=prior)
    z = rng.normal(size=(rows, k))
    z[np.arange(rows), truth] += skill
    p = np.exp(sharpness * z)
    p /= p.sum(axis=1, keepdims=True)
    guess = p.argmax(axis=1)
    if decimals:
        p = np.round(p, decimals)
        p[:, -1] = np.round(1 - p[:, :-1].sum(axis=1), decimals)
    return truth, guess, p


def stamps(rows, begin, minutes):
    return pd.date_range(begin, periods=rows, freq=f"{minutes}min").strftime("%Y-%m-%d %H:%M:%S")


def rough(rng, rows, begin):
    labels = np.array(["alpha", "beta", "delta", "gamma"], dtype=object)
    truth, guess, p = scored(rng, rows, [0.4, 0.3, 0.2, 0.1], 1.6, 1.4, 3)
    scores = {f"score_{label}": p[:, i] for i, label in enumerate(labels)}
    return pd.DataFrame({"id": np.arange(rows), **scores, "guess": labels[guess], "truth": labels[truth], "timestamp": stamps(rows, begin, 30)})


def spoil(frame, rng):
    def some(first, last, column, share, value=np.nan):
        hit = rng.uniform(size=last - first + 1) < share
        frame.loc[first:last, column] = frame.loc[first:last, column].mask(hit, value)

    frame.loc[200:399, "truth"] = frame.loc[200:399, "truth"].replace("delta", "beta")
    frame.loc[400:599, "guess"] = "gamma"
    some(600, 799, "guess", 0.1, "zeta")
    some(800, 999, "score_beta", 0.1)
    some(800, 999, "guess", 0.1)
    some(800, 999, "truth", 0.2)
    frame.loc[1000:1099, "truth"] = np.nan
    return frame


def numbered(rng, rows, begin, first):
    labels = np.array([0, 1, 2, 10, 11])
    truth, guess, p = scored(rng, rows, [0.2] * 5, 1.2, 2.0, None)
    scores = {f"p{label}": p[:, i] for i, label in enumerate(labels)}
    return pd.DataFrame({"id": np.arange(first, first + rows), **scores, "y_pred": labels[guess], "y_true": labels[truth], "timestamp": stamps(rows, begin, 20)})


def rare(rng, rows, begin):
    p = np.round(rng.beta(0.8, 3, size=rows), 2)
    truth = (rng.uniform(size=rows) < np.clip(0.4 * p, 0, 1)).astype(int)
    return pd.DataFrame({"id": np.arange(rows), "p": p, "guess": (p > 0.35).astype(int), "truth": truth, "timestamp": stamps(rows, begin, 120)})


def spoil_rare(frame, rng):
    frame = frame.astype({"truth": float, "guess": float})
    frame.loc[100:199, "truth"] = 0
    frame.loc[200:299, "guess"] = 0
    frame.loc[300:399, ["truth", "guess"]] = 1
    frame.loc[400:499, "truth"] = np.nan
    frame.loc[500:599, "guess"] = frame.loc[500:599, "guess"].mask(rng.uniform(size=100) < 0.3)
    frame.loc[600:699, ["truth", "guess"]] = 0
    return frame


def write_frame(frame, name):
    with open(os.path.join(DATA, name), "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write(frame.to_csv(index=False).encode())


def read(name):
    return pd.read_csv(os.path.join(DATA, name), float_precision="round_trip")


def records(result):
    table = result.to_df()
    series = {}
    for name, field in table.columns:
        if name != "chunk":
            series.setdefault(name, []).append(field)
    for _, row in table.iterrows():
        chunk = {field: cell(row[("chunk", field)]) for field in CHUNK_FIELDS if ("chunk", field) in table.columns}
        for name, fields in series.items():
            yield {"name": name, **chunk, **{field: cell(row[(name, field)]) for field in fields}}


def case(identifier, dataset, calculator, parameters, reference_rows=None, analysis_rows=None, drop=()):
    reference, analysis = frames[dataset]
    if reference_rows:
        reference = reference.iloc[slice(*reference_rows)].reset_index(drop=True)
    if analysis_rows:
        analysis = analysis.iloc[slice(*analysis_rows)].reset_index(drop=True)
    given = dict(parameters)
    if "thresholds" in given:
        given["thresholds"] = {metric: Threshold.parse_object(dict(rule)) for metric, rule in given["thresholds"].items()}
    instance = getattr(nml, calculator)(**given)
    np.random.seed(0)
    instance.fit(reference.copy())
    result = (instance.estimate if calculator == "CBPE" else instance.calculate)(analysis.drop(columns=list(drop)).copy())
    text = json.dumps(dict(
        id=identifier, source="NannyML 0.13.1", dataset=dataset, reference_rows=reference_rows, analysis_rows=analysis_rows,
        dropped_analysis_columns=list(drop), calculator=calculator, parameters=parameters, column_types={}, expected=list(records(result))))
    with open(os.path.join(OUT, f"{identifier}.json.gz"), "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write(text.encode())


os.makedirs(DATA, exist_ok=True)
rng = np.random.RandomState(SEED)
write_frame(rough(rng, 1800, "2024-01-01"), "rough_multiclass_reference.csv.gz")
write_frame(spoil(rough(rng, 1150, "2024-03-01"), rng), "rough_multiclass_analysis.csv.gz")
write_frame(numbered(rng, 3000, "2023-01-01", 0), "numbered_multiclass_reference.csv.gz")
later = numbered(rng, 2000, "2023-06-01", 3000)
write_frame(later.drop(columns="y_true"), "numbered_multiclass_analysis.csv.gz")
write_frame(later.loc[rng.uniform(size=2000) > 0.05, ["id", "y_true"]].sample(frac=1, random_state=SEED), "numbered_multiclass_analysis_gt.csv.gz")
write_frame(rare(rng, 2100, "2020-01-01"), "rare_binary_reference.csv.gz")
write_frame(spoil_rare(rare(rng, 1403, "2020-08-01"), rng), "rare_binary_analysis.csv.gz")
frames = {name: (read(f"{name}_reference.csv.gz"), read(f"{name}_analysis.csv.gz")) for name in ("rough_multiclass", "numbered_multiclass", "rare_binary")}
reference, analysis = frames["numbered_multiclass"]
frames["numbered_multiclass"] = (reference, analysis.merge(read("numbered_multiclass_analysis_gt.csv.gz"), on="id", how="left"))

METRICS = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy", "average_precision"]
AT = dict(timestamp_column_name="timestamp")
ROUGH = dict(y_true="truth", y_pred="guess", y_pred_proba={label: f"score_{label}" for label in ("gamma", "alpha", "delta", "beta")},
             problem_type="classification_multiclass")
NUMBERED = dict(y_true="y_true", y_pred="y_pred", y_pred_proba={label: f"p{label}" for label in (0, 1, 2, 10, 11)}, problem_type="classification_multiclass")
RARE = dict(y_true="truth", y_pred="guess", y_pred_proba="p", problem_type="classification_binary")
ROUGH_VALUES = dict(metrics=["business_value", "recall"], business_value_matrix=[[2, -1, -1, -3], [-1, 2, -0.5, -3], [-1, -1, 2.25, -3], [-5, -5, -5, 9]])
NUMBERED_VALUES = dict(metrics=["business_value"], business_value_matrix=[[1, 0, -1, -2, -3], [0, 1, 0, -1, -2], [-1, 0, 1, 0, -1], [-2, -1, 0, 1, 0], [-3, -2, -1, 0, 1.5]])


def deviations(lower, upper):
    return dict(type="standard_deviation", std_lower_multiplier=lower, std_upper_multiplier=upper)


def constant(lower, upper):
    return dict(type="constant", lower=lower, upper=upper)


RULES = {"roc_auc": constant(0.8, None), "f1": constant(None, 0.7), "accuracy": deviations(None, 1), "recall": deviations(2, None), "precision": constant(None, None)}

for calculator in ("CBPE", "PerformanceCalculator"):
    # NannyML does not calibrate rows with a missing score.
    complete = [0, 800] if calculator == "CBPE" else None
    name = f"classes__{calculator}"
    case(f"{name}__rough", "rough_multiclass", calculator, dict(ROUGH, metrics=METRICS, chunk_size=200, **AT), None, complete)
    case(f"{name}__rough_weekly", "rough_multiclass", calculator, dict(ROUGH, metrics=METRICS[1:6], chunk_period="W", **AT), None, complete)
    case(f"{name}__rough_thresholds", "rough_multiclass", calculator, dict(ROUGH, metrics=METRICS, chunk_size=200, thresholds=RULES, **AT), None, complete)
    case(f"{name}__rough_cells_threshold", "rough_multiclass", calculator,
         dict(ROUGH, metrics=["confusion_matrix"], chunk_size=200, thresholds={"confusion_matrix": constant(3, 40)}, **AT), None, complete)
    case(f"{name}__rough_one_row", "rough_multiclass", calculator, dict(ROUGH, metrics=METRICS, chunk_size=200, **AT), None, [5, 6])
    case(f"{name}__rough_one_row_cells", "rough_multiclass", calculator,
         dict(ROUGH, metrics=["confusion_matrix"], normalize_confusion_matrix="pred", chunk_size=200, **AT), None, [5, 6])
    case(f"{name}__rough_tiny_chunks", "rough_multiclass", calculator, dict(ROUGH, metrics=METRICS[1:6], chunk_size=9, **AT), [0, 300], [0, 100])
    case(f"{name}__numbered", "numbered_multiclass", calculator, dict(NUMBERED, metrics=METRICS, chunk_size=500, **AT))
    case(f"{name}__numbered_rows_as_they_come", "numbered_multiclass", calculator, dict(NUMBERED, metrics=["roc_auc", "specificity"], chunk_number=7), [700, 2703], [3, 1503])
    for normalization in (None, "all", "true", "pred"):
        case(f"{name}__rough_cells_{normalization}", "rough_multiclass", calculator,
             dict(ROUGH, metrics=["confusion_matrix"], normalize_confusion_matrix=normalization, chunk_size=200, **AT), None, complete)
        case(f"{name}__rare_cells_{normalization}", "rare_binary", calculator,
             dict(RARE, metrics=["confusion_matrix"], normalize_confusion_matrix=normalization, chunk_size=100, **AT))
    for normalization in (None, "per_prediction"):
        case(f"{name}__rough_value_{normalization}", "rough_multiclass", calculator, dict(ROUGH, **ROUGH_VALUES, normalize_business_value=normalization, chunk_number=6), None, complete)
        case(f"{name}__numbered_value_{normalization}", "numbered_multiclass", calculator, dict(NUMBERED, **NUMBERED_VALUES, normalize_business_value=normalization, chunk_period="M", **AT))
    case(f"{name}__rare", "rare_binary", calculator, dict(RARE, metrics=METRICS, chunk_size=100, **AT))
    case(f"{name}__rare_tiny_chunks", "rare_binary", calculator, dict(RARE, metrics=METRICS, chunk_size=6, **AT), [0, 200], [0, 300])
    case(f"{name}__rare_one_class", "rare_binary", calculator, dict(RARE, metrics=METRICS, chunk_size=50, **AT), None, [600, 700])
case("classes__CBPE__rough_no_targets", "rough_multiclass", "CBPE", dict(ROUGH, metrics=[*METRICS, "confusion_matrix"], chunk_size=200, **AT), None, [0, 800], ("truth",))
