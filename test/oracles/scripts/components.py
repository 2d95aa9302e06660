"""scikit-learn's StandardScaler and PCA: components kept and reconstruction errors, as test/oracles/components.json.

    python components.py > ../components.json
"""
import json
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

rng = np.random.RandomState(3)


def factors(rows, width, rank, noise):
    return np.round(rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, width)) + noise * rng.normal(size=(rows, width)), 4)


def case(name, data, choices):
    fresh = np.round(data[rng.permutation(len(data))[:12]] + rng.normal(size=(min(12, len(data)), data.shape[1])), 4)
    scaler = StandardScaler().fit(data)
    out = []
    for choice in choices:
        try:
            pca = PCA(n_components=choice, random_state=16).fit(scaler.transform(data))
        except Exception as error:
            out.append({"choice": choice, "refused": type(error).__name__})
            continue
        z = scaler.transform(fresh)
        out.append({"choice": choice, "kept": int(pca.components_.shape[0]), "errors": np.linalg.norm(z - pca.inverse_transform(pca.transform(z)), axis=1).tolist()})
    return {"name": name, "columns": data.T.tolist(), "fresh": fresh.T.tolist(), "choices": out}


shared = ["mle", None, 0, 1, 3, 0.3, 0.65, 0.95]
constant = factors(150, 6, 2, 0.3)
constant[:, 2] = 4.5
doubled = factors(120, 5, 3, 0.5)
doubled = np.hstack([doubled, doubled[:, :1]])
cases = [
    case("two factors in eight columns", factors(200, 8, 2, 0.2), shared),
    case("noise only", factors(150, 5, 0, 1.0), shared + [5, 6]),
    case("few rows: singular values", factors(40, 6, 3, 0.4), shared + [1.5, -1]),
    case("a constant column", constant, shared),
    case("the same column twice", doubled, ["mle", 1, 3, 0.65, 0.95]),
    case("fewer rows than columns", factors(8, 11, 4, 0.5), ["mle", 0, 1, 3, 0.3, 0.65, 9]),
    case("one column", factors(50, 1, 1, 0.5), ["mle", None, 0, 1, 0.65]),
]
json.dump({"cases": cases}, sys.stdout, separators=(",", ":"))
