/** Configurations on pages: complete ones, and parts inserted into a complete one, parsed by the real parser. */
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { parseAuthApiFile, parseConfig } from '../../src/config/parse-config.ts';
import { endsHere } from '../../src/core/routing/route.ts';
import { certificate, key } from './localhost-certificate.ts';

type Tree = { readonly [key: string]: unknown };

const webhookSecret = `whsec_${Buffer.alloc(32).toString('base64')}`;
const secret = 'x'.repeat(40);

/** A suitable value for every `${NAME}` in a configuration. */
export function environmentFor(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, valueFor(name)]));
}

function valueFor(name: string): string {
  if (/WEBHOOK/.test(name)) return webhookSecret;
  if (/REDIS_URL/.test(name)) return 'redis://127.0.0.1:6379';
  // No two secrets are the same.
  return /URL/.test(name) ? 'http://127.0.0.1:8081' : name.padEnd(40, 'x');
}

const revocationList = readFileSync(new URL('../fixtures/revocations.crl.pem', import.meta.url), 'utf8');

/** The contents of a file that a configuration refers to: no two secrets are the same. */
function textOfFile(path: string): string {
  if (path.endsWith('crl.pem')) return revocationList;
  if (path.endsWith('.pem')) return /key/.test(path) ? key : certificate;
  if (/webhook/.test(path)) return webhookSecret;
  if (/smtp/.test(path)) return 'smtp://user:password@mail.example.test';
  return path.replaceAll(/\W/g, '').padEnd(40, 'x');
}

/** Every problem of a complete configuration. `included`: the text of every file that it includes. */
export function problemsOf(text: string, included: string | null = null): string[] {
  const read = parseConfig(text, {
    file: 'page',
    env: environmentFor(text + (included ?? '')),
    readSecret: textOfFile,
    readList: (name) => ({ file: name, text: '192.0.2.7\n' }),
    readIncluded: () => (included === null ? [] : [{ file: 'included', text: included }]),
  });
  return read.ok ? [] : read.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

/** The context of a part: an Auth API, the roles and upstreams of its routes, a secret for Redis. */
function whole(part: Tree): Tree {
  const routes = Array.isArray(part['routes']) ? (part['routes'] as Tree[]) : [];
  const upstreams = routes
    .map((route) => String(route['upstream']))
    .filter((name) => name !== 'auth-api' && !endsHere(name));
  const embedded = { database: ':memory:', secret };
  const authApi = isTree(part['authApi']) && 'embedded' in part['authApi'] ? { embedded } : { url: 'http://a:1' };
  const base: Tree = {
    version: 1,
    authApi,
    roles: { user: {}, admin: { inherits: ['user'] } },
    upstreams: Object.fromEntries(upstreams.map((name) => [name, { targets: [`http://${name}:8080`] }])),
    routes: [],
  };
  return merged(base, part);
}

/** Every problem of a part of a gateway's configuration. */
export function problemsOfPart(text: string): string[] {
  return problemsOf(stringify(whole(parse(text))));
}

/** Every problem of an included file, without a team. */
export function problemsOfIncluded(text: string): string[] {
  const { routes } = parse(text);
  return problemsOf(stringify({ ...whole({ routes }), routes: [], include: ['routes/*.yaml'] }), text);
}

/** Every problem of settings of the Auth API, in its own file and under `authApi.embedded`. */
export function problemsOfAuthApi(text: string): string[] {
  const embedded = problemsOf(stringify(whole({ authApi: { embedded: authApiSettings(text) } })));
  return [...problemsOfAuthApiFile(text), ...embedded];
}

/** Every problem of a part of the Auth API's own file. */
export function problemsOfAuthApiFile(text: string): string[] {
  const options = { file: 'page', env: environmentFor(text), readSecret: textOfFile };
  const read = parseAuthApiFile(stringify({ listen: ':8081', ...authApiSettings(text) }), options);
  return read.ok ? [] : read.problems.map(({ message }) => message);
}

const authApiSettings = (text: string) => merged({ database: ':memory:', secret }, parse(text));

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merged(base: Tree, part: Tree): Tree {
  const both = { ...base, ...part };
  return Object.fromEntries(
    Object.entries(both).map(([key, value]) => {
      const below = base[key];
      return [key, isTree(below) && isTree(value) ? merged(below, value) : value];
    }),
  );
}
