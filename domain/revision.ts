/**
 * What becomes of a stored value when its chunk is computed again: an open chunk keeps one provisional row that is overwritten,
 * a complete one gets a new revision only where a value changed.
 */

/** What is compared and kept of a measurement. null: cannot be known. */
export interface MeasuredValues {
  value: number | null;
  samplingError: number | null;
  bandLower: number | null;
  bandUpper: number | null;
  ownAlert: boolean | null;
  reason: string | null;
}

export type Revision =
  /** As it stands. */
  | 'keep'
  /** Same values, but the chunk was completed or opened again. */
  | 'mark'
  | 'overwrite'
  /** The old row stays readable, the new one takes its place. */
  | 'supersede';

export function revise(stored: MeasuredValues & { provisional: boolean }, found: MeasuredValues, provisional: boolean): Revision {
  const same = stored.value === found.value && stored.samplingError === found.samplingError && stored.bandLower === found.bandLower
    && stored.bandUpper === found.bandUpper && stored.ownAlert === found.ownAlert && stored.reason === found.reason;
  if (same) return stored.provisional === provisional ? 'keep' : 'mark';
  return stored.provisional ? 'overwrite' : 'supersede';
}
