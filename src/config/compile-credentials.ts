/** Creates the compiled settings of `credentials`. */
import { compileChallenges } from '../core/credential/challenges.ts';
import { type CredentialSources, kindsOf, type SessionSettings } from '../core/credential/credential.ts';
import {
  compileResource,
  type ProtectedResource,
  type ProtectedResources,
} from '../core/credential/resource-metadata.ts';
import { ownCookieNames } from '../core/credential/session-cookie.ts';
import type { Shape } from '../core/credential/shape.ts';
import { partsOfResource } from './schema/resource-metadata.ts';
import type { ConfigFile } from './schema.ts';

type Section = ConfigFile['credentials'];
type WrittenShapes = NonNullable<Section['bearer']>['shape'];

export function compileCredentials(
  { credentials: section, signIn, sources: all }: Pick<ConfigFile, 'credentials' | 'signIn' | 'sources'>,
  maxLength: number,
): CredentialSources {
  const { bearer, keyPair, apiKey, basic, bearerCookie, websocketProtocol, resourceMetadata = [] } = section;
  const sources: CredentialSources = {
    bearer: bearer === null ? null : { shapes: compileShapes(bearer.shape) },
    keyPair:
      keyPair === null
        ? null
        : {
            apiKeyHeader: keyPair.apiKeyHeader,
            apiSecretHeader: keyPair.apiSecretHeader,
            shapes: compileShapes(keyPair.shape),
            secretShapes: compileShapes(keyPair.secretShape),
          },
    apiKey:
      apiKey === null
        ? null
        : {
            header: apiKey.header ?? null,
            prefix: apiKey.prefix ?? null,
            separator: apiKey.separator ?? null,
            shapes: compileShapes(apiKey.shape),
          },
    session: signIn === undefined ? null : cookieNames(signIn.origin),
    certificate: Object.values(all).some(({ kind }) => kind === 'certificate'),
    basic,
    bearerCookie,
    websocketProtocol,
    maxLength,
    resources: new Map(),
  };
  const methods = compileChallenges(sources, kindsOf(sources)).bearer ? ['header'] : [];
  return { ...sources, resources: compileResources(resourceMetadata, methods) };
}

/** Browsers take the prefix only with TLS; with it, no sibling domain can set the cookie (RFC 6265bis, section 4.1.3.2). */
function cookieNames(origin: string): SessionSettings {
  return { ...(origin.startsWith('https:') ? ownCookieNames.overTls : ownCookieNames.plain), others: null };
}

type WrittenResources = NonNullable<Section['resourceMetadata']>;

function compileResources(entries: WrittenResources, methods: readonly string[]): ProtectedResources {
  const resources = new Map<string, ProtectedResource[]>();
  for (const { resource, authorizationServers, scopes } of entries) {
    const { origin, path, host } = partsOfResource(resource);
    const compiled = compileResource({ origin, path, authorizationServers, scopes }, methods);
    resources.set(host, [...(resources.get(host) ?? []), compiled]);
  }
  for (const ofHost of resources.values()) ofHost.sort((a, b) => b.path.length - a.path.length);
  return resources;
}

function compileShapes(entry: WrittenShapes): readonly Shape[] {
  return [entry ?? []].flat().map((shape) => {
    const { prefix = '', length, minLength = 1, maxLength = Infinity, alphabet = null } = shape;
    return { prefix, minLength: length ?? minLength, maxLength: length ?? maxLength, alphabet };
  });
}
