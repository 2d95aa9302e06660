/**
 * Heartbeats for light activities, from outside: the server notices within seconds that a worker was killed, and the next worker takes over, while the
 * activities themselves stay free of it. Numeric activities tell their progress with their heartbeats and are left alone.
 */
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** @param names activity types that get a heartbeat */
export function beating(names: ReadonlySet<string>): ActivityInterceptorsFactory {
  return (context) => {
    const timeoutMs = context.info.heartbeatTimeoutMs;
    if (!timeoutMs || !names.has(context.info.activityType)) return {};
    return {
      inbound: {
        async execute(input, next) {
          const timer = setInterval(() => context.heartbeat(), timeoutMs / 4);
          try {
            return await next(input);
          } finally {
            clearInterval(timer);
          }
        },
      },
    };
  };
}
