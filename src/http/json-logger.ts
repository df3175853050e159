import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';
import { currentTraceId } from '../tracing/tracing';
import { logLinesLost } from './http.metrics';
import { currentRequest } from './request-context';

/** Fields that may appear in a log line; anything else is dropped, whoever logs it. */
export const LOG_FIELDS: readonly string[] = [
  'event',
  'code',
  'cause',
  'cause_code',
  'stack',
  'class',
  'method',
  'route',
  'status',
  'duration_ms',
  'user_id',
  'inference_id',
  'model_id',
  'model_name',
  'version',
  'attempts',
  'job',
  'count',
  'migration',
  'pid',
  'exit_code',
  'signal',
  'verifier_key',
  'target',
  'state',
  'seq',
  'size',
  'note',
  'variable',
  'resembles',
];

/** Bytes of lines that nobody has taken yet. */
const MAX_UNWRITTEN = 1024 ** 2;

type LogFields = Readonly<Record<string, unknown>>;

/** Nest's logger on pino: one JSON object a line with level, logger name, request id and allow-listed fields. */
export class JsonLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  /** Texts are the framework's chatter at start-up; the product logs fields. */
  log(message: unknown, context?: string): void {
    this.write(typeof message === 'string' ? 'debug' : 'info', message, context);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest.at(-1));
  }
  warn(message: unknown, context?: string): void {
    this.write('warn', message, context);
  }
  debug(message: unknown, context?: string): void {
    this.write('debug', message, context);
  }
  verbose(message: unknown, context?: string): void {
    this.write('trace', message, context);
  }
  fatal(message: unknown, context?: string): void {
    this.write('fatal', message, context);
  }

  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    context: unknown,
  ): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const fields =
      typeof message === 'object' && message !== null ? allowed(message as LogFields) : undefined;
    this.pino[level](
      { logger: context, request_id: currentRequest()?.requestId, trace_id: currentTraceId(), ...fields },
      fields === undefined ? String(message) : undefined,
    );
  }
}

function allowed(fields: LogFields): LogFields {
  return Object.fromEntries(
    LOG_FIELDS.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]),
  );
}

/**
 * A full disk does not end the process: lines that it does not take are kept up to a limit, then dropped and counted.
 * @param destination file descriptor; 1 is standard output
 */
export function jsonLogger(level: string, destination = 1): JsonLogger {
  const formatters = { level: (label: string) => ({ level: label }) };
  const timestamp = (): string => `,"time":"${new Date().toISOString()}"`;
  const lines = pino.destination({ dest: destination, sync: true, maxLength: MAX_UNWRITTEN });
  lines.on('error', () => undefined);
  lines.on('drop', () => logLinesLost.inc());
  return new JsonLogger(pino({ level, base: undefined, timestamp, formatters }, lines));
}
