import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { TracingConfig } from '../config/tracing.config';

const FLUSH_MS = 2_000;

type Attributes = Readonly<Record<string, string | number>>;

/** Missing while tracing is off: then a span costs the question whether it is. */
let tracer: Tracer | undefined;
let flush: () => Promise<void> = () => Promise.resolve();

/** Sends spans to the OTLP/HTTP collector of the configuration, if there is one; the SDK is loaded only then. */
export async function startTracing({ endpoint, serviceName }: TracingConfig): Promise<void> {
  if (endpoint === undefined) return;
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register(); // W3C trace context, carried by AsyncLocalStorage
  tracer = provider.getTracer('medai-flow');
  flush = () => provider.shutdown();
}

/** Sends what has not been sent yet. A collector that does not answer is given up. */
export async function stopTracing(): Promise<void> {
  tracer = undefined;
  await Promise.race([flush().catch(() => undefined), sleep(FLUSH_MS, undefined, { ref: false })]);
}

/** 32 hexadecimal digits, as in `traceparent`; undefined while tracing is off and outside of requests. */
export function currentTraceId(): string | undefined {
  return tracer && trace.getActiveSpan()?.spanContext().traceId;
}

/** Does `work` in a span of the current trace. */
export async function traced<Result>(
  name: string,
  attributes: Attributes,
  work: () => Promise<Result>,
  kind = SpanKind.INTERNAL,
): Promise<Result> {
  if (tracer === undefined) return work();
  return tracer.startActiveSpan(name, { attributes, kind }, async (span) => {
    try {
      return await work();
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * Asks another server, in a span of its own.
 * @param ask is given the headers that carry the trace there; none while tracing is off
 */
export function tracedCall<Result>(
  name: string,
  ask: (headers: Readonly<Record<string, string>>) => Promise<Result>,
): Promise<Result> {
  const withTrace = (): Promise<Result> => {
    const headers: Record<string, string> = {};
    propagation.inject(context.active(), headers);
    return ask(headers);
  };
  return traced(name, {}, withTrace, SpanKind.CLIENT);
}

/** Spans of work that was done elsewhere, one after the other up to now; only their lengths are known, in ms. */
export function tracedBefore(steps: Readonly<Record<string, number>>, attributes: Attributes): void {
  if (tracer === undefined) return;
  let startTime = Date.now() - Object.values(steps).reduce((sum, ms) => sum + ms, 0);
  for (const [name, ms] of Object.entries(steps)) {
    tracer.startSpan(name, { attributes, startTime }).end(startTime + ms);
    startTime += ms;
  }
}

/** A request's own span, in the trace that its `traceparent` names, if it names one. */
export interface RequestSpan {
  /** The `traceparent` of this span. */
  readonly traceparent: string | undefined;
  run(work: () => void): void;
  end(route: string, attributes: Attributes, failed: boolean): void;
}

/** Undefined while tracing is off. */
export function requestSpan(method: string, headers: object): RequestSpan | undefined {
  if (tracer === undefined) return undefined;
  const parent = propagation.extract(context.active(), headers);
  const span = tracer.startSpan(method, { kind: 1 }, parent);
  const own: Context = trace.setSpan(parent, span);
  const carrier: { traceparent?: string } = {};
  propagation.inject(own, carrier);
  return {
    traceparent: carrier.traceparent,
    run: (work) => context.with(own, work),
    end(route, attributes, failed) {
      span.updateName(`${method} ${route}`).setAttributes(attributes);
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** Only the kind of an error is told: a message may quote what was sent. */
function fail(span: Span, error: unknown): void {
  const { code, name } = error as { code?: string; name?: string };
  span.setAttribute('error.type', code ?? name ?? 'Error').setStatus({ code: SpanStatusCode.ERROR });
}
