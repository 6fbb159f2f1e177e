/** A program that embeds Rolegate: the decision on its own, and the whole gateway. */
export const embeddingProgram = `import { createGateway, decide, formatProblems, parseConfig } from 'rolegate';
import type { Config, Credential, Decision, Identity, Policy, RequestView, ResolveIdentity } from 'rolegate';

const text = \`version: 1
server: { listen: "127.0.0.1:0", admin: false }
log: { level: silent }
authApi: { url: "http://127.0.0.1:9" }
roles: { user: {} }
upstreams: { orders: { targets: ["http://127.0.0.1:9"] } }
routes:
  - { id: order, match: { path: "/orders/{id}" }, upstream: orders, access: [user] }
\`;
const read = parseConfig(text, { file: 'gateway.yaml', env: {}, readSecret: () => '' });
if (!read.ok) throw new Error(formatProblems(read.problems, { color: false }));
const config: Config = read.config;

const ann: Identity = {
  kind: 'bearer',
  userId: 'ann',
  roles: ['user'],
  groups: [],
  alias: null,
  fullName: null,
  sessionId: null,
  keyId: null,
  tokenId: null,
  issuedAtMs: null,
  authenticatedAtMs: null,
  claims: {},
  source: 'authApi',
  acceptedBy: 'authApi',
  expireAtMs: Infinity,
};
const resolve: ResolveIdentity = (credential: Credential) =>
  credential.kind === 'bearer' && credential.token === 'anns'
    ? { identity: ann, reason: null, stale: false, source: 'memory' }
    : { identity: null, reason: 'credential_rejected', retryAfterS: null, source: 'memory' };
const policy: Policy = config;
const view = (headers: readonly string[]): RequestView => ({
  method: 'GET',
  target: '/orders/7',
  rawHeaders: ['Host', 'api.example.test', ...headers],
  httpVersion: '1.1',
});
for (const headers of [[], ['Authorization', 'Bearer anns'], ['Authorization', 'Bearer nobodys']]) {
  const decision: Decision = await decide(view(headers), policy, resolve);
  console.log(decision.outcome === 'allow' ? \`allowed \${decision.route.id}\` : \`refused \${decision.reason}\`);
}

const gateway = createGateway(config, { version: 'embedded' });
const { listen } = await gateway.start();
if (listen === null) throw new Error('it listens');
const answer = await fetch(\`http://127.0.0.1:\${listen.port}/orders/7\`);
console.log(\`gateway \${answer.status} \${answer.headers.get('x-error')}\`);
await gateway.close();
`;
