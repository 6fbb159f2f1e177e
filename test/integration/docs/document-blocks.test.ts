/**
 * Every fenced block of the pages is of a kind that a test reads or runs. The kind is the language and the word behind
 * it, such as "yaml users", which readers do not see. A block of no kind fails: give it one, or add a kind.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { parseUsers } from '../../../src/cli/auth-api/users-file.ts';
import { documentBlocks, documentPages, type PlacedBlock } from '../../support/document-blocks.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import {
  problemsOf,
  problemsOfAuthApi,
  problemsOfAuthApiFile,
  problemsOfIncluded,
  problemsOfPart,
} from '../../support/page-configs.ts';
import { promqlFaults } from '../../support/promql.ts';

/** What is wrong with a block; or the file of the test that reads or runs blocks of this kind. */
type Check = ((text: string) => readonly string[]) | { readonly in: string };

/** A gateway's configuration is whole with "version: 1", and else a part of one. */
const gatewayYaml = (text: string) => (/^version: 1$/m.test(text) ? problemsOf(text) : problemsOfPart(text));
const anyYaml = (text: string) => parseAllDocuments(text).flatMap(({ errors }) => errors.map(({ message }) => message));

const kinds: Readonly<Record<string, Check>> = {
  yaml: gatewayYaml,
  'yaml included': problemsOfIncluded,
  'yaml tests': (text) => problemsOf(`${testedRules}${JSON.stringify(parse(text))}\n`),
  'yaml auth-api': problemsOfAuthApi,
  'yaml auth-api-file': problemsOfAuthApiFile,
  'yaml users': (text) => {
    const read = parseUsers(text, 'page');
    return read.ok ? [] : read.problems.map(({ message }) => message);
  },
  /** Of Prometheus; what it asks for is compared with the metrics. */
  'yaml prometheus': anyYaml,
  /** Of Kubernetes and Helm: that it is YAML is seen here, and what it means by the tests of the chart. */
  'yaml manifest': anyYaml,
  'yaml values': anyYaml,
  /** Jobs that check policies. */
  'yaml pipeline': { in: 'test/integration/cli/ci.test.ts' },
  /** Commands for an installation with Docker. */
  'sh compose': { in: 'test/unit/compose-page.test.ts' },
  /** Checks of a published release. */
  'sh release': { in: 'test/unit/releasing/workflows.test.ts' },
  /** Expressions of alerts. */
  promql: (text) => promqlFaults(text),
  json: (text) => faultOf(() => JSON.parse(text)),
  js: syntaxFaults,
  /** Services that verify a signed identity. */
  'js verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  'python verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  'go verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  'java verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  /** Applications that have Rolegate in their own process. */
  'js middleware': { in: 'test/integration/docs/in-your-application-guide.test.ts' },
  /** Commands and files of clients, which play them against the gateway. */
  'sh clients': { in: 'test/e2e/real-clients.test.ts' },
  'python clients': { in: 'test/e2e/real-clients.test.ts' },
  'ini clients': { in: 'test/e2e/real-clients.test.ts' },
  'xml clients': { in: 'test/e2e/real-clients.test.ts' },
  'toml scanner': { in: 'test/integration/docs/api-keys-guide.test.ts' },
  /** What providers put into tokens and responses. */
  'json claims': { in: 'test/integration/docs/openid-connect-guide.test.ts' },
  'json introspection': { in: 'test/integration/docs/openid-connect-guide.test.ts' },
  'json userinfo': { in: 'test/integration/docs/openid-connect-guide.test.ts' },
  http: (text) =>
    /^[A-Z]+ \/\S* HTTP\/1\.1\n(?:[\w-]+: .+\n)*$/.test(text) ? [] : ['not a request: a line, and headers'],
  sh: { in: 'test/integration/docs/documents.test.ts' },
  console: { in: 'test/e2e/page-sessions.test.ts' },
  nginx: { in: 'test/e2e/proxies-in-front.test.ts' },
  caddyfile: { in: 'test/e2e/proxies-in-front.test.ts' },
  text: (text) => commandLines(text).map((line) => `a command that no test runs: ${line}`),
  /** A drawing. */
  '': (text) => (/[─│▶]/.test(text) ? [] : ['a block without a language']),
};

const testedRules = `version: 1
authApi: { url: "http://a:1" }
roles: { user: {} }
upstreams: { orders: { targets: ["http://orders:8080"] } }
routes:
  - id: order
    match: { path: "/v1/orders/{tenant}/{id}" }
    upstream: orders
    access: [user]
    when: [{ param: tenant, in: identity.groups, reason: wrong_tenant }]
tests: `;

/** Pages about another place than this machine, and the tests that read them whole. */
const pagesElsewhere: Readonly<Record<string, string>> = {
  'docs/guides/kubernetes.md': 'test/chart/kubernetes-guide.test.ts',
};

