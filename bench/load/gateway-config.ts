/** The gateway's configuration for the benchmark: one public route and one that a role guards; `signs`: identities for services. */

export function gatewayConfig(ports: { listen: number; upstream: number; authApi: number }, signs = false): string {
  return `version: 1
server: { listen: "127.0.0.1:${ports.listen}", admin: false }
authApi: { url: "http://127.0.0.1:${ports.authApi}" }
${signs ? 'identityAssertion: { issuer: "https://api.example.test" }\n' : ''}roles: { user: {} }
upstreams:
  service: { targets: ["http://127.0.0.1:${ports.upstream}"] }
routes:
  - { id: public, match: { path: "/public/**" }, upstream: service, access: public }
  - { id: private, match: { path: "/private/**" }, upstream: service, access: [user] }
`;
}
