/** What every configuration that `init` writes for browsers begins with. */

/** Sections `server` and the first line of `signIn`. A text in double quotes is written as JSON, which YAML reads. */
export function sectionsFor(origin: string): string {
  const behindTls = origin.startsWith('https:');
  // Without a proxy, the port of the origin is that of the gateway. What is no origin is reported when this text is read.
  const port = behindTls || !URL.canParse(origin) ? 8080 : new URL(origin).port || 80;
  return `version: 1

server:
  listen: ":${port}"
  admin: "127.0.0.1:9090" # health, metrics, the table of routes
${behindTls ? '  trustedProxies: ["127.0.0.1/32", "::1/128"] # the proxy that ends TLS\n' : ''}
signIn:
  origin: ${JSON.stringify(origin)}
`;
}
