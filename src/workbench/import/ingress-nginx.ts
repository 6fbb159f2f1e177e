/** Ingress resources for ingress-nginx, with the annotations of its external authentication. */
import type { ImportedRule, Leftover } from './imported-rule.ts';
import { nginxPrefix, readAnnotations } from './nginx-annotations.ts';
import { type ControllerDemands, readController } from './nginx-controller.ts';
import { readNginxPath } from './nginx-path.ts';
import { closedHosts, endsWithoutSlash } from './nginx-servers.ts';
import type { ReadSource } from './read-source.ts';
import type { Semantics } from './settle.ts';
import { child, entriesOf, listOf, textOf } from './source-node.ts';
import { printable, type SourceNode } from './source-text.ts';

/** Within a server the longest path counts; one for a host that has none of its own is for no other. */
export const ingressSemantics: Semantics = {
  overlaps: 'specific',
  wins: (winner, loser) => {
    const lengthOf = ({ pattern }: ImportedRule) => pattern?.path.replace(/\/\*\*$/, '').length ?? 0;
    return winner.pattern?.host !== loser.shape.host || lengthOf(winner) > lengthOf(loser);
  },
};

export function isIngress(document: SourceNode): boolean {
  return [document, ...listOf(child(document, 'items'))].some((one) => textOf(child(one, 'kind')) === 'Ingress');
}

export function readIngresses(documents: readonly SourceNode[]): ReadSource {
  const leftovers: Leftover[] = [];
  const resources = documents.flatMap(flat);
  const controller = readController(resources, leftovers);
  const ingresses = resources.filter((one) => textOf(child(one, 'kind')) === 'Ingress');
  const expressions = new Set(ingresses.filter(usesExpressions).flatMap((one) => rulesOf(one).map(hostOf)));
  const identityHeaders = new Map<string, string>();
  const rules = ingresses.flatMap((ingress) =>
    readIngress(ingress, { controller, expressions, identityHeaders }, leftovers),
  );
  const ended = rules.map((rule) => endsWithoutSlash(rule, rules, leftovers));
  return { rules: [...ended, ...closedHosts(ended)], leftovers, roles: [], identityHeaders };
}

function flat(document: SourceNode): readonly SourceNode[] {
  const items = child(document, 'items');
  return items === undefined ? [document] : listOf(items).flatMap(flat);
}

interface Surroundings {
  readonly controller: ControllerDemands;
  readonly expressions: ReadonlySet<string | null>;
  readonly identityHeaders: Map<string, string>;
}

function readIngress(ingress: SourceNode, around: Surroundings, leftovers: Leftover[]): ImportedRule[] {
  const metadata = child(ingress, 'metadata');
  const name = textOf(child(metadata, 'name')) ?? `ingress-${ingress.line}`;
  const namespace = textOf(child(metadata, 'namespace')) ?? 'default';
  const annotations = child(metadata, 'annotations');
  const tell = (why: string, at: SourceNode = ingress) =>
    leftovers.push({ file: at.file, line: at.line, what: name, why });
  if (textOf(child(annotations, `${nginxPrefix}canary`)) === 'true') {
    tell('left out: a canary shares its paths with another Ingress');
    return [];
  }
  const { access: asked, when, identityHeaders } = readAnnotations(annotations, around.controller, tell);
  const classNode = child(ingress, 'spec', 'ingressClassName') ?? child(annotations, 'kubernetes.io/ingress.class');
  // A class can have any name, but only this controller reads annotations of this one.
  const ours = entriesOf(annotations).some(([key]) => key.startsWith(nginxPrefix));
  const elsewhere = classNode !== undefined && !ours && !(textOf(classNode) ?? '').includes('nginx');
  if (elsewhere)
    tell(`denied, because it is for another controller (${printable(textOf(classNode) ?? '')})`, classNode);
  const access = elsewhere ? 'deny' : asked;
  for (const [header, field] of identityHeaders) around.identityHeaders.set(header, field);
  const rewriteTarget = textOf(child(annotations, `${nginxPrefix}rewrite-target`));
  const secure = /^(?:HTTPS|GRPCS)$/.test(textOf(child(annotations, `${nginxPrefix}backend-protocol`)) ?? '');
  if (child(ingress, 'spec', 'defaultBackend') !== undefined || child(ingress, 'spec', 'backend') !== undefined) {
    tell('its default backend is left out: what no path takes is answered with 404', child(ingress, 'spec'));
  }
  return rulesOf(ingress).flatMap((rule) =>
    listOf(child(rule, 'http', 'paths')).flatMap((entry): ImportedRule[] => {
      const host = hostOf(rule);
      const read = readNginxPath({
        host,
        path: textOf(child(entry, 'path')) ?? '/',
        type: textOf(child(entry, 'pathType')) ?? 'ImplementationSpecific',
        expressions: around.expressions.has(host),
        rewriteTarget,
      });
      if (read.loss !== null) tell(`${read.pattern === null ? 'left out' : 'only in part'}: ${read.loss}`, entry);
      if (read.broken) tell(`denied, because "rewrite-target: ${rewriteTarget}" is no change of a prefix`, entry);
      const denied = read.broken || access === 'deny';
      return [
        {
          name,
          place: { file: entry.file, line: entry.line },
          shape: read.shape,
          pattern: read.pattern,
          methods: null,
          access: denied ? 'deny' : access,
          when: denied ? [] : when,
          upstream: backendOf(entry, namespace, secure, tell),
          stripPrefix: read.stripPrefix,
          addPrefix: read.addPrefix,
          anyCase: around.expressions.has(host),
          websocket: true,
          remarks: [
            ...(denied ? ['denied: see what could not be carried over'] : []),
            ...(read.loss === null ? [] : [`only in part: ${read.loss}`]),
          ],
        },
      ];
    }),
  );
}

/** Rules, and the path of an Ingress that has none in them. */
function rulesOf(ingress: SourceNode): readonly SourceNode[] {
  return listOf(child(ingress, 'spec', 'rules'));
}

function hostOf(rule: SourceNode): string | null {
  const host = textOf(child(rule, 'host'));
  return host === null || host === '' ? null : host.toLowerCase();
}

function usesExpressions(ingress: SourceNode): boolean {
  const annotations = child(ingress, 'metadata', 'annotations');
  const rewrites = textOf(child(annotations, `${nginxPrefix}rewrite-target`)) !== null;
  return rewrites || textOf(child(annotations, `${nginxPrefix}use-regex`)) === 'true';
}

/** Of `networking.k8s.io/v1`, and of the versions before. */
function backendOf(
  entry: SourceNode,
  namespace: string,
  secure: boolean,
  tell: (why: string, at?: SourceNode) => void,
): string | null {
  const backend = child(entry, 'backend');
  const service = textOf(child(backend, 'service', 'name') ?? child(backend, 'serviceName'));
  const port = child(backend, 'service', 'port', 'number') ?? child(backend, 'servicePort');
  if (service === null || !/^[a-z0-9-]+$/i.test(service) || !/^[a-z0-9-]+$/i.test(namespace)) {
    tell('it names no service; set "targets" of its upstream', entry);
    return null;
  }
  const number = /^\d{1,5}$/.test(textOf(port) ?? '') ? Number(textOf(port)) : null;
  if (number === null)
    tell(`the port of service ${service} is known by name only; set it in "targets"`, backend ?? entry);
  const scheme = secure ? 'https' : 'http';
  return new URL(`${scheme}://${service}.${namespace}.svc:${number ?? (secure ? 443 : 80)}`).origin;
}