/** Blocks with commands that are not run as they stand: why, and what runs instead. */
const notRun: readonly { readonly page: string; readonly begins: string; readonly why: string; readonly in: string }[] =
  [
    {
      page: 'docs/guides/editor.md',
      begins: 'rolegate schema >',
      why: 'the command of the installed package',
      in: 'test/integration/cli/commands.test.ts',
    },
    {
      page: 'docs/guides/policy-ci.md',
      begins: 'rolegate ci',
      why: 'compares with a branch of the reader',
      in: 'test/integration/cli/ci.test.ts',
    },
    {
      page: 'docs/guides/import.md',
      begins: 'rolegate import',
      why: 'reads a file that only the reader has',
      in: 'test/integration/cli/import.test.ts',
    },
    {
      page: 'docs/guides/server-clients.md',
      begins: 'sh docs/examples/shell/login.sh',
      why: 'waits for a person who types a code',
      in: 'test/e2e/examples.test.ts',
    },
    {
      page: 'docs/guides/web-clients.md',
      begins: 'node docs/examples/web/serve.mjs',
      why: 'each line has a terminal of its own, and a browser beside it',
      in: 'test/e2e/examples.test.ts',
    },
    {
      page: 'docs/guides/web-clients.md',
      begins: 'curl http://localhost:8080/api/auth/v2/user',
      why: 'holds an id and a code that the reader copies',
      in: 'test/integration/docs/example-gateway.ts',
    },
  ];

const commandWords =
  /^(?:\$ |sudo |[A-Z_]+="?\S* )*(?:rolegate|npm|npx|node|sh|bash|curl|docker|helm|kubectl|git)\b.*$/gm;

function commandLines(text: string): readonly string[] {
  return [...text.matchAll(commandWords)].map(([line]) => line);
}

function faultOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    return [String(error)];
  }
}

/** As a module, within a function where there is no import: pages show lines that stand in one. */
function syntaxFaults(text: string): readonly string[] {
  const program = /^import /m.test(text) ? text : `async () => {\n${text}\n};\n`;
  const { status, stderr } = spawnSync(process.execPath, ['--check', '--input-type=module', '-'], {
    input: program,
    encoding: 'utf8',
  });
  return status === 0 ? [] : [stderr];
}

const kindOf = ({ language, info }: PlacedBlock['block']) => `${language} ${info}`.trim();

function faultsOf({ path, block }: PlacedBlock): readonly string[] {
  if (Object.hasOwn(pagesElsewhere, path)) return [];
  const kind = kindOf(block);
  if (!Object.hasOwn(kinds, kind)) return [`no test reads or runs blocks of the kind "${kind}"`];
  if (notRun.some(({ page, begins }) => page === path && block.text.startsWith(begins))) return [];
  const check = kinds[kind]!;
  return typeof check === 'function' ? check(block.text) : [];
}

const blocks = documentBlocks();

describe('every block', () => {
  test.each(documentPages().map(({ path }) => path))('%s', (path) => {
    const own = blocks.filter((one) => one.path === path);
    expect(own.flatMap((one) => faultsOf(one).map((fault) => `${path}:${one.block.line}: ${fault}`))).toEqual([]);
  });

  test('that another test reads or runs is named there', () => {
    const used = new Set(blocks.map(({ block }) => kindOf(block)));
    for (const [kind, check] of Object.entries(kinds)) {
      if (typeof check === 'function' || !used.has(kind)) continue;
      expect(readFileSync(check.in, 'utf8'), check.in).toMatch(new RegExp(`['|(]${kind}['|)]`));
    }
  });

  test('of a page that another test reads whole is named there', () => {
    for (const [page, file] of Object.entries(pagesElsewhere)) {
      if (blocks.some(({ path }) => path === page)) expect(readFileSync(file, 'utf8')).toContain(page);
    }
  });

  test('that is not run is there, and what runs instead is there too', () => {
    for (const { page, begins, in: file } of notRun) {
      expect(
        blocks.some((one) => one.path === page && one.block.text.startsWith(begins)),
        `${page}: ${begins}`,
      ).toBe(true);
      expect(readFileSync(file, 'utf8')).toMatch(/\btest\(|test\.each|export /);
    }
  });
});

test.each([
  ['a key that there is not', '```yaml\ncache: { acepted: 5s }\n```'],
  ['a role that there is not', '```yaml\nroutes:\n  - { id: a, match: { path: /a }, upstream: b, access: [usr] }\n```'],
  ['a part of another file', '```yaml\nusers: []\n```'],
  ['a user without an alias', '```yaml users\nusers: [{ email: ann@example.test, fullName: Ann }]\n```'],
  [
    'a setting of the own file of an Auth API that there is not',
    '```yaml auth-api-file\ntracing: { url: "http://a" }\n```',
  ],
  ['a setting of the Auth API that there is not', '```yaml auth-api\nmail: { server: "smtp://a" }\n```'],
  [
    'a file that takes what it does not own',
    '```yaml included\nowns: { paths: [/a] }\nroutes:\n  - { id: b, match: { path: /b }, upstream: b, access: [user] }\n```',
  ],
  [
    'a test without an identity',
    '```yaml tests\ncases: [{ as: bob, request: GET /v1/orders/a/1, expect: allow }]\n```',
  ],
  ['JSON that is none', '```json\n{ "a": 1, }\n```'],
  ['a program that is none', '```js\nconst = 1;\n```'],
  ['a command that nobody runs', '```text\nrolegate serve\n```'],
  ['a language that nobody reads', '```python\nprint(1)\n```'],
  ['no language', '```\nrolegate serve\n```'],
] as const)('control: %s is found', (_, page) => {
  const [block] = blocksOf(page);
  expect(faultsOf({ path: 'page.md', block: block! })).not.toEqual([]);
});
