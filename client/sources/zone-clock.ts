import { IANAZone } from 'luxon';
import { InvalidInput } from '../../domain/errors.js';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const MAX_HOURS_KEPT = 50_000;

/** What holds around one hour of wall time: `before` µs east of UTC until the instant `change`, `after` from then on. */
interface Hour {
  before: number;
  after: number;
  change: number;
}

/**
 * Turns wall time of one IANA zone into instants. Offsets are looked up once per hour of wall time (a lookup costs microseconds, a million rows share few hours).
 * A wall time that daylight saving skips has no instant: NaN. One that it repeats is the first of the two.
 */
export class ZoneClock {
  private readonly zone: IANAZone;
  private readonly isUtc: boolean;
  private readonly hours = new Map<number, Hour>();
  private lastKey = NaN;
  private last: Hour = { before: 0, after: 0, change: Infinity };

  /** @throws InvalidInput for a name that is no IANA zone */
  constructor(readonly name: string) {
    if (!IANAZone.isValidZone(name)) throw new InvalidInput(`'${name}' is not a time zone: give an IANA name such as Europe/Berlin or UTC`);
    this.zone = IANAZone.create(name);
    this.isUtc = /^(etc\/)?(utc|gmt|zulu|universal|uct)$/i.test(name);
  }

  /** @param wall wall time in µs, counted as if it were UTC */
  toInstant(wall: number): number {
    if (this.isUtc) return wall;
    const key = Math.floor(wall / HOUR_US);
    if (key !== this.lastKey) {
      this.last = this.hourOf(key);
      this.lastKey = key;
    }
    const { before, after, change } = this.last;
    if (wall - before < change) return wall - before;
    return wall - after >= change ? wall - after : NaN;
  }

  private hourOf(key: number): Hour {
    const known = this.hours.get(key);
    if (known) return known;
    // Offsets lie within a day of UTC, and no zone changed twice within two days: so one change at most matters to an hour.
    let low = key * HOUR_US - DAY_US;
    let high = (key + 1) * HOUR_US + DAY_US;
    const before = this.offsetAt(low);
    const after = this.offsetAt(high);
    let change = Infinity;
    if (before !== after) {
      while (high - low > 1_000_000) {
        const middle = Math.floor((low + high) / 2e6) * 1e6;
        if (this.offsetAt(middle) === before) low = middle;
        else high = middle;
      }
      change = high;
    }
    const hour = { before, after, change };
    if (this.hours.size >= MAX_HOURS_KEPT) this.hours.clear();
    this.hours.set(key, hour);
    return hour;
  }

  /** µs east of UTC at an instant in µs */
  private offsetAt(instant: number): number {
    return Math.round(this.zone.offset(Math.floor(instant / 1000)) * 60) * 1_000_000;
  }
}
