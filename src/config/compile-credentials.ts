/** Creates the compiled settings of `credentials`, also for a section with problems, for the checks of routes. */
import { compileChallenges } from '../core/credential/challenges.ts';
import { type CredentialSources, kindsOf } from '../core/credential/credential.ts';
import {
  compileResource,
  type ProtectedResource,
  type ProtectedResources,
} from '../core/credential/resource-metadata.ts';
import type { Shape } from '../core/credential/shape.ts';
import { partsOfResource } from './schema/resource-metadata.ts';
import type { ConfigFile, Parts } from './schema.ts';

type Section = Parts<ConfigFile>['credentials'];
type Bearer = NonNullable<NonNullable<NonNullable<Section>['bearer']>>;
type WrittenShapes = Bearer['shape'];

export function compileCredentials(section: Section, maxLength: number): CredentialSources {
  const { bearer, keyPair, apiKey, basic, bearerCookie, websocketProtocol, resourceMetadata } = section ?? {};
  const sources: CredentialSources = {
    bearer: bearer == null ? null : kindOf(bearer),
    keyPair:
      keyPair == null
        ? null
        : {
            apiKeyHeader: keyPair.apiKeyHeader ?? '',
            apiSecretHeader: keyPair.apiSecretHeader ?? '',
            ...kindOf(keyPair),
            secretShapes: compileShapes(keyPair.secretShape),
          },
    apiKey:
      apiKey == null
        ? null
        : {
            header: apiKey.header ?? null,
            prefix: apiKey.prefix ?? null,
            separator: apiKey.separator ?? null,
            ...kindOf(apiKey),
          },
    basic: basic ?? null,
    bearerCookie: bearerCookie ?? null,
    websocketProtocol: websocketProtocol ?? null,
    maxLength,
    resources: new Map(),
  };
  const methods = compileChallenges(sources, kindsOf(sources)).bearer ? ['header'] : [];
  return { ...sources, resources: compileResources(resourceMetadata ?? [], methods) };
}

type WrittenResources = NonNullable<NonNullable<Section>['resourceMetadata']>;

function compileResources(written: WrittenResources, methods: readonly string[]): ProtectedResources {
  const resources = new Map<string, ProtectedResource[]>();
  for (const entry of written) {
    if (entry?.resource === undefined) continue;
    const { resource, authorizationServers = [], scopes = [] } = entry;
    const { origin, path, host } = partsOfResource(resource);
    const compiled = compileResource(
      {
        origin,
        path,
        authorizationServers: authorizationServers.filter((url) => url !== undefined),
        scopes: scopes.filter((scope) => scope !== undefined),
      },
      methods,
    );
    resources.set(host, [...(resources.get(host) ?? []), compiled]);
  }
  for (const ofHost of resources.values()) ofHost.sort((a, b) => b.path.length - a.path.length);
  return resources;
}

function kindOf({ shape }: Bearer) {
  return { shapes: compileShapes(shape) };
}

function compileShapes(written: WrittenShapes): readonly Shape[] {
  const list = written === undefined ? [] : isList(written) ? written : [written];
  return list.flatMap((shape) => {
    if (shape === undefined) return [];
    const { prefix = '', length, minLength = 1, maxLength = Infinity, alphabet = null } = shape;
    return [{ prefix, minLength: length ?? minLength, maxLength: length ?? maxLength, alphabet }];
  });
}

/** Written as one, or as several. */
export function isList<T extends object>(
  written: T | readonly (T | undefined)[],
): written is readonly (T | undefined)[] {
  return Array.isArray(written);
}
