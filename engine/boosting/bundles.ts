/**
 * Exclusive feature bundling: sparse features that are rarely away from their commonest bin in the same row share a column.
 * It matters here for one reason: where two bundled features collide in a row, LightGBM keeps the last feature's bin only,
 * so equal predictions need the same bundles. Source: FindGroups and FastFeatureBundling in src/io/dataset.cpp of LightGBM 4.5.0.
 */
import type { BinMapper } from './bin-mapper.js';
import { CongruentialRandom } from './random.js';

const MAX_GROUPS_SEARCHED = 100;
const DENSE_SHARE = 0.4;

/** What bundling looks at: per feature, where in the sample it is away from its commonest bin. */
export interface BundlingFeature {
  /** Index among all features. */
  index: number;
  mapper: BinMapper;
  /** Sampled rows (positions in the sample, ascending) that are away from the commonest bin. */
  rows: Int32Array;
  /** Sampled rows whose value is missing or not zero: the order of search. */
  nonZeroCount: number;
}

/** Features that share a column. `multi`: stored side by side after all, so that nothing collides. */
export interface FeatureGroup { features: number[]; multi: boolean }

interface OpenGroup { features: BundlingFeature[]; marks: Uint8Array; total: number; used: number }

/** Rows of the feature that are taken already, or −1 once they exceed `max`. */
function conflicts(marks: Uint8Array, rows: Int32Array, max: number): number {
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    if (marks[rows[i]!]) count++;
    if (count > max) return -1;
  }
  return count;
}

function mark(marks: Uint8Array, rows: Int32Array): void {
  for (let i = 0; i < rows.length; i++) marks[rows[i]!] = 1;
}

/** The open group that takes the feature, and its conflicts there. */
function findPlace(groups: OpenGroup[], feature: BundlingFeature, sampleSize: number, maxConflicts: number, random: CongruentialRandom): { group: OpenGroup; conflictCount: number } | undefined {
  const count = feature.rows.length;
  const available = groups.filter((group) => group.total + count <= sampleSize + maxConflicts);
  const latest = available.at(-1);
  if (latest === undefined) return undefined;
  const before = available.length - 1;
  const searched = [latest, ...Array.from(random.sample(before, Math.min(before, MAX_GROUPS_SEARCHED - 1)), (index) => available[index]!)];
  for (const group of searched) {
    const rest = maxConflicts - group.total + group.used;
    const conflictCount = conflicts(group.marks, feature.rows, rest);
    if (conflictCount >= 0 && conflictCount <= rest && conflictCount <= Math.floor(count / 2)) return { group, conflictCount };
  }
  return undefined;
}

/** Sparse groups dissolve into one; it stays a bundle only if its features hardly ever collide. */
function mergeSparseGroups(groups: OpenGroup[], sampleSize: number, maxConflicts: number): FeatureGroup[] {
  const isDense = (group: OpenGroup) => group.used / sampleSize >= DENSE_SHARE;
  const indices = (features: BundlingFeature[]) => features.map((feature) => feature.index);
  const dense: FeatureGroup[] = groups.filter(isDense).map((group) => ({ features: indices(group.features), multi: false }));
  const rest = groups.filter((group) => !isDense(group)).flatMap((group) => group.features);
  if (rest.length === 0) return dense;
  const marks = new Uint8Array(sampleSize);
  let multi = false;
  let seen = 0;
  for (const feature of rest) {
    if (multi) break;
    const count = conflicts(marks, feature.rows, maxConflicts - seen);
    seen += count;
    multi = count < 0 || seen > maxConflicts;
    if (!multi) mark(marks, feature.rows);
  }
  return [...dense, { features: indices(rest), multi }];
}

function groupInOrder(features: BundlingFeature[], sampleSize: number, rowCount: number, mergeSparse: boolean): FeatureGroup[] {
  const maxConflicts = Math.floor(sampleSize / 10_000);
  const random = new CongruentialRandom(rowCount);
  const groups: OpenGroup[] = [];
  for (const feature of features) {
    const count = feature.rows.length;
    const place = findPlace(groups, feature, sampleSize, maxConflicts, random);
    if (place) {
      place.group.features.push(feature);
      place.group.total += count;
      place.group.used += count - place.conflictCount;
      mark(place.group.marks, feature.rows);
    } else {
      const marks = new Uint8Array(sampleSize);
      mark(marks, feature.rows);
      groups.push({ features: [feature], marks, total: count, used: count });
    }
  }
  return mergeSparse ? mergeSparseGroups(groups, sampleSize, maxConflicts) : groups.map((group) => ({ features: group.features.map((feature) => feature.index), multi: false }));
}

/**
 * Groups features that may share a column, in LightGBM's order of groups (its own numbering of features follows from it).
 *
 * @param features those that can split, in their order
 * @param sampleSize sampled rows
 * @param rowCount all rows; also the seed of the draws
 */
export function bundleFeatures(features: BundlingFeature[], sampleSize: number, rowCount: number, mergeSparse: boolean): FeatureGroup[] {
  const byCount = [...features].sort((a, b) => b.nonZeroCount - a.nonZeroCount);
  const given = groupInOrder(features, sampleSize, rowCount, mergeSparse);
  const sorted = groupInOrder(byCount, sampleSize, rowCount, mergeSparse);
  const groups = given.length > sorted.length ? sorted : given;
  const random = new CongruentialRandom(rowCount);
  for (let i = 0; i < groups.length - 1; i++) {
    const j = random.nextShort(i + 1, groups.length);
    [groups[i], groups[j]] = [groups[j]!, groups[i]!];
  }
  return groups;
}
