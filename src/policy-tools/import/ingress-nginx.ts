/** Ingress resources of ingress-nginx, with the annotations of its external authentication. */
import { deny, type ImportedRule, type Leftover, plainRule } from './imported-rule.ts';
import { authOf, nginxPrefix, readAnnotations, splitAuthUrl, type Tell } from './nginx-annotations.ts';
import { type ControllerDemands, readController } from './nginx-controller.ts';
import { readNginxPaths, rewrites } from './nginx-path.ts';
import { closedHosts, type Location, rulesOfServer } from './nginx-server.ts';
import { patternOf } from './path-patterns.ts';
import { chooseAuth, type ReadSettings, type ReadSource } from './read-source.ts';
import { child, entriesOf, listOf, refuse, textOf } from './source-node.ts';
import { printable, type SourceNode } from './source-text.ts';

export function isIngress(document: SourceNode): boolean {
  return [document, ...listOf(child(document, 'items'))].some((one) => textOf(child(one, 'kind')) === 'Ingress');
}

export function readIngresses(documents: readonly SourceNode[], { auth }: ReadSettings): ReadSource {
  const lost: Leftover[] = [];
  const resources = documents.flatMap(flat);
  const controller = readController(resources, lost);
  const ingresses = resources.filter((one) => textOf(child(one, 'kind')) === 'Ingress' && !isCanary(one, lost));
  const urls = ingresses.flatMap((one) => authOf(annotationsOf(one), controller) ?? []);
  const services = [...new Set(urls.map((url) => splitAuthUrl(url).service))];
  if (auth !== null && !services.includes(auth))
    refuse(documents[0]!, `no Ingress uses the auth-url "${printable(auth)}"`);
  const choice = chooseAuth(services, auth, 'auth-urls');
  const expressions = new Set(ingresses.flatMap(hostsWithExpressions));
  const identityHeaders = new Map<string, string>();
  const locations = ingresses.flatMap((ingress) =>
    readIngress(ingress, { controller, choice, expressions, identityHeaders }, lost),
  );
  const rules = [...Map.groupBy(locations, ({ host }) => host)].flatMap(([host, own]) =>
    rulesOfServer(host, own, expressions.has(host)),
  );
  const aliases = ingresses.flatMap(aliasesOf);
  return { rules: [...rules, ...closedHosts(rules, aliases)], lost, identityHeaders, auth: choice.auth };
}

function flat(document: SourceNode): readonly SourceNode[] {
  const items = child(document, 'items');
  return items === undefined ? [document] : listOf(items).flatMap(flat);
}

function annotationsOf(ingress: SourceNode): SourceNode | undefined {
  return child(ingress, 'metadata', 'annotations');
}

function annotation(ingress: SourceNode, name: string): string | null {
  return textOf(child(annotationsOf(ingress), `${nginxPrefix}${name}`));
}

function nameOf(ingress: SourceNode): string {
  return textOf(child(ingress, 'metadata', 'name')) ?? `ingress-${ingress.line}`;
}

/** A canary shares the locations of another Ingress, which controls access. */
function isCanary(ingress: SourceNode, lost: Leftover[]): boolean {
  if (annotation(ingress, 'canary') !== 'true') return false;
  const { file, line } = ingress;
  lost.push({
    kind: 'lost',
    file,
    line,
    what: nameOf(ingress),
    why: 'it is a canary; all requests go to the main service',
  });
  return true;
}

interface Surroundings {
  readonly controller: ControllerDemands;
  readonly choice: { readonly auth: string | null; readonly others: string };
  readonly expressions: ReadonlySet<string | null>;
  readonly identityHeaders: Map<string, string>;
}

