/** A receipt in words. */
import type { Receipt } from '../../domain/batch.js';
import { describeViolations } from '../../domain/violations.js';

const count = (n: number): string => n.toLocaleString('en');

export function describeReceipt(receipt: Receipt): string {
  const what = { reference: 'reference rows', analysis: 'inferences', target: 'targets', removal: 'removals' }[receipt.kind];
  const lines = [`${receipt.model}: ${count(receipt.rowsAccepted)} of ${count(receipt.rowsRead)} ${what} accepted (batch ${receipt.number}, key ${receipt.key})`];
  if (receipt.duplicate) lines.push('  this key was known: nothing was counted again, this is the receipt of the first time');
  if (receipt.rowsDuplicate > 0) lines.push(`  ${count(receipt.rowsDuplicate)} were there already and count once`);
  if (receipt.targets) lines.push(`  ${count(receipt.targets.matched)} matched an inference, ${count(receipt.targets.unmatched)} wait for theirs, ${count(receipt.targets.changed)} changed an earlier target`);
  if (receipt.targetsWaiting) lines.push(`  ${count(receipt.targetsWaiting)} targets had been waiting for these rows`);
  if (receipt.rowsQuarantined > 0) {
    lines.push(`  ${count(receipt.rowsQuarantined)} quarantined:`);
    for (const q of receipt.quarantine) lines.push(`    ${q.column === '' ? '' : `column '${q.column}': `}${q.reason}: ${count(q.rows)} row(s), first row ${q.firstRow}${q.example === '' ? '' : ` (${JSON.stringify(q.example)})`}`);
  }
  if (receipt.columnsUnknown.length > 0) lines.push(`  columns that the schema does not know, left out: ${receipt.columnsUnknown.join(', ')}`);
  if (receipt.columnsMissing.length > 0) lines.push(`  columns of the schema that the input lacks: ${receipt.columnsMissing.join(', ')}`);
  const changed = (receipt.violations ?? []).filter(({ kind }) => kind === 'renamed' || kind === 'retyped');
  if (changed.length > 0) lines.push(`  it seems: ${describeViolations(changed)}`);
  return lines.join('\n');
}
