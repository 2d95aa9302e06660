"""Runs the configurations of test/oracles/run-config with NannyML 0.13.1 and keeps what they wrote: CSV files gzipped, of Parquet files the types,
of the database (SQLite here) the rows.

Made with Python 3.11, nannyml 0.13.1, pandas 2.2.3, numpy 1.26.4, scikit-learn 1.5.2, scipy 1.13.1, lightgbm 4.5.0, pyarrow 17, sqlmodel 0.0.22:
    NML_DISABLE_USAGE_LOGGING=1 python test/oracles/scripts/nannyml_run_config.py
"""

import gzip
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import nannyml.io.db  # registers the writer, which NannyML itself forgets
import pyarrow.parquet
from nannyml import runner
from nannyml.config import Config

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATIONS = ROOT / 'test/oracles/run-config'

with tempfile.TemporaryDirectory() as scratch:
    data, out = Path(scratch) / 'data', Path(scratch) / 'out'
    data.mkdir()
    for file in (ROOT / 'datasets').glob('*.csv.gz'):
        with gzip.open(file) as packed, open(data / file.stem, 'wb') as plain:
            shutil.copyfileobj(packed, plain)
    for configuration in sorted(CONFIGURATIONS.glob('*.yaml')):
        text = configuration.read_text().replace('DATA/', f'{data}/').replace('OUT', str(out)).replace('DATABASE', f'sqlite:///{scratch}/results.db')
        problems = []
        runner.run(Config.parse(text), on_fail=lambda _context, problem=None: problems.append(problem))
        assert not problems, problems
    for file in sorted(out.glob('*.csv')):
        (CONFIGURATIONS / f'{file.name}.gz').write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    types = {
        file.name: [[column.name, column.physical_type, str(column.logical_type).split('(')[0]] for column in pyarrow.parquet.ParquetFile(file).schema]
        for file in sorted(out.glob('*.pq'))
    }
    (CONFIGURATIONS / 'parquet-types.json').write_text(json.dumps(types, separators=(',', ':')) + '\n')

    database = sqlite3.connect(f'{scratch}/results.db')
    database.row_factory = sqlite3.Row
    tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table' order by name")]
    rows = {table: [dict(row) for row in database.execute(f'select * from {table} order by id')] for table in tables}
    for run in rows['run']:
        del run['execution_timestamp']
    (CONFIGURATIONS / 'database.json').write_text(json.dumps({table: found for table, found in rows.items() if found}, separators=(',', ':')) + '\n')
