"""Makes lightgbm-hashes.json: what LightGBM 4.5.0 predicts, as SHA-256 of the doubles' bytes.

Run with lightgbm 4.5.0, numpy 1.26, pandas 2.2 and scikit-learn 1.5:
    OMP_NUM_THREADS=1 python test/engine/boosting/make-hashes.py

Binary: the raw scores are hashed. Probabilities differ from any other exponential's in the last bit, so that of them two weighted sums per 500 rows are kept:
a single probability that is off by 1e-12 moves them by more than the tolerance, and several cannot make up for each other in both.
"""
import hashlib
import json
import os
import platform

os.environ.setdefault("OMP_NUM_THREADS", "1")
import lightgbm as lgb
import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
DATASETS = os.path.join(HERE, "../../../datasets")
BLOCK = 500


def uniform(stream, rows):
    mask = np.uint64(0xFFFFFFFF)
    h = (np.arange(rows, dtype=np.uint64) * np.uint64(0x9E3779B1) + np.uint64(stream * 0x632BE59B)) & mask
    h = ((h ^ (h >> np.uint64(16))) * np.uint64(0x85EBCA6B)) & mask
    h = ((h ^ (h >> np.uint64(13))) * np.uint64(0xC2B2AE35)) & mask
    return (h ^ (h >> np.uint64(16))).astype(np.float64) / 4294967296


def generate(rows, seed):
    u = lambda stream: uniform(seed * 100 + stream, rows)
    bell = lambda stream: u(stream) + u(stream + 1) + u(stream + 2) + u(stream + 3) - 2
    sparse = lambda which: np.where((np.floor(u(20) * 50) == which) | (np.floor(u(21) * 20_000) == 7), np.floor(u(22 + which) * 9) + 1, 0.0)
    smooth = u(0) - 0.5
    spread = bell(1) * 100
    whole = np.floor(u(5) * 60) - 10
    skewed = u(6) * u(6) * u(6) * u(6) * 1000
    gaps = np.where(u(7) < 0.08, np.nan, bell(8))
    few = np.where(u(12) < 0.01, np.nan, np.floor(u(13) * 5))
    s = [sparse(which) for which in range(4)]
    many = np.floor(u(14) * u(14) * 40)
    three = np.where(u(15) < 0.05, np.nan, np.floor(u(16) * 3))
    zeroed = lambda column: np.where(np.isnan(column), 0.0, column)
    step = (many * 7) % 11
    values = (smooth * 3 + zeroed(gaps) * zeroed(few) + np.where(whole > 20, spread * 0.01, skewed * 0.002) + step * 0.25
              + (s[0] - s[1] + s[2] * s[3]) * 0.5 + zeroed(three) + bell(40))
    labels = (values + bell(44) * 2 > 3).astype(np.float64)
    columns = {"smooth": smooth, "spread": spread, "whole": whole, "skewed": skewed, "gaps": gaps, "few": few,
               "sparse0": s[0], "sparse1": s[1], "sparse2": s[2], "sparse3": s[3], "many": many, "three": three}
    return pd.DataFrame(columns), values, labels


CAR = ["car_age", "km_driven", "price_new", "accident_count", "door_count", "fuel", "transmission", "y_pred"]


def car_price(period):
    frame = pd.read_csv(os.path.join(DATASETS, f"regression_synthetic_{period}.csv.gz"), float_precision="round_trip")
    features = frame[CAR].copy()
    for name, categories in {"fuel": ["diesel", "electric", "gas"], "transmission": ["automatic", "manual"]}.items():
        codes = features[name].map({category: code + 1.0 for code, category in enumerate(categories)})
        assert not codes.isna().any(), sorted(features[name].unique())
        features[name] = codes
    return features.astype(np.float64), frame


def digest(numbers):
    return hashlib.sha256(np.ascontiguousarray(numbers, dtype="<f8").tobytes()).hexdigest()


def weighted_sums(probabilities):
    """Per block of rows two sums, weighted by 1 + (row * 7919 mod 1000) / 1000 and by 1 + (row * 104729 mod 997) / 997."""
    row = np.arange(len(probabilities))
    sums = []
    for factor, modulus in ((7919, 1000), (104729, 997)):
        weighted = probabilities * (1 + (row * factor % modulus) / modulus)
        sums.append([float(sum(weighted[start:start + BLOCK].tolist())) for start in range(0, len(row), BLOCK)])
    return sums


