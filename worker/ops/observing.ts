/** How long activities take and how they end, counted from outside. */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { WorkerMetrics } from './metrics.js';

export function observing(metrics: WorkerMetrics): ActivityInterceptorsFactory {
  return ({ info: { activityType } }) => ({
    inbound: {
      async execute(input, next) {
        const began = performance.now();
        const observe = (outcome: Parameters<WorkerMetrics['observeActivity']>[1]): void => metrics.observeActivity(activityType, outcome, (performance.now() - began) / 1_000);
        try {
          const result = await next(input);
          observe('ok');
          return result;
        } catch (error) {
          observe(error instanceof CancelledFailure ? 'cancelled' : error instanceof ApplicationFailure && error.nonRetryable ? 'final' : 'passing');
          throw error;
        }
      },
    },
  });
}
