"""Runs NannyML 0.13.1 on regressions, and writes the data it makes and one fixture per case.

    python regression_cases.py DATASETS OUT [SEED]

Needs nannyml 0.13.1, pandas 2.2, numpy 1.26, scikit-learn 1.5, lightgbm 4.5. The made data (OUT/datasets/rough_regression_*.csv.gz) have flags,
whole numbers, gaps in features, outcomes and predictions, many categories of which some only come later, targets of zero and below.
"""
import gzip
import json
import logging
import math
import os
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

import nannyml as nml  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from nannyml.chunk import CountBasedChunker, SizeBasedChunker  # noqa: E402
from nannyml.thresholds import Threshold  # noqa: E402

from fixture_cell import cell

DATASETS, OUT = sys.argv[1], sys.argv[2]
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
FILES = {
    "synthetic_car_price": ("regression_synthetic_reference.csv.gz", "regression_synthetic_analysis.csv.gz", "regression_synthetic_analysis_targets.csv.gz"),
    "california_housing": ("california_housing_reference.csv.gz", "california_housing_analysis.csv.gz", "california_housing_analysis_gt.csv.gz"),
    "rough_regression": ("rough_regression_reference.csv.gz", "rough_regression_analysis.csv.gz", None),
}
CHUNK_FIELDS = ["key", "chunk_index", "start_index", "end_index", "start_date", "end_date", "period", "targets_missing_rate"]
loaded, refused = {}, []


def make_rough(rows, seed, begin, later):
    rng = np.random.default_rng(seed)
    area = np.round(rng.lognormal(4.2, 0.5, rows), 1)
    rooms = rng.integers(1, 9, rows)
    garden = rng.random(rows) < 0.3
    grade = rng.integers(1, 6 + 2 * later, rows)
    noise = np.round(rng.normal(0, 1, rows), 2)
    distance = np.where(rng.random(rows) < 0.06, np.nan, np.round(rng.gamma(2, 3 + later, rows), 2))
    zone = np.array([None, "centre", "north", "south", "east", "west", "harbour", "hills"], dtype=object)[rng.integers(0, 7 + later, rows)]
    street = np.array([f"street {k}" for k in range(60)], dtype=object)[np.minimum(59, rng.geometric(0.07 + 0.01 * later, rows))]
    truth = 2.1 * area + 11 * rooms + 30 * garden + 6 * grade - np.nan_to_num(distance, nan=4) * 2 + rng.normal(0, 4 + area / 12, rows)
    price = np.round(np.where(rng.random(rows) < 0.004, 0, np.maximum(truth, 1)), 2)
    guess = np.round(2.05 * area + 11.5 * rooms + 28 * garden + 6 * grade - 8 + later * 5 * (rooms > 5), 1)
    frame = pd.DataFrame({
        "id": np.arange(rows), "timestamp": (pd.Timestamp(begin) + pd.to_timedelta(np.arange(rows) * 37, unit="min")).strftime("%Y-%m-%d %H:%M:%S"),
        "area": area, "rooms": rooms, "garden": garden, "grade": grade, "noise": noise, "distance": distance, "zone": zone, "street": street, "always": 1.5,
        "guess": np.where(rng.random(rows) < 0.01, np.nan, guess), "price": np.where(rng.random(rows) < 0.03, np.nan, price),
        "gain": np.round(truth - truth.mean(), 2), "gain_guess": np.round(guess - guess.mean() + noise, 2),
    })
    return frame


