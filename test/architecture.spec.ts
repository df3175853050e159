import 'reflect-metadata';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AUDITED, NOT_AUDITED } from '../src/audit/audited.decorator';
import { AuditController } from '../src/audit/audit.controller';
import { AdminController } from '../src/auth/admin.controller';
import { AuthController } from '../src/auth/auth.controller';
import { JwksController } from '../src/auth/jwks.controller';
import { UsersController } from '../src/auth/users.controller';
import { HealthController } from '../src/health/health.controller';
import { healthReportController } from '../src/health/health-report.controller';
import { PUBLIC_ROUTE, ROUTE_ROLES } from '../src/http/access.decorators';
import { InferenceController } from '../src/inference/inference.controller';
import { ModelsController } from '../src/models/models.controller';
import { ResultsController } from '../src/results/results.controller';

const ROOT = join(__dirname, '../src');
const sources = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts'))
  .map(({ parentPath, name }) => ({
    path: relative(ROOT, join(parentPath, name)),
    text: readFileSync(join(parentPath, name), 'utf8'),
  }));

const pathsWith = (pattern: RegExp, except: RegExp = /^$/): string[] =>
  sources.filter(({ path, text }) => pattern.test(text) && !except.test(path)).map(({ path }) => path);

describe('architecture: sizes', () => {
  const lengths = sources.map(({ text }) => text.split('\n').length).sort((a, b) => a - b);

  it('median file at most 60 lines, nine of ten at most 150: split what does two things', () => {
    expect(lengths[Math.floor(lengths.length * 0.5)]).toBeLessThanOrEqual(60);
    expect(lengths[Math.floor(lengths.length * 0.9)]).toBeLessThanOrEqual(150);
  });

  it('no file above 300 lines', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 300).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  it('at most five constructor dependencies: a class that needs more does too much', () => {
    const crowded = sources.filter(({ text }) => {
      const parameters = /constructor\(([^)]*(?:\([^)]*\)[^)]*)*)\)/.exec(text)?.[1] ?? '';
      return (parameters.match(/private readonly/g) ?? []).length > 5 && /@Injectable|@Controller/.test(text);
    });
    expect(crowded.map(({ path }) => path)).toEqual([]);
  });
});

describe('architecture: places', () => {
  it('folders have exact names, and no barrel hides what is imported', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|shared|misc|lib|core)\/|(^|\/)index\.ts$/;
    expect(sources.map(({ path }) => path).filter((path) => drawers.test(path))).toEqual([]);
  });

  it('process.env is read in src/config only; the engine process refuses to start without its telemetry switch', () => {
    expect(pathsWith(/process\.env\b/, /^config\/|^inference\/telemetry-off\.ts$/)).toEqual([]);
  });

  it('nothing is printed past the logger', () => {
    expect(pathsWith(/console\./)).toEqual([]);
  });

  it('controllers route: no condition, no repository, no SQL', () => {
    const controllers = sources.filter(({ path }) => path.endsWith('.controller.ts'));
    const busy = controllers.filter(({ text }) => /\bif \(|Repository|DataSource|\.query\(/.test(text));
    expect(busy.map(({ path }) => path)).toEqual([]);
  });
});

describe('architecture: routes [R-50]', () => {
  const controllers = [
    AuditController,
    AdminController,
    AuthController,
    JwksController,
    UsersController,
    HealthController,
    healthReportController(true),
    healthReportController(false),
    InferenceController,
    ModelsController,
    ResultsController,
  ];
  const handlers = controllers.flatMap((controller) =>
    Object.getOwnPropertyNames(controller.prototype)
      .filter((name) => name !== 'constructor')
      .map((name) => (controller.prototype as Record<string, object>)[name]!)
      .filter((handler) => Reflect.hasMetadata('path', handler))
      .map((handler) => ({ route: `${controller.name}.${(handler as { name: string }).name}`, handler })),
  );

  it('every controller file is looked at', () => {
    const files = sources.filter(({ path }) => path.endsWith('.controller.ts'));
    expect(new Set(controllers.map(({ name }) => name)).size).toBe(files.length);
    expect(handlers.length).toBeGreaterThan(15);
  });

  it('every route says who may call it: add @Public(), @AnyRole() or @Roles()', () => {
    const open = handlers.filter(
      ({ handler }) =>
        !Reflect.getMetadata(PUBLIC_ROUTE, handler) && !Reflect.getMetadata(ROUTE_ROLES, handler)?.length,
    );
    expect(open.map(({ route }) => route)).toEqual([]);
  });

  it('every route says what it is called in the audit trail: add @Audited(action) or @NotAudited()', () => {
    const silent = handlers.filter(
      ({ handler }) => !Reflect.hasMetadata(AUDITED, handler) && !Reflect.hasMetadata(NOT_AUDITED, handler),
    );
    expect(silent.map(({ route }) => route)).toEqual([]);
  });
});
