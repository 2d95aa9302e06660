"""NannyML's CorrelationRanker on the car-loan data, SciPy's correlation and incomplete beta function, as test/oracles/rankers.json.

    NML_DISABLE_USAGE_LOGGING=1 python rankers.py > ../rankers.json
"""
import json
import math
import sys

import nannyml as nml
import numpy as np
from scipy.special import betainc
from scipy.stats import pearsonr

reference, analysis, targets = nml.load_synthetic_car_loan_dataset()
analysis = analysis.merge(targets, left_index=True, right_index=True)
features = ["car_value", "salary_range", "debt_to_income_ratio", "loan_length", "repaid_loan_on_prev_car", "size_of_downpayment", "driver_tenure", "y_pred_proba", "y_pred", "repaid"]


def number(value):
    return float(value) if math.isfinite(value) else None


drift = nml.UnivariateDriftCalculator(column_names=features, treat_as_categorical=["y_pred", "repaid"], timestamp_column_name="timestamp", chunk_size=5000,
                                      continuous_methods=["jensen_shannon"], categorical_methods=["jensen_shannon"]).fit(reference).calculate(analysis)
performance = nml.PerformanceCalculator(y_pred_proba="y_pred_proba", y_pred="y_pred", y_true="repaid", timestamp_column_name="timestamp", problem_type="classification_binary",
                                        metrics=["roc_auc", "recall"], chunk_size=5000).fit(reference).calculate(analysis)
cases = []
for metric in ("roc_auc", "recall"):
    for period in ("analysis", "all"):
        ranker = nml.CorrelationRanker().fit(performance.filter(period="reference", metrics=[metric]))
        d, p = drift.filter(period=period), performance.filter(period=period, metrics=[metric])
        for only in (False, True):
            table = ranker.rank(d, p, only_drifting=only)
            cases.append({
                "metric": metric, "period": period, "onlyDrifting": only,
                "columns": {key.display_names[0]: {"values": [number(v) for v in d.values(key)], "alerts": [bool(a) for a in d.alerts(key)]} for key in d.keys()},
                "performance": [number(v) for v in p.to_df()[(metric, "value")]],
                "referencePerformance": [number(v) for v in performance.filter(period="reference", metrics=[metric]).to_df()[(metric, "value")]],
                "ranking": [{"column": r["column_name"], "correlation": number(r["pearsonr_correlation"]), "pValue": number(r["pearsonr_pvalue"]), "hasDrifted": bool(r["has_drifted"]), "rank": int(r["rank"])}
                            for _, r in table.iterrows()],
            })

rng = np.random.RandomState(5)
pairs = []
for n in (2, 3, 4, 10, 57, 1000):
    for slope in (0.0, 0.4, 30.0):
        x = np.round(rng.normal(size=n), 4)
        y = np.round(slope * x + rng.normal(size=n), 4)
        result = pearsonr(x, y)
        pairs.append({"x": x.tolist(), "y": y.tolist(), "r": number(result[0]), "p": number(result[1])})
betas = [{"x": x, "a": a, "b": b, "value": float(betainc(a, b, x))} for a, b in ((0.5, 0.5), (1, 3), (4, 4), (24.5, 24.5), (499, 499), (2, 700)) for x in (1e-6, 0.01, 0.3, 0.5, 0.77, 0.999)]
json.dump({"rankings": cases, "pairs": pairs, "betas": betas}, sys.stdout, separators=(",", ":"))
