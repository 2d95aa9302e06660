/** Secrets by name. Their values leave this file only towards whoever signs or calls with them: never into logs, histories, errors or lists. */
import { randomBytes } from 'node:crypto';
import { InvalidInput, NotFound } from '../domain/errors.js';
import { recordAudit } from './audit.js';
import { inTransaction, type Pool, type Queryable } from './pool.js';

/** Our own key, made when it is first needed. */
const SIGNING = 'signing';
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

export interface SecretInfo {
  name: string;
  changedAt: string;
  changedBy: string;
}

/** The key that links and callbacks are signed with: the same for every worker and server of one database. */
export async function signingKey(db: Queryable): Promise<Buffer> {
  await db.query(`insert into aftercare.secret (name, value, changed_by) values ($1, $2, 'aftercare') on conflict (name) do nothing`, [SIGNING, randomBytes(32)]);
  return readSecret(db, SIGNING);
}

/** The environment goes before the database: AFTERCARE_SECRET_<NAME>, upper case, with _ for what is no letter or digit. @throws NotFound */
export async function readSecret(db: Queryable, name: string): Promise<Buffer> {
  const given = process.env[`AFTERCARE_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`];
  if (given) return Buffer.from(given, 'utf8');
  const { rows } = await db.query<{ value: Buffer }>('select value from aftercare.secret where name = $1', [name]);
  if (!rows[0]) throw new NotFound(`there is no secret '${name}': set it with aftercare secret set ${name}`);
  return rows[0].value;
}

/** @throws InvalidInput */
export async function writeSecret(pool: Pool, name: string, value: Buffer, by: string): Promise<void> {
  if (!NAME.test(name)) throw new InvalidInput(`'${name.slice(0, 80)}' is no name of a secret (letters, digits, _ . -; 64 at most)`);
  if (name === SIGNING && value.length < 32) throw new InvalidInput(`the signing key has ${value.length} bytes, 32 are needed at least`);
  if (value.length === 0 || value.length > 4_096) throw new InvalidInput(`secret '${name}' has ${value.length} bytes, 1 to 4,096 can be kept`);
  await inTransaction(pool, async (tx) => {
    await tx.query(
      `insert into aftercare.secret (name, value, changed_by) values ($1, $2, $3)
       on conflict (name) do update set value = excluded.value, changed_at = clock_timestamp(), changed_by = excluded.changed_by`, [name, value, by]);
    await recordAudit(tx, { modelId: null, by, action: 'secret set', detail: { name } });
  });
}

/** @throws NotFound; InvalidInput for our own */
export async function removeSecret(pool: Pool, name: string, by: string): Promise<void> {
  if (name === SIGNING) throw new InvalidInput('the signing key cannot be removed: set another one, and links that were sent end with it');
  await inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query('delete from aftercare.secret where name = $1', [name]);
    if (rowCount === 0) throw new NotFound(`there is no secret '${name}'`);
    await recordAudit(tx, { modelId: null, by, action: 'secret removed', detail: { name } });
  });
}

/** Names only. */
export async function listSecrets(db: Queryable): Promise<SecretInfo[]> {
  const { rows } = await db.query<SecretInfo>(
    `select name, to_char(changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "changedAt", changed_by as "changedBy" from aftercare.secret order by name`);
  return rows;
}
