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
