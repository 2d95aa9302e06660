/**
 * What becomes of a stored value when its chunk is computed again: an open chunk keeps one row that is overwritten, a complete one gets a new revision
 * only where a value changed. A realized value stays provisional until its chunk's targets are there, and every one that it had on the way is kept.
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

/** `open`: more rows may still fall into the chunk. `provisional`: that, or targets that the value depends on are still to come. */
export interface Standing {
  open: boolean;
  provisional: boolean;
}

export type Revision =
  /** As it stands. */
  | 'keep'
  /** Same values, but the chunk was completed, became final, or was opened again. */
  | 'mark'
  | 'overwrite'
  /** The old row stays readable, the new one takes its place. */
  | 'supersede';

export function revise(stored: MeasuredValues & Standing, found: MeasuredValues, standing: Standing): Revision {
  const same = stored.value === found.value && stored.samplingError === found.samplingError && stored.bandLower === found.bandLower
    && stored.bandUpper === found.bandUpper && stored.ownAlert === found.ownAlert && stored.reason === found.reason;
  if (same) return stored.provisional === standing.provisional && stored.open === standing.open ? 'keep' : 'mark';
  return stored.open ? 'overwrite' : 'supersede';
}
