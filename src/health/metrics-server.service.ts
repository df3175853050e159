import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { collectDefaultMetrics, register } from 'prom-client';
import { HttpConfig } from '../config/http.config';
import { cannotListen } from '../http/edge/cannot-listen';

/** Prometheus' text, on a port of its own when METRICS_PORT is set, so that an ingress need not hide it. */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnModuleDestroy {
  private server: Server | undefined;

  constructor(private readonly config: HttpConfig) {}

  async onApplicationBootstrap(): Promise<void> {
    if (register.getSingleMetric('process_cpu_seconds_total') === undefined) collectDefaultMetrics();
    const { metricsPort, host } = this.config;
    if (metricsPort === undefined) return;
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(metricsPort, host, resolve);
    }).catch(cannotListen('METRICS_PORT', host, metricsPort));
    this.server = server;
  }

  onModuleDestroy(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  try {
    const text = await register.metrics();
    response.writeHead(200, { 'Content-Type': register.contentType }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}
