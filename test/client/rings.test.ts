import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRings } from '../../client/rings.js';

describe('rings', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('go out at once after a pause, then coalesced: 2,000 in 20 s are fewer than thirty signals, and the last one is delivered', async () => {
    const sent: number[] = [];
    const rings = createRings((_model, batch) => {
      sent.push(batch);
      return Promise.resolve();
    });
    rings.ring(1, 1);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([1]);
    for (let batch = 2; batch <= 2_000; batch++) {
      rings.ring(1, batch);
      await vi.advanceTimersByTimeAsync(10);
    }
    await vi.advanceTimersByTimeAsync(2_000);
    expect(sent.at(-1)).toBe(2_000);
    expect(sent.length).toBeLessThan(30);
    expect(sent.length).toBeGreaterThan(15);
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
  });

  it('have one signal on its way per model, and none waits for another model\'s', async () => {
    const sent: string[] = [];
    const rings = createRings((model, batch) => {
      sent.push(`${model}:${batch}`);
      return model === 1 ? new Promise(() => undefined) : Promise.resolve();
    });
    for (let batch = 1; batch <= 5; batch++) {
      rings.ring(1, batch);
      rings.ring(2, batch);
      await vi.advanceTimersByTimeAsync(1_500);
    }
    expect(sent.filter((text) => text.startsWith('1:'))).toEqual(['1:1']);
    expect(sent.filter((text) => text.startsWith('2:'))).toEqual(['2:1', '2:2', '2:3', '2:4', '2:5']);
  });

  it('say nothing about an older batch', async () => {
    const sent: number[] = [];
    const rings = createRings((_model, batch) => Promise.resolve(void sent.push(batch)));
    rings.ring(1, 5);
    await vi.advanceTimersByTimeAsync(5_000);
    rings.ring(1, 4);
    rings.ring(1, 5);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toEqual([5]);
  });

  it('may fail: nobody hears of it, and the next one goes out', async () => {
    const sent: number[] = [];
    const rings = createRings((_model, batch) => {
      sent.push(batch);
      return Promise.reject(new Error('Temporal is away'));
    });
    rings.ring(1, 1);
    await vi.advanceTimersByTimeAsync(5_000);
    rings.ring(1, 2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent).toEqual([1, 2]);
  });
});

describe('flush of rings', () => {
  it('delivers what waits, at once', async () => {
    const sent: number[] = [];
    const rings = createRings((_model, batch) => Promise.resolve(void sent.push(batch)));
    for (let batch = 1; batch <= 10; batch++) rings.ring(1, batch);
    const began = Date.now();
    await rings.flush();
    expect(sent.at(-1)).toBe(10);
    expect(Date.now() - began).toBeLessThan(200);
  });

  it('gives up in time when Temporal is away', async () => {
    const rings = createRings(() => new Promise(() => undefined));
    rings.ring(1, 1);
    const began = Date.now();
    await rings.flush(100);
    expect(Date.now() - began).toBeLessThan(1_000);
    rings.stop();
    await delay(0);
  });
});
