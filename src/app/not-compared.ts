/** Settings of a candidate that affect decisions but are not compared, because requests are read only once. */
import type { Config } from '../config/config.ts';

/** Names of such settings that differ from those in use. */
export function notCompared(current: Config, candidate: Config): string[] {
  const settings: [string, (config: Config) => unknown][] = [
    ['authApi', ({ authApi }) => (authApi?.kind === 'embedded' ? 'embedded' : authApi?.urls)],
    ['authApi.fields', ({ authApi }) => authApi?.fields],
    ['sources', ({ sources, sourceRule }) => [sources, sourceRule]],
    ['server.forwardedHeaders', ({ server }) => server.forwardedHeaders],
    ['server.clientCertificateHeader', ({ server }) => server.clientCertificateHeader],
  ];
  return settings
    .filter(([, value]) => JSON.stringify(value(current)) !== JSON.stringify(value(candidate)))
    .map(([name]) => name);
}
