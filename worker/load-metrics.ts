/** Metrics of the user's own, out of the user's module. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidInput } from '../domain/errors.js';
import { registerMetrics, type CustomMetric, type CustomMetrics, type EngineContext } from '../engine/custom-metrics/metric.js';

/**
 * Whatever the module exports that is a metric, alone or in lists.
 *
 * @param file path of a JavaScript module, from the working directory; or a file: URL
 * @throws InvalidInput when it cannot be loaded, exports no metric, or one that contradicts itself
 */
export async function loadMetrics(file: string): Promise<CustomMetrics> {
  let exported: Record<string, unknown>;
  try {
    exported = (await import(urlOf(file))) as Record<string, unknown>;
  } catch (error) {
    throw new InvalidInput(`metrics module '${file}' cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
  // A metric may be exported by name and stand in a list as well.
  const metrics = [...new Set(Object.values(exported).flat())].filter(isMetric);
  if (metrics.length === 0) throw new InvalidInput(`metrics module '${file}' exports no metric: export what defineMetric of 'aftercare/engine' gives`);
  return registerMetrics(metrics);
}

/** The same, where a module may be named. */
export async function metricsContext(file: string | undefined): Promise<EngineContext> {
  return file === undefined ? {} : { customMetrics: await loadMetrics(file) };
}

function urlOf(file: string): string {
  return file.startsWith('file:') ? file : pathToFileURL(resolve(file)).href;
}

function isMetric(value: unknown): value is CustomMetric {
  return typeof value === 'object' && value !== null && 'name' in value && 'problemType' in value;
}