def train(features, target, categorical, objective, parameters):
    kind = lgb.LGBMRegressor if objective == "regression" else lgb.LGBMClassifier
    return kind(n_jobs=1, verbosity=-1, **parameters).fit(features, target, categorical_feature=categorical)


def case(name, objective, model, features, parameters, sums=False):
    raw = model.predict(features, raw_score=True)
    result = {"name": name, "objective": objective, "parameters": parameters, "rows": len(features), "sha256": digest(raw)}
    if objective == "binary" and sums:
        result["weightedSums"] = weighted_sums(model.predict_proba(features)[:, 1])
    return result


VARIANTS = [
    {"learning_rate": 0.03, "n_estimators": 150}, {"num_leaves": 7}, {"num_leaves": 200, "min_child_samples": 5, "n_estimators": 30}, {"max_depth": 3}, {"max_depth": 8, "num_leaves": 100},
    {"min_child_samples": 1, "num_leaves": 50, "n_estimators": 30}, {"min_child_samples": 300}, {"min_child_weight": 20.0}, {"reg_lambda": 7.5}, {"reg_alpha": 12.0}, {"reg_alpha": 0.5, "reg_lambda": 2.0},
    {"min_split_gain": 5.0}, {"max_bin": 15}, {"max_bin": 63}, {"max_bin": 700, "n_estimators": 40}, {"min_data_in_bin": 40}, {"subsample_for_bin": 2000}, {"subsample_for_bin": 2000, "random_state": 13},
    {"subsample": 0.8, "subsample_freq": 1}, {"subsample": 0.4, "subsample_freq": 3, "random_state": 5}, {"colsample_bytree": 0.5}, {"colsample_bynode": 0.5, "random_state": 9},
    {"colsample_bytree": 0.7, "colsample_bynode": 0.7, "subsample": 0.6, "subsample_freq": 2, "random_state": 17, "reg_lambda": 1.0},
    {"max_delta_step": 0.3}, {"path_smooth": 15.0}, {"extra_trees": True, "n_estimators": 40}, {"boost_from_average": False}, {"enable_bundle": False}, {"max_cat_to_onehot": 50},
    {"cat_smooth": 1.0, "cat_l2": 0.5, "min_data_per_group": 10, "max_cat_threshold": 6}, {"use_missing": False}, {"feature_pre_filter": False, "min_child_samples": 2, "n_estimators": 30},
]


def main():
    cases = []
    reference, frame = car_price("reference")
    analysis, _ = car_price("analysis")
    error = frame["y_true"] - frame["y_pred"]
    both = pd.concat([reference, analysis])
    for name, target in (("car price, absolute error", error.abs()), ("car price, squared error", error ** 2)):
        cases.append(case(name, "regression", train(reference, target, ["fuel", "transmission"], "regression", {}), both, {}))

    features, values, labels = generate(100_000, 1)
    categorical = ["many", "three"]
    cases.append(case("generated", "regression", train(features, values, categorical, "regression", {}), features, {}))
    cases.append(case("generated", "binary", train(features, labels, categorical, "binary", {}), features, {}, sums=True))

    features, values, labels = generate(230_000, 2)
    few_trees = {"n_estimators": 15}
    cases.append(case("generated, bins from a sample", "regression", train(features, values, categorical, "regression", few_trees), features, few_trees))

    features, values, labels = generate(6_000, 3)
    later, _, _ = generate(8_000, 4)
    for parameters in VARIANTS:
        for objective, target in (("regression", values), ("binary", labels)):
            cases.append(case("variant", objective, train(features, target, categorical, objective, parameters), later, parameters))
    for size in (45, 200, 700):
        small = features[:size]
        for objective, target in (("regression", values), ("binary", labels)):
            cases.append(case(f"first {size} rows", objective, train(small, target[:size], categorical, objective, {}), later, {}))

    made_with = {"lightgbm": lgb.__version__, "numpy": np.__version__, "pandas": pd.__version__, "python": platform.python_version(), "machine": platform.machine()}
    with open(os.path.join(HERE, "lightgbm-hashes.json"), "w", encoding="utf-8") as file:
        lines = ",\n".join("    " + json.dumps(one) for one in cases)
        file.write('{\n  "madeWith": ' + json.dumps(made_with) + ',\n  "cases": [\n' + lines + "\n  ]\n}\n")


main()
