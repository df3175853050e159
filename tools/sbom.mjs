/**
 * The production packages that are installed here, as a CycloneDX 1.5 document on standard output: what runs, with
 * version, licence and the SHA-512 of the package file. From package-lock.json, so that two runs differ in nothing;
 * `npm sbom --omit dev` of npm 10 and 11 leaves out packages that development needs as well, pg among them.
 */
import { existsSync, readFileSync } from 'node:fs';

const { name, version, packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));

const purl = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`;

function component([path, { version, integrity, license }]) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const [algorithm, digest] = integrity.split('-', 2);
  return {
    type: 'library',
    'bom-ref': path,
    name,
    version,
    purl: purl(name, version),
    hashes: [
      { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') },
    ],
    ...(license && { licenses: [{ expression: license }] }),
  };
}

/** The package that the one at `path` gets when it asks for `name`: the nearest one up the folders. */
function resolve(path, name) {
  const folders = path
    .split('/node_modules/')
    .map((_, i, parts) => parts.slice(0, i + 1).join('/node_modules/'));
  const candidates = ['', ...folders]
    .toReversed()
    .map((folder) => `${folder}/node_modules/${name}`.replace(/^\//, ''));
  return candidates.find((candidate) => included.has(candidate));
}

const entries = Object.entries(packages).filter(
  ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional && existsSync(path),
);
const included = new Set(entries.map(([path]) => path));
const dependenciesOf = ([path, { dependencies, optionalDependencies, peerDependencies }]) => ({
  ref: path === '' ? name : path,
  dependsOn: Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    .map((wanted) => resolve(path, wanted))
    .filter((found) => found !== undefined)
    .sort((a, b) => (a < b ? -1 : 1)),
});

const document = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: {
    component: {
      type: 'application',
      'bom-ref': name,
      name,
      version,
      purl: purl(name, version),
      licenses: [{ license: { id: packages[''].license } }],
    },
  },
  components: entries.map(component),
  dependencies: [['', packages['']], ...entries].map(dependenciesOf),
};
process.stdout.write(`${JSON.stringify(document, null, 1)}\n`);
