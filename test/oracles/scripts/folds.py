"""scikit-learn's StratifiedKFold and roc_auc_score, as test/oracles/folds.json.

    python folds.py > ../folds.json
"""
import json
import sys
import warnings

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

warnings.simplefilter("ignore")
rng = np.random.RandomState(17)


def folds(labels, k):
    labels = np.asarray(labels, dtype=int)
    try:
        of = np.zeros(len(labels), dtype=int)
        for fold, (_, test) in enumerate(StratifiedKFold(n_splits=k).split(labels, labels)):
            of[test] = fold
        return {"labels": labels.tolist(), "folds": k, "of": of.tolist()}
    except ValueError:
        return {"labels": labels.tolist(), "folds": k, "of": None}


def chunk_of(n, start, end):
    labels = np.zeros(n, dtype=int)
    labels[start:end] = 1
    return labels


out = {
    "folds": [folds(labels, k) for labels, k in [
        (chunk_of(23, 16, 23), 5), (chunk_of(23, 0, 7), 5), (chunk_of(23, 8, 12), 5), (chunk_of(23, 22, 23), 5), (chunk_of(23, 0, 22), 5), (chunk_of(23, 0, 23), 5), (chunk_of(23, 0, 0), 5),
        (chunk_of(10, 3, 9), 2), (chunk_of(41, 30, 41), 7), (chunk_of(8, 3, 8), 5), (chunk_of(8, 4, 8), 5), (chunk_of(4, 2, 4), 5), (rng.randint(0, 2, 60), 4), ((rng.uniform(size=90) < 0.1).astype(int), 10)]],
    "auc": [],
}
for n, decimals, share in ((5, 1, 0.5), (60, 1, 0.3), (400, 2, 0.5), (3000, 3, 0.1), (3000, 15, 0.4), (6000, 4, 0.02)):
    labels = (rng.uniform(size=n) < share).astype(int)
    labels[:2] = [0, 1]
    scores = np.round(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), decimals)
    out["auc"].append({"labels": "".join(map(str, labels)), "scores": scores.tolist(), "auc": float(roc_auc_score(labels, scores))})
json.dump(out, sys.stdout, separators=(",", ":"))
