/** Parses the rendered configuration files as the program would, with secrets that match their names. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOnDisk } from '../../src/config/config-files.ts';
import { parseAuthApiFile, parseConfig } from '../../src/config/parse-config.ts';
import { createAuthority } from '../support/certificates.ts';
import type { KubernetesObject } from './helm.ts';

const fitting: readonly (readonly [RegExp, string])[] = [
  [/webhook/i, `whsec_${Buffer.alloc(32).toString('base64')}`],
  [/database/i, 'postgres://rolegate:secret@postgres:5432/rolegate'],
  [/smtp/i, 'smtps://user:secret@mail.example.test'],
  [/redis_?url/i, 'redis://redis:6379'],
  [/level/i, 'info'],
];
const { cert, key } = createAuthority().issue({ hosts: ['api.example.test'] });
const certified: readonly (readonly [RegExp, string])[] = [
  [/\.crt$/, cert],
  [/\.key$/, key],
];
const fileFor = (path: string) => certified.find(([pattern]) => pattern.test(path))?.[1] ?? secretFor(path);
const secretFor = (name: string) => fitting.find(([pattern]) => pattern.test(name))?.[1] ?? name.padStart(40, 'x');

/** Files of a ConfigMap. */
export function filesOf(object: KubernetesObject): Readonly<Record<string, string>> {
  return object['data'] as Readonly<Record<string, string>>;
}

/** Problems of gateway.yaml or auth-api.yaml among the files, with line and message. */
export function configProblems(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'rolegate-chart-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const main = 'gateway.yaml' in files ? 'gateway.yaml' : 'auth-api.yaml';
    const file = join(folder, main);
    const text = files[main] ?? '';
    const names = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
    const env = Object.fromEntries(names.map((name) => [name, secretFor(name)]));
    const options = { file: main, env, readSecret: fileFor, readIncluded: filesOnDisk(file).readIncluded };
    const read = main === 'gateway.yaml' ? parseConfig(text, options) : parseAuthApiFile(text, options);
    return read.ok ? [] : read.problems.map((problem) => `${main}:${problem.line}: ${problem.message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
