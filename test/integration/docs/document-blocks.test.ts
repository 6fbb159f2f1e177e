/**
 * Every fenced block of the pages has a kind that a test reads or runs. The kind is the language and the following
 * word, such as "yaml users", which readers do not see. A block without a kind fails: give it one, or add a kind.
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

/** The problems of a block, or the test file that reads or runs blocks of this kind. */
type Check = ((text: string) => readonly string[]) | { readonly in: string };

/** A gateway's configuration is complete with "version: 1", and otherwise a part of one. */
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
  /** For Prometheus; its queries are compared with the metrics. */
  'yaml prometheus': anyYaml,
  /** For Kubernetes and Helm: only its YAML is checked here, and its meaning by the chart's tests. */
  'yaml manifest': anyYaml,
  'yaml values': anyYaml,
  /** Jobs that check policies. */
  'yaml pipeline': { in: 'test/integration/cli/ci.test.ts' },
  /** Commands for an installation with Docker. */
  'sh compose': { in: 'test/unit/compose-page.test.ts' },
  /** Verification of a published release. */
  'sh release': { in: 'scripts/releasing/workflows.test.ts' },
  /** Units, and commands for a host with systemd. */
  'ini systemd': { in: 'test/e2e/one-host-guide.test.ts' },
  'sh host': { in: 'test/e2e/one-host-guide.test.ts' },
  /** Backups of the Auth API's databases. */
  'sh sqlite': { in: 'test/e2e/backup-guide.test.ts' },
  'sh postgres': { in: 'test/e2e/backup-guide.test.ts' },
  /** Expressions of alerts. */
  promql: (text) => promqlFaults(text),
  json: (text) => faultOf(() => JSON.parse(text)),
  js: syntaxFaults,
  /** Services that verify a signed identity. */
  'js verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  'python verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  'go verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  'java verify': { in: 'test/integration/docs/verify-identity-guide.test.ts' },
  /** A gateway before an MCP server, and the server. */
  'yaml mcp': { in: 'test/integration/docs/mcp-servers-guide.test.ts' },
  'js mcp': { in: 'test/integration/docs/mcp-servers-guide.test.ts' },
  /** Applications with Rolegate in their own process. */
  'js middleware': { in: 'test/integration/docs/in-your-application-guide.test.ts' },
  /** Commands and files of clients, run against the gateway. */
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
  'haproxy senders': { in: 'test/e2e/proxy-protocol-senders.test.ts' },
  'nginx senders': { in: 'test/e2e/proxy-protocol-senders.test.ts' },
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

/** Pages about other environments, and the tests that read them completely. */
const pagesElsewhere: Readonly<Record<string, string>> = {
  'docs/guides/kubernetes.md': 'test/chart/kubernetes-guide.test.ts',
};

/** Blocks with commands that do not run unchanged: why, and what runs instead. */
const notRun: readonly { readonly page: string; readonly begins: string; readonly why: string; readonly in: string }[] =
  [
    {
      page: 'README.md',
      begins: '$ npm run -s rolegate -- init ',
      why: 'shows only the beginning of the output',
      in: 'test/integration/cli/init.test.ts',
    },
    {
      page: 'docs/guides/sign-in-without-a-provider.md',
      begins: '$ npm ci',
      why: 'begins with an installation, and ends in a browser',
      in: 'test/integration/cli/init-accounts.test.ts',
    },
    {
      page: 'docs/guides/editor.md',
      begins: 'rolegate schema >',
      why: 'the command of the installed package',
      in: 'test/integration/cli/commands.test.ts',
    },
    {
      page: 'docs/guides/policy-ci.md',
      begins: 'rolegate ci',
      why: "compares with a branch of the reader's repository",
      in: 'test/integration/cli/ci.test.ts',
    },
    {
      page: 'docs/guides/import.md',
      begins: 'rolegate import',
      why: "reads the reader's own file",
      in: 'test/integration/cli/import.test.ts',
    },
    {
      page: 'docs/guides/server-clients.md',
      begins: 'sh docs/examples/shell/login.sh',
      why: 'waits for a person to enter a code',
      in: 'test/e2e/examples.test.ts',
    },
    {
      page: 'docs/guides/web-clients.md',
      begins: 'node docs/examples/web/serve.mjs',
      why: 'each line needs a separate terminal, next to a browser',
      in: 'test/e2e/examples.test.ts',
    },
    {
      page: 'docs/guides/web-clients.md',
      begins: 'curl http://localhost:8080/api/auth/v2/user',
      why: 'contains an id and a code that the reader copies',
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

/** As a module, or inside a function without an import: pages show lines from within one. */
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

  test('that another test reads or runs appears there', () => {
    const used = new Set(blocks.map(({ block }) => kindOf(block)));
    for (const [kind, check] of Object.entries(kinds)) {
      if (typeof check === 'function' || !used.has(kind)) continue;
      expect(readFileSync(check.in, 'utf8'), check.in).toMatch(new RegExp(`['|(]${kind}['|)]`));
    }
  });

  test('on a page that another test reads completely is named there', () => {
    for (const [page, file] of Object.entries(pagesElsewhere)) {
      if (blocks.some(({ path }) => path === page)) expect(readFileSync(file, 'utf8')).toContain(page);
    }
  });

  test('that does not run exists, and so does what runs instead', () => {
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
  ['an unknown key', '```yaml\ncache: { acepted: 5s }\n```'],
  ['an unknown role', '```yaml\nroutes:\n  - { id: a, match: { path: /a }, upstream: b, access: [usr] }\n```'],
  ['a part of another file', '```yaml\nusers: []\n```'],
  ['a user without an alias', '```yaml users\nusers: [{ email: ann@example.test, fullName: Ann }]\n```'],
  ["an unknown setting in the Auth API's own file", '```yaml auth-api-file\ntracing: { url: "http://a" }\n```'],
  ['an unknown setting of the Auth API', '```yaml auth-api\nmail: { server: "smtp://a" }\n```'],
  [
    'an included file with settings of the main one',
    '```yaml included\nroles: { b: {} }\nroutes:\n  - { id: b, match: { path: /b }, upstream: b, access: [user] }\n```',
  ],
  [
    'a test without an identity',
    '```yaml tests\ncases: [{ as: bob, request: GET /v1/orders/a/1, expect: allow }]\n```',
  ],
  ['invalid JSON', '```json\n{ "a": 1, }\n```'],
  ['an invalid program', '```js\nconst = 1;\n```'],
  ['a command that no test runs', '```text\nrolegate serve\n```'],
  ['a language that no test reads', '```python\nprint(1)\n```'],
  ['no language', '```\nrolegate serve\n```'],
] as const)('control: %s is found', (_, page) => {
  const [block] = blocksOf(page);
  expect(faultsOf({ path: 'page.md', block: block! })).not.toEqual([]);
});
