import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { Response } from 'express';
import { PRODUCT_VERSION } from '../config/product-version';
import { ERROR_CODES } from '../errors/error-codes';
import { ProblemDetails } from './problem-details.response';
import { PROBLEM_STATUS } from './problem-status';

const DESCRIPTION =
  'Runs approved ONNX models on medical images, with accounts, image-quality checks, durable results and a ' +
  'tamper-evident audit trail. Not a medical device; quality checks are screening heuristics.\n\n' +
  'To try a route: `POST /auth/login`, then its `access_token` under **Authorize**. `x-roles` says which roles may. ' +
  'Errors are RFC 9457 problem details: [all codes](/docs/errors).';

function openApiDocument(app: INestApplication): OpenAPIObject {
  const info = new DocumentBuilder()
    .setTitle('MedAI Flow')
    .setVersion(PRODUCT_VERSION)
    .setDescription(DESCRIPTION)
    .addTag('Inference', 'a model on one image or many')
    .addTag('Results', 'what models answered; review, export, legal holds')
    .addTag('Models', 'versions, from upload to production')
    .addTag('Auth', 'login, tokens, passwords')
    .addTag('Users', 'accounts and keys of machines')
    .addTag('Audit', 'the tamper-evident trail and its proofs')
    .addTag('Health', 'probes and metrics')
    .addBearerAuth()
    .addGlobalResponse({
      status: '4XX',
      description: 'RFC 9457 problem details; codes at /docs/errors',
      type: ProblemDetails,
    })
    .addGlobalResponse({ status: '5XX', description: 'RFC 9457 problem details', type: ProblemDetails })
    .build();
  return SwaggerModule.createDocument(app, info);
}

/** `/docs`, `/docs/openapi.json` and `/docs/errors`, the table of error codes. */
export function serveDocs(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    customSiteTitle: 'MedAI Flow',
    swaggerOptions: { showExtensions: true, operationsSorter: 'alpha' },
  });
  app.getHttpAdapter().get('/docs/errors', (_request: unknown, response: Response) => {
    response.type('html').send(ERROR_PAGE);
  });
}

const asHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/`([^`]*)`/g, '<code>$1</code>');

const rows = Object.entries(ERROR_CODES).map(([code, { kind, severity, title, remedy }]) => {
  const { status, category } = PROBLEM_STATUS[kind];
  return `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${category}</td><td>${severity}</td><td>${asHtml(`${title}. ${remedy}`)}</td></tr>`;
});

const ERROR_PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>MedAI Flow error codes</title>
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}td,th{padding:.4rem .8rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}:target{background:#fff6d6}</style>
<h1>Error codes</h1><table><tr><th>Code</th><th>Status</th><th>Category</th><th>Severity</th><th>What it means and what to do</th></tr>
${rows.join('\n')}</table></html>`;
