/** Environment variables and secret files for the tests; none of the values may appear in a problem. */

export const env: Readonly<Record<string, string>> = {
  AUTH_SECRET: 'auth-0123456789abcdef0123456789abcdef',
  CACHE_SECRET: 'cache-0123456789abcdef0123456789abcdef',
  ROLEGATE_AUTH_SECRET: 'auth-fedcba9876543210fedcba9876543210',
  OTLP_AUTHORIZATION: 'Bearer collector-opensesame',
  ROLEGATE_CACHE_SECRET: 'cache-fedcba9876543210fedcba9876543210',
  PROMETHEUS_ADMIN_TOKEN: 'prometheus-fedcba9876543210fedcba98765432',
  ROLEGATE_ADMIN_TOKEN: 'admin-fedcba9876543210fedcba9876543210',
  ROLEGATE_WEBHOOK_SECRET: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
  ROLEGATE_GATEWAY_SECRET: 'gateway-fedcba9876543210fedcba9876543210',
  ROLEGATE_AUTHORIZER_SECRET: 'asking-fedcba9876543210fedcba9876543210',
  REDIS_URL: 'rediss://ann:opensesame@redis.example.test:6380/1',
  REDIS_PASSWORD: 'redis-opensesame',
  INTROSPECTION_SECRET: 'client-opensesame',
  OIDC_CLIENT_SECRET: 'client-openapp',
  GITHUB_CLIENT_SECRET: 'github-openapp',
  SENTINEL_PASSWORD: 'sentinel-opensesame',
  ROLEGATE_PREVIOUS_CACHE_SECRET: 'cache-89abcdef01234567890123456789abcdef',
  INJECTION: 'debug }\nserver: { listen: ":1"',
  LISTEN: ':7070',
  COUNT: '55',
};

const files: Readonly<Record<string, string>> = {
  '/run/secrets/cache': 'file-0123456789abcdef0123456789abcdef\n',
  '/run/secrets/admin': 'token-0123456789abcdef0123456789abcdef\n',
  '/run/secrets/short': 'opensesame\n',
  '/run/secrets/redis': 'redis://:opensesame@redis:6379\r\n',
  '/run/secrets/empty': '\n',
  '/run/secrets/private.pem': '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n',
};

export function readSecret(path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error(`no such file: ${path}`);
  return text;
}
