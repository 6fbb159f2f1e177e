/** Finds ways to bypass `ForwardAuth` in files of Traefik, dynamic and static. */
import { type ProxySettings, written } from '../proxy-settings.ts';
import {
  decidedNames,
  type Finding,
  type FindingCode,
  mustBeRemoved,
  otherSpellings,
  UnreadableFileError,
} from './finding.ts';
import { readPattern } from './patterns.ts';
import { readYamlTrees, type YamlTree } from './yaml-tree.ts';

type Report = (code: FindingCode, at: { line: number }, subject?: string) => void;

const pathChanges = ['stripPrefix', 'stripPrefixRegex', 'addPrefix', 'replacePath', 'replacePathRegex'];

export function checkTraefik(text: string, settings: ProxySettings): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, { line }, subject = '') => findings.push({ code, line, subject });
  const trees = readYamlTrees(text);
  if (!trees.some((tree) => tree.get('entryPoints') !== null || tree.get('http') !== null))
    throw new UnreadableFileError('it has neither "http" nor "entryPoints"');
  for (const tree of trees) {
    for (const [, entryPoint] of tree.get('entryPoints')?.entries ?? []) {
      const headers = entryPoint.get('forwardedHeaders');
      const insecure = headers?.get('insecure') ?? null;
      if (insecure?.value === true) report('trusts_forwarded', insecure);
      const everyone = headers
        ?.get('trustedIPs')
        ?.items.find(({ text: range }) => range === '0.0.0.0/0' || range === '::/0');
      if (everyone !== undefined) report('trusts_forwarded', everyone);
    }
    checkDynamic(tree, settings, report);
  }
  return findings;
}

function checkDynamic(tree: YamlTree, settings: ProxySettings, report: Report): void {
  const middlewares = new Map(tree.at('http', 'middlewares')?.entries ?? []);
  for (const [, middleware] of middlewares) {
    const auth = middleware.get('forwardAuth');
    if (auth !== null) checkAuth(auth, settings, report);
  }
  for (const [, router] of tree.at('http', 'routers')?.entries ?? []) {
    const chain = flattened(router.get('middlewares')?.texts ?? [], middlewares);
    const asks = chain.findIndex((one) => one.get('forwardAuth') !== null);
    if (asks < 0) {
      report('not_checked', router);
      continue;
    }
    for (const before of chain.slice(0, asks)) {
      const plugin = before.get('plugin')?.entries.find(([name]) => /cache|souin/i.test(name));
      if (plugin !== undefined) report('check_cached', plugin[1], plugin[0]);
    }
    for (const after of chain.slice(asks + 1)) {
      for (const name of pathChanges) {
        const change = after.get(name);
        if (change !== null) report('path_changed', change, name);
      }
      for (const [name, set] of after.at('headers', 'customRequestHeaders')?.entries ?? [])
        if (settings.identity.includes(name.toLowerCase())) report('identity_not_from_check', set, name.toLowerCase());
    }
    const upgrades = chain.map((one) => one.at('headers', 'customRequestHeaders', 'Upgrade')?.text ?? null);
    const upgrade = upgrades.findLast((value) => value !== null) ?? null;
    if (upgrade !== '' && upgrade?.toLowerCase() !== 'websocket') report('upgrade_forwarded', router);
    const auth = chain[asks]!.get('forwardAuth')!;
    const emptied = new Set(
      chain
        .flatMap((one) => one.at('headers', 'customRequestHeaders')?.entries ?? [])
        .flatMap(([name, set]) => (set.text === '' ? [name.toLowerCase()] : [])),
    );
    const deletes = deletedBy(auth);
    for (const name of mustBeRemoved)
      if (!deletes(name) && !emptied.has(name)) report('override_forwarded', auth, name);
  }
}

/** Names may contain the provider of a middleware (`rolegate@file`), and chains contain others. */
function flattened(names: readonly string[], known: ReadonlyMap<string, YamlTree>, depth = 0): readonly YamlTree[] {
  if (depth > 8) return [];
  return names.flatMap((name) => {
    const middleware = known.get(name.split('@', 1)[0]!);
    if (middleware === undefined) return [];
    const chain = middleware.at('chain', 'middlewares');
    return chain === null ? [middleware] : flattened(chain.texts, known, depth + 1);
  });
}

function checkAuth(auth: YamlTree, settings: ProxySettings, report: Report): void {
  const trust = auth.get('trustForwardHeader');
  if (trust?.value === true && settings.trustedRanges.length === 0) report('trusts_forwarded', trust);
  const address = auth.get('address');
  if (!address?.text.endsWith(settings.checkPath)) report('check_path_wrong', address ?? auth);
  const unverified = auth.at('tls', 'insecureSkipVerify');
  if (unverified?.value === true) report('check_unverified', unverified);
  const listed = auth.get('authResponseHeaders');
  const deletes = deletedBy(auth);
  for (const [name, missing] of decidedNames(settings)) if (!deletes(name)) report(missing, listed ?? auth, name);
  const asked = auth.get('authRequestHeaders');
  if (asked === null) return;
  // The check sees only these headers, so it cannot refuse another spelling.
  const seen = new Set(asked.texts.map((name) => name.toLowerCase()));
  for (const name of settings.credentials) if (!seen.has(name)) report('field_missing', asked, name);
  for (const name of otherSpellings(settings)) if (!deletes(name)) report('spelling_forwarded', asked, name);
}

/** Headers that are deleted from the request before the response sets any. */
function deletedBy(auth: YamlTree): (name: string) => boolean {
  const listed = new Set((auth.get('authResponseHeaders')?.texts ?? []).map((name) => name.toLowerCase()));
  const pattern = auth.get('authResponseHeadersRegex')?.text ?? '';
  const regex = pattern === '' ? null : readPattern(pattern);
  // The form in which Go sends names.
  return (name) => listed.has(name) || regex?.test(regex.ignoreCase ? name : written(name)) === true;
}
