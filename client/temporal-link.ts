/** The client's way to Temporal. Opened with the first call: whoever only appends and reads never needs it. */
import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { setTimeout as delay } from 'node:timers/promises';
import { Conflict, InvalidInput, NotFound } from '../domain/errors.js';
import { resolveTarget } from '../domain/temporal-target.js';

export interface TemporalOptions {
  /** host:port; absent: Temporal's own configuration, else 127.0.0.1:7233 */
  address?: string | undefined;
  namespace?: string | undefined;
  /** Certificates, API key, metadata: whatever Temporal's client takes. */
  connection?: ConnectionOptions | undefined;
  /** The same as the workers use, e.g. with a payload codec. */
  dataConverter?: DataConverter | undefined;
}

export interface TemporalLink {
  readonly client: Client;
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
  /** Calls, again while the server is away for a moment, and gives up after `ms`. What is called must bear being called twice. */
  within<T>(ms: number, call: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function openTemporal(options: TemporalOptions = {}): TemporalLink {
  const { connectionOptions, namespace } = resolveTarget(options, clientProfile());
  const merged = { ...connectionOptions, ...options.connection };
  // Without the client's own retries: they go on after `close` and then end the whole process (@temporalio/client 1.24, grpc-retry.js). Ours end with it.
  const connection = Connection.lazy({ interceptors: [], ...merged });
  let closed = false;
  const client = new Client({ connection, namespace, ...(options.dataConverter ? { dataConverter: options.dataConverter } : {}) });
  return {
    client, connection, namespace,
    address: merged.address ?? '127.0.0.1:7233',
    async within(ms, call) {
      const untilMs = Date.now() + ms;
      for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
        try {
          return await connection.withDeadline(untilMs, call);
        } catch (error) {
          if (closed || !isPassing(error) || Date.now() + pauseMs >= untilMs) throw error;
          await delay(pauseMs);
        }
      }
    },
    close() {
      closed = true;
      return connection.close();
    },
  };
}

/** The fields of Temporal's configuration that a client's connection has as well. */
function clientProfile(): { connectionOptions: ConnectionOptions; namespace?: string | undefined } {
  const { connectionOptions: { address, tls, apiKey, metadata }, namespace } = loadClientConnectConfig();
  return {
    connectionOptions: { ...(address ? { address } : {}), ...(tls === undefined ? {} : { tls }), ...(typeof apiKey === 'string' ? { apiKey } : {}), ...(metadata ? { metadata: metadata as Record<string, string> } : {}) },
    namespace,
  };
}

/** A failure that came over Temporal, as one of our own kinds where it is one. */
export function asOurs(error: unknown, link: Pick<TemporalLink, 'address'>): Error {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const type: unknown = 'type' in current ? current.type : undefined;
    if (type === 'InvalidInput') return new InvalidInput(current.message, { cause: error });
    if (type === 'NotFound') return new NotFound(current.message, { cause: error });
    if (type === 'Conflict') return new Conflict(current.message, { cause: error });
  }
  if (isUnreachable(error)) return new Error(`Temporal at ${link.address} does not answer: ${innermost(error)}`, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}

const DEADLINE_EXCEEDED = 4;
const PASSING = new Set([2, 8, 10, 14]);   // unknown, resource exhausted, aborted, unavailable

/** Whether the server may answer if it is asked again. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(codeOf(error));
}

/** Whether there was no answer at all. */
export function isUnreachable(error: unknown): boolean {
  return isPassing(error) || codeOf(error) === DEADLINE_EXCEEDED;
}

/** gRPC's status; -1 for an error that is none of a call's. */
function codeOf(error: unknown): number {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'number') return current.code;
  }
  return -1;
}

function innermost(error: unknown): string {
  let current: unknown = error;
  while (current instanceof Error && current.cause instanceof Error) current = current.cause;
  return current instanceof Error ? current.message : String(current);
}
