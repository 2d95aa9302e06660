"""Values of NumPy, SciPy and scikit-learn for the engine's kernels, as test/oracles/kernels.json.

    python scipy_kernels.py > ../kernels.json
"""
import json

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, chi2_contingency, ks_2samp, wasserstein_distance
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedShuffleSplit

rng = np.random.RandomState(7)
out = {}

sums = []
for size in (0, 1, 7, 8, 9, 100, 128, 129, 1000, 4097):
    values = np.round(rng.lognormal(sigma=3, size=size), 6)
    sums.append({"values": values.tolist(), "sum": float(np.sum(values)), "deviation0": float(np.std(values)) if size else None, "deviation1": float(np.std(values, ddof=1)) if size > 1 else None})
out["sums"] = sums

edges = []
for values in (np.round(rng.normal(size=500), 4), np.round(rng.lognormal(size=999), 4), np.repeat(3.5, 20), np.array([1.0, 2.0]), np.arange(50.0), np.array([5.0, 5.0, 9.0])):
    e = np.histogram_bin_edges(values, bins="doane")
    edges.append({"values": values.tolist(), "edges": e.tolist(), "counts": np.histogram(values, bins=e)[0].tolist()})
out["doane"] = edges

pairs = []
for n, m in ((1, 1), (5, 3), (40, 60), (200, 333)):
    a, b = np.round(rng.normal(size=n), 2), np.round(rng.normal(0.3, 1.4, size=m), 2)
    pairs.append({"a": a.tolist(), "b": b.tolist(), "ks": float(ks_2samp(a, b).statistic), "wasserstein": float(wasserstein_distance(a, b))})
out["pairs"] = pairs

shares = []
for k in (2, 5, 12):
    p, q = rng.dirichlet(np.ones(k)), rng.randint(1, 50, size=k)
    shares.append({"p": p.tolist(), "q": q.tolist(), "jensenShannon": float(jensenshannon(p, q / q.sum(), base=2)),
                   "hellinger": float(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q / q.sum())) ** 2)) / np.sqrt(2))})
out["shares"] = shares

tables = []
for k in (2, 3, 9):
    a, b = rng.randint(5, 400, size=k), rng.randint(0, 60, size=k)
    statistic, p, _, _ = chi2_contingency(np.stack([a, b], axis=1))
    tables.append({"a": a.tolist(), "b": b.tolist(), "statistic": float(statistic), "p": float(p)})
out["tables"] = tables
out["tails"] = [{"statistic": s, "degrees": d, "p": float(chi2.sf(s, d))} for d in (1, 2, 7, 50, 400) for s in (0.0, 0.001, 1.0, 3.84, 60.0, 500.0)]

random = np.random.RandomState(42)
draws = {"uint32": [int(x) for x in random.randint(0, 2**32, size=8, dtype=np.uint64)]}
random = np.random.RandomState(42)
draws["permutation"] = random.permutation(20).tolist()
draws["choice"] = random.choice(1000, 12, replace=True).tolist()
out["mt19937"] = draws

splits = []
for n, share in ((50, 0.3), (333, 0.71), (1000, 0.05)):
    target = (rng.uniform(size=n) < share).astype(int)
    splitter = StratifiedShuffleSplit(n_splits=10, test_size=0.1, random_state=42)
    splits.append({"target": target.tolist(), "tests": [test.tolist() for _, test in splitter.split(target, target)]})
out["splits"] = splits

curves = []
for n, decimals in ((30, 1), (400, 2), (500, 9)):
    score = np.round(rng.uniform(size=n), decimals)
    target = (rng.uniform(size=n) < score**2).astype(int)
    model = IsotonicRegression(out_of_bounds="clip").fit(score, target)
    at = np.round(rng.uniform(-0.2, 1.2, size=40), 4)
    curves.append({"score": score.tolist(), "target": target.tolist(), "x": model.X_thresholds_.tolist(), "y": model.y_thresholds_.tolist(), "at": at.tolist(),
                   "values": model.predict(at).tolist(), "rocAuc": float(roc_auc_score(target, score)), "averagePrecision": float(average_precision_score(target, score))})
out["scores"] = curves

print(json.dumps(out))