def write_frame(frame, name):
    with open(os.path.join(OUT, "datasets", name), "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write(frame.to_csv(index=False).encode())


def load(name):
    if name not in loaded:
        reference, analysis, targets = FILES[name]
        folder = os.path.join(OUT, "datasets") if os.path.exists(os.path.join(OUT, "datasets", reference)) else DATASETS
        read = lambda file: pd.read_csv(os.path.join(folder, file), float_precision="round_trip")  # noqa: E731
        frame = read(analysis)
        if targets:
            frame = frame.merge(read(targets), on="id", how="left")
        loaded[name] = (read(reference), frame)
    return loaded[name]


def records(result):
    table = result.to_df()
    series = {}
    for column in table.columns:
        if column[0] != "chunk":
            series.setdefault(column[0], []).append(column[1])
    for _, row in table.iterrows():
        chunk = {field: cell(row[("chunk", field)]) for field in CHUNK_FIELDS if ("chunk", field) in table.columns}
        for name, fields in series.items():
            yield {"name": name, **chunk, **{field: cell(row[(name, field)]) for field in fields}}


def case(identifier, dataset, calculator, parameters, reference_rows=None, analysis_rows=None, drop=()):
    reference, analysis = load(dataset)
    if reference_rows:
        reference = reference.iloc[slice(*reference_rows)].reset_index(drop=True)
    if analysis_rows:
        analysis = analysis.iloc[slice(*analysis_rows)].reset_index(drop=True)
    head = dict(id=identifier, source="NannyML 0.13.1", dataset=dataset, reference_rows=reference_rows, analysis_rows=analysis_rows,
                dropped_analysis_columns=list(drop), calculator=calculator, parameters=parameters, column_types={})
    given = dict(parameters)
    if "thresholds" in given:
        given["thresholds"] = {k: Threshold.parse_object(dict(v)) for k, v in given["thresholds"].items()}
    if "chunker" in given:
        chunker = dict(given["chunker"])
        given["chunker"] = {"size": SizeBasedChunker, "count": CountBasedChunker}[chunker.pop("type")](**chunker)
    stage = "construct"
    try:
        instance = getattr(nml, calculator)(**given)
        stage = "fit"
        instance.fit(reference.copy())
        stage = "calculate"
        result = (instance.estimate if calculator == "DLE" else instance.calculate)(analysis.drop(columns=list(drop)).copy())
    except Exception as error:  # every refusal is a case of its own
        refused.append({**head, "stage": stage, "raises": type(error).__name__})
        print(identifier, "refused at", stage, type(error).__name__, str(error)[:120])
        return
    with open(os.path.join(OUT, f"{identifier}.json"), "w") as file:
        json.dump({**head, "expected": list(records(result))}, file)


os.makedirs(os.path.join(OUT, "datasets"), exist_ok=True)
write_frame(make_rough(3000, SEED, "2023-01-02", 0), FILES["rough_regression"][0])
write_frame(make_rough(1610, SEED + 1000, "2023-03-20", 1), FILES["rough_regression"][1])

ALL = ["mae", "mape", "mse", "msle", "rmse", "rmsle"]
AT = dict(timestamp_column_name="timestamp")
PRICE = dict(feature_column_names=["car_age", "km_driven", "price_new", "accident_count", "door_count", "fuel", "transmission"], y_pred="y_pred", y_true="y_true")
FEATURES = ["zone", "area", "rooms", "garden", "grade", "street", "noise", "distance", "always"]
ROUGH = dict(feature_column_names=FEATURES, y_pred="guess", y_true="price")
GAIN = dict(feature_column_names=FEATURES[::-1], y_pred="gain_guess", y_true="gain")
HOUSES = dict(feature_column_names=["HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude"], y_pred="y_pred_proba", y_true="MedInc")
REALIZED = dict(problem_type="regression")
CONSTANT = dict(type="constant", lower=0.5, upper=20)
HALF_SIDED = dict(type="standard_deviation", std_lower_multiplier=None, std_upper_multiplier=1.5)

case("more__DLE__price_weekly", "synthetic_car_price", "DLE", dict(PRICE, metrics=ALL, chunk_period="W", **AT), reference_rows=[0, 30000], analysis_rows=[1000, 25500])
case("more__DLE__price_monthly_hyper", "synthetic_car_price", "DLE",
     dict(PRICE, metrics=["mae", "mse"], chunk_period="M", hyperparameters=dict(n_estimators=60, num_leaves=63, learning_rate=0.05, min_child_samples=5, reg_lambda=2.0, reg_alpha=1.0), **AT), reference_rows=[0, 60000], analysis_rows=[0, 30000])
case("more__DLE__price_few_features", "synthetic_car_price", "DLE",
     dict(PRICE, feature_column_names=["transmission", "km_driven", "fuel"], metrics=["rmse", "mape"], chunk_number=9, thresholds=dict(rmse=CONSTANT, mape=HALF_SIDED)), reference_rows=[5000, 17000], analysis_rows=[0, 9010])
case("more__DLE__rough_size", "rough_regression", "DLE", dict(ROUGH, metrics=ALL, chunk_size=300, **AT))
case("more__DLE__rough_weekly", "rough_regression", "DLE", dict(ROUGH, metrics=["rmse", "mae"], chunk_period="W", **AT), drop=["price"])
case("more__DLE__rough_hyper", "rough_regression", "DLE",
     dict(ROUGH, metrics=["mae", "mse", "rmsle"], chunker=dict(type="size", chunk_size=250, incomplete="append"),
          hyperparameters=dict(n_estimators=40, num_leaves=15, learning_rate=0.2, min_child_samples=8, reg_lambda=0.5, max_depth=4, min_split_gain=0.1, max_bin=63)))
case("more__DLE__rough_few_rows", "rough_regression", "DLE", dict(ROUGH, metrics=["mae", "rmse"], chunk_size=60), reference_rows=[0, 230], analysis_rows=[0, 333])
case("more__DLE__gain_signed", "rough_regression", "DLE", dict(GAIN, metrics=["mae", "mse", "rmse"], chunk_number=6))
case("more__DLE__gain_logarithmic", "rough_regression", "DLE", dict(GAIN, metrics=["mae", "msle"], chunk_number=6))
case("more__DLE__houses_monthly", "california_housing", "DLE", dict(HOUSES, metrics=ALL, chunk_period="M", **AT))
case("more__DLE__houses_number", "california_housing", "DLE", dict(HOUSES, metrics=["mae", "rmse"], chunk_number=7, hyperparameters=dict(num_leaves=8, learning_rate=0.3, n_estimators=25, subsample=0.8, colsample_bytree=1.0)))
case("more__PerformanceCalculator__price_monthly", "synthetic_car_price", "PerformanceCalculator",
     dict(REALIZED, y_pred="y_pred", y_true="y_true", metrics=ALL, chunk_period="M", thresholds=dict(mae=CONSTANT, mape=HALF_SIDED), **AT), analysis_rows=[0, 40000])
case("more__PerformanceCalculator__rough_weekly", "rough_regression", "PerformanceCalculator", dict(REALIZED, y_pred="guess", y_true="price", metrics=ALL, chunk_period="W", **AT))
case("more__PerformanceCalculator__rough_number", "rough_regression", "PerformanceCalculator", dict(REALIZED, y_pred="guess", y_true="price", metrics=ALL, chunk_number=11))
case("more__PerformanceCalculator__gain_signed", "rough_regression", "PerformanceCalculator", dict(REALIZED, y_pred="gain_guess", y_true="gain", metrics=ALL, chunk_size=20), analysis_rows=[0, 300])
case("more__PerformanceCalculator__one_row_chunks", "rough_regression", "PerformanceCalculator", dict(REALIZED, y_pred="guess", y_true="price", metrics=ALL, chunk_size=1), reference_rows=[0, 60], analysis_rows=[0, 40])
case("more__PerformanceCalculator__houses", "california_housing", "PerformanceCalculator", dict(REALIZED, y_pred="y_pred_proba", y_true="MedInc", metrics=ALL, chunk_period="M", **AT))

if refused:
    with open(os.path.join(OUT, "refused.json"), "w") as file:
        json.dump({"expected": refused}, file)
