/** When what is killed: drawn from a seed, so that a storm can be repeated. */

export const VICTIMS = ['worker-main', 'worker-numeric', 'postgres', 'temporal', 'client', 'up'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Kill {
  /** The step of the story at whose first beginning the clock starts. */
  step: number;
  /** After that, ms. */
  delayMs: number;
  victim: Victim;
}

/** Mulberry32: small, and the same everywhere. @returns numbers in [0, 1) */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const LONGEST_DELAY_MS = 600;

/** `kills` kills at different steps, in the order of steps. Every victim has the same chance, but all of it (`up`) dies at most once. */
export function drawKills(seed: number, steps: number, kills: number): Kill[] {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const places = Array.from({ length: steps }, (_, step) => step);
  const drawn: Kill[] = [];
  while (drawn.length < kills && places.length > 0) {
    const step = places.splice(below(places.length), 1)[0]!;
    const victim = VICTIMS[below(VICTIMS.length)]!;
    const delayMs = below(LONGEST_DELAY_MS);
    if (victim === 'up' && drawn.some((kill) => kill.victim === 'up')) drawn.push({ step, delayMs, victim: 'client' });
    else drawn.push({ step, delayMs, victim });
  }
  return drawn.sort((a, b) => a.step - b.step);
}

// ---- the loop's storm -----------------------------------------------------------------------------------------------------------------

export const LOOP_VICTIMS = ['worker-main', 'worker-numeric', 'http', 'postgres', 'temporal', 'receivers', 'trainer', 'client', 'up'] as const;
export type LoopVictim = (typeof LOOP_VICTIMS)[number];
/** See proxy.mjs. */
export const WEATHERS = ['slow', 'cut', 'stall'] as const;
export type Weather = (typeof WEATHERS)[number];

export type Blow = { step: number; delayMs: number } & (
  | { kind: 'kill'; victim: LoopVictim; /** Its clock is wrong by this when it comes back. */ clockMs: number }
  | { kind: 'weather'; weather: Weather; ms: number });

const HOUR_MS = 3_600_000;
/** Those that run our code; of all of it (`up`) workers and pages. */
const WITH_CLOCKS: readonly LoopVictim[] = ['worker-main', 'worker-numeric', 'http', 'trainer', 'client', 'up'];
const SLOW_MS = 5_000;

/** `kills` kills and one spell of bad weather, at different steps. Of what runs our code, every second comes back with a clock that is an hour wrong. @param spellMs of a cut or a stall */
export function drawBlows(seed: number, steps: number, kills: number, spellMs: number): Blow[] {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const places = Array.from({ length: steps }, (_, step) => step);
  const place = (): { step: number; delayMs: number } => ({ step: places.splice(below(places.length), 1)[0]!, delayMs: below(LONGEST_DELAY_MS) });
  const blows: Blow[] = [];
  for (let n = 0; n < kills && places.length > 1; n++) {
    const drawn = LOOP_VICTIMS[below(LOOP_VICTIMS.length)]!;
    const victim = drawn === 'up' && blows.some((blow) => blow.kind === 'kill' && blow.victim === 'up') ? 'client' : drawn;
    const clockMs = [HOUR_MS, -HOUR_MS, 0, 0][below(4)]!;
    blows.push({ ...place(), kind: 'kill', victim, clockMs: WITH_CLOCKS.includes(victim) ? clockMs : 0 });
  }
  const weather = WEATHERS[below(WEATHERS.length)]!;
  blows.push({ ...place(), kind: 'weather', weather, ms: weather === 'slow' ? SLOW_MS : spellMs });
  return blows.sort((a, b) => a.step - b.step);
}
