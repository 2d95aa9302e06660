/** The log of processes that stay: lines of JSON for whoever collects them, plain lines for a person at a terminal. On standard error, because answers go to standard output. */
import { pino, type DestinationStream, type Logger } from 'pino';
import { InvalidInput } from '../../domain/errors.js';
import { recordWithoutSecrets, withoutSecrets } from '../../domain/redact.js';

export const LOG_FORMATS = ['json', 'text'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface ProcessLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
  /** A line without more to it; a warning when it says that something was lost or is waited for. */
  notice(line: string): void;
}

export interface LogOptions {
  format: LogFormat;
  /** Stands in every line: worker, serve, up. */
  component: string;
  /** Default: standard error. */
  write?: (line: string) => void;
}

/** @param asked of --log-format; absent: AFTERCARE_LOG_FORMAT, else text on a terminal and JSON elsewhere. @throws InvalidInput */
export function logFormat(asked: string | undefined): LogFormat {
  const named = asked ?? (process.env.AFTERCARE_LOG_FORMAT || undefined);
  if (named === undefined) return process.stderr.isTTY ? 'text' : 'json';
  const found = LOG_FORMATS.find((format) => format === named);
  if (!found) throw new InvalidInput(`--log-format '${named}' is none of ${LOG_FORMATS.join(', ')}`);
  return found;
}

/** Nothing that looks like a password, a token or the path of a webhook gets through, whoever logs it. */
export function openLog({ format, component, write = (line) => void process.stderr.write(line) }: LogOptions): ProcessLog {
  return format === 'json' ? jsonLog(component, write) : textLog(write);
}

function jsonLog(component: string, write: (line: string) => void): ProcessLog {
  const destination: DestinationStream = { write };
  const logger: Logger = pino({
    base: { component, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message',
    formatters: { level: (level) => ({ level }), log: (fields) => recordWithoutSecrets(fields) as Record<string, unknown> },
  }, destination);
  const at = (level: 'info' | 'warn' | 'error') => (fields: Record<string, unknown>, message: string): void => logger[level](fields, withoutSecrets(message));
  return { info: at('info'), warn: at('warn'), error: at('error'), notice: (line) => at(levelOf(line))({}, line) };
}

function textLog(write: (line: string) => void): ProcessLog {
  const say = (fields: Record<string, unknown>, message: string): void => {
    const rest = Object.entries(recordWithoutSecrets(fields) as Record<string, unknown>).map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join('');
    write(`${new Date().toISOString()} ${withoutSecrets(message)}${rest}\n`);
  };
  return { info: say, warn: say, error: say, notice: (line) => say({}, line) };
}

const WARNINGS = /^(waiting for|without health|temporal warn|sweeper: .*trying again|port \d+ is taken)|has ended/;
const ERRORS = /^(temporal error|workers ended)|could not be started|could not start/;

function levelOf(line: string): 'info' | 'warn' | 'error' {
  return ERRORS.test(line) ? 'error' : WARNINGS.test(line) ? 'warn' : 'info';
}