function readIngress(
  ingress: SourceNode,
  around: Surroundings,
  lost: Leftover[],
): readonly (Location & { readonly host: string | null })[] {
  const name = nameOf(ingress);
  const tell: Tell = (why, at = ingress) => lost.push({ kind: 'lost', file: at.file, line: at.line, what: name, why });
  const demands = readAnnotations(annotationsOf(ingress), around.controller, around.choice, tell);
  for (const [header, field] of demands.identityHeaders) around.identityHeaders.set(header, field);
  const foreign = classOfAnother(ingress);
  const rewriteTarget = annotation(ingress, 'rewrite-target');
  const secure = /^(?:HTTPS|GRPCS)$/.test(annotation(ingress, 'backend-protocol') ?? '');
  if (child(ingress, 'spec', 'defaultBackend') !== undefined || child(ingress, 'spec', 'backend') !== undefined) {
    tell('its default backend; requests that match no path get 404', child(ingress, 'spec'));
  }
  return pathsOf(ingress).flatMap(({ host, entry }) => {
    const path = textOf(child(entry, 'path')) ?? '/';
    const type = textOf(child(entry, 'pathType')) ?? 'ImplementationSpecific';
    const expressions = around.expressions.has(host);
    const expression = annotation(ingress, 'use-regex') === 'true' || rewrites({ path, rewriteTarget });
    const upstream = backendOf(entry, ingress, secure, tell);
    return readNginxPaths({ host, path, type, rewriteTarget, expression, expressions }).map((read, index) => {
      const rule: ImportedRule = {
        ...plainRule,
        name,
        place: { file: entry.file, line: entry.line },
        pattern: read.pattern,
        access: demands.access,
        when: demands.when,
        upstream,
        stripPrefix: read.stripPrefix,
        addPrefix: read.addPrefix,
        anyCase: expressions,
        websocket: true,
        added: index > 0,
      };
      const label = host?.startsWith('*.') === true ? `${host} matches one label in nginx, but any number here` : null;
      const why = foreign ?? demands.denied ?? read.why ?? label;
      return { host, path: read, rule: why === null ? rule : deny(rule, why) };
    });
  });
}

/** A class can have any name, but only ingress-nginx reads these annotations. */
function classOfAnother(ingress: SourceNode): string | null {
  const annotations = annotationsOf(ingress);
  const node = child(ingress, 'spec', 'ingressClassName') ?? child(annotations, 'kubernetes.io/ingress.class');
  const ours = entriesOf(annotations).some(([key]) => key.startsWith(nginxPrefix));
  const name = textOf(node) ?? '';
  return node === undefined || ours || name.includes('nginx')
    ? null
    : `it is for another controller (${printable(name)})`;
}

function pathsOf(ingress: SourceNode): readonly { readonly host: string | null; readonly entry: SourceNode }[] {
  return listOf(child(ingress, 'spec', 'rules')).flatMap((rule) => {
    const host = textOf(child(rule, 'host'));
    const entries = listOf(child(rule, 'http', 'paths'));
    return entries.map((entry) => ({ host: host === null || host === '' ? null : host.toLowerCase(), entry }));
  });
}

function hostsWithExpressions(ingress: SourceNode): readonly (string | null)[] {
  const rewriteTarget = annotation(ingress, 'rewrite-target');
  const all = annotation(ingress, 'use-regex') === 'true';
  return pathsOf(ingress).flatMap(({ host, entry }) =>
    all || rewrites({ path: textOf(child(entry, 'path')) ?? '/', rewriteTarget }) ? [host] : [],
  );
}

/** Hosts with a server of the controller that is not imported. */
function aliasesOf(ingress: SourceNode): readonly ImportedRule[] {
  const redirects = annotation(ingress, 'from-to-www-redirect') === 'true';
  const aliases = (annotation(ingress, 'server-alias') ?? '').split(',').map((host) => host.trim().toLowerCase());
  const hosts = pathsOf(ingress).flatMap(({ host }) => host ?? []);
  const www = redirects ? hosts.map((host) => (host.startsWith('www.') ? host.slice(4) : `www.${host}`)) : [];
  return [...aliases.filter((host) => host !== ''), ...www].flatMap((host) => {
    const { file, line } = ingress;
    const pattern = patternOf(host, '/**');
    if (pattern === null) return refuse(ingress, `the host "${printable(host)}" has no equivalent; remove it first`);
    return [{ ...plainRule, name: nameOf(ingress), place: { file, line }, pattern, access: 'deny' as const }];
  });
}

/** Backend in `networking.k8s.io/v1` and in earlier versions. */
function backendOf(entry: SourceNode, ingress: SourceNode, secure: boolean, tell: Tell): string | null {
  const namespace = textOf(child(ingress, 'metadata', 'namespace')) ?? 'default';
  const backend = child(entry, 'backend');
  const service = textOf(child(backend, 'service', 'name') ?? child(backend, 'serviceName'));
  const port = child(backend, 'service', 'port', 'number') ?? child(backend, 'servicePort');
  if (service === null || !/^[a-z0-9-]+$/i.test(service) || !/^[a-z0-9-]+$/i.test(namespace)) {
    tell('it specifies no service; set "targets" of its upstream', entry);
    return null;
  }
  const number = /^\d{1,5}$/.test(textOf(port) ?? '') ? Number(textOf(port)) : null;
  if (number === null) tell(`the port of service ${service} is a name; set it in "targets"`, backend ?? entry);
  const scheme = secure ? 'https' : 'http';
  return new URL(`${scheme}://${service}.${namespace}.svc:${number ?? (secure ? 443 : 80)}`).origin;
}
