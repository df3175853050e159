import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import * as apps from 'kubernetes-models/apps/v1';
import * as autoscaling from 'kubernetes-models/autoscaling/v2';
import * as batch from 'kubernetes-models/batch/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as core from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { ROOT, type Yaml, yamlFolder } from '../harness/yaml-files';

jest.setTimeout(60_000);

const BASE = 'docker/kubernetes/base';
const OVERLAY = 'docker/kubernetes/overlays/example';
const base = yamlFolder(BASE);
const overlay = yamlFolder(OVERLAY);
const objects = [...base.values(), ...overlay.values()].flat().filter(({ kind }) => kind !== 'Kustomization');
const ofKind = (kind: string): Yaml => objects.find((object) => object.kind === kind);

const MODELS: Yaml = { ...apps, ...autoscaling, ...batch, ...core, ...networking, ...policy };

/** Throws where an object does not fit the schema of its kind and version. */
function validate(object: Yaml): void {
  const model = new MODELS[object.kind](object);
  expect(model.apiVersion).toBe(object.apiVersion);
  model.validate();
}

describe('docker/kubernetes [R-62]', () => {
  const standard = objects.filter(({ apiVersion }) => !apiVersion.startsWith('monitoring.coreos.com/'));

  it.each(standard.map((object) => [`${object.kind} ${object.metadata.name}`, object]))(
    '%s fits the schema of its kind',
    (_name, object) => expect(() => validate(object)).not.toThrow(),
  );

  it('the schemas refuse what is wrong', () => {
    const deployment = structuredClone(ofKind('Deployment'));
    deployment.spec.template.spec.containers[0].ports[0].containerPort = 'http';
    expect(() => validate(deployment)).toThrow(/containerPort/);
  });

  it('every file is listed in its kustomization', () => {
    const [{ resources }] = base.get('kustomization.yaml')!;
    expect([...base.keys()].filter((name) => name !== 'kustomization.yaml').sort()).toEqual(
      resources.toSorted(),
    );
    const [{ resources: own, patches }] = overlay.get('kustomization.yaml')!;
    const listed = [...own, ...patches.map(({ path }: Yaml) => path), 'secret.example.yaml'];
    for (const name of overlay.keys()) expect([...listed, 'kustomization.yaml']).toContain(name);
  });

  it('every secret that is read has its file, and the replicas lack the owner of the schema', () => {
    const files = Object.entries<string>(ofKind('ConfigMap').data)
      .filter(([name]) => name.endsWith('_FILE'))
      .map(([, path]) => path);
    const mounted = ofKind('Deployment').spec.template.spec.volumes.find(
      ({ name }: Yaml) => name === 'secrets',
    );
    const paths = mounted.secret.items.map(({ path }: Yaml) => `/run/secrets/medai-flow/${path}`);
    expect(paths.toSorted()).toEqual(files.toSorted());
    const keys = Object.keys(ofKind('Secret').stringData);
    for (const { key } of mounted.secret.items) expect(keys).toContain(key);
    expect(keys).toContain('database_migration_url');
    expect(paths.join()).not.toContain('migration');
  });

  it('ports, probes and selectors meet', () => {
    const { template, selector } = ofKind('Deployment').spec;
    const [container] = template.spec.containers;
    const ports = container.ports.map(({ name }: Yaml) => name);
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect(ports).toContain(container[probe].httpGet.port);
    for (const { targetPort } of ofKind('Service').spec.ports) expect(ports).toContain(targetPort);
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(template.metadata.labels).toMatchObject(ofKind('Service').spec.selector);
    expect(template.metadata.labels).toMatchObject(ofKind('PodDisruptionBudget').spec.selector.matchLabels);
    expect(ofKind('Service').metadata.labels).toMatchObject(
      ofKind('ServiceMonitor').spec.selector.matchLabels,
    );
    const metrics = Number(ofKind('ConfigMap').data.METRICS_PORT);
    expect(container.ports.find(({ name }: Yaml) => name === 'metrics').containerPort).toBe(metrics);
  });

  it('the grace period covers preStop and the server’s own', () => {
    const { terminationGracePeriodSeconds, containers } = ofKind('Deployment').spec.template.spec;
    const { seconds } = containers[0].lifecycle.preStop.sleep;
    const own = Number(ofKind('ConfigMap').data.SHUTDOWN_GRACE_SECONDS);
    expect(terminationGracePeriodSeconds).toBeGreaterThan(seconds + own);
  });

  it.each(['Deployment', 'Job'])('%s: no root, no capability, nothing to write but its volumes', (kind) => {
    const { securityContext, containers } = ofKind(kind).spec.template.spec;
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  if (!hasKubectl) process.stderr.write('kubectl kustomize: skipped, kubectl is not installed\n');
  (hasKubectl ? it : it.skip)('kustomize builds the overlay into one namespace with one image', () => {
    const { stdout, status } = spawnSync('kubectl', ['kustomize', dirname(join(ROOT, OVERLAY, 'x'))], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    const built: Yaml[] = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(new Set(built.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['medai-flow']));
    const images = built.flatMap(({ spec }) => spec?.template?.spec?.containers ?? []);
    expect(new Set(images.map(({ image }: Yaml) => image))).toEqual(
      new Set(['registry.example.org/medai-flow:0.1.0']),
    );
  });
});
