/** Access rules of Ory Oathkeeper: a list in JSON or YAML, or `Rule` resources of its Kubernetes controller. */
import type { ImportedAccess, ImportedRule, Leftover } from './imported-rule.ts';
import { readAuthenticators } from './oathkeeper-authenticators.ts';
import { looksLikeGlob, type ReadUrl, readUrl } from './oathkeeper-url.ts';
import type { ReadSettings, ReadSource } from './read-source.ts';
import { readMethods, splitUrl } from './read-values.ts';
import type { Semantics } from './settle.ts';
import { child, entriesOf, isMapping, listOf, refuse, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

/** Where several rules match, Oathkeeper answers 500. */
export const oathkeeperSemantics: Semantics = { overlaps: 'join', wins: () => false };

export function readOathkeeper(documents: readonly SourceNode[], settings: ReadSettings): ReadSource {
  const entries = documents.flatMap(rulesIn);
  const glob = entries.some(({ rule }) => looksLikeGlob(textOf(child(rule, 'match', 'url')) ?? ''));
  const leftovers: Leftover[] = [];
  const rules = entries.flatMap(({ rule, name }) => readRule(rule, name, { ...settings, glob }, leftovers));
  return { rules, leftovers, roles: [], identityHeaders: headersOf(entries, leftovers) };
}

export function isOathkeeper(document: SourceNode): boolean {
  if (textOf(child(document, 'apiVersion'))?.startsWith('oathkeeper.ory.sh/') === true) return true;
  return listOf(document).some((rule) => child(rule, 'match', 'url') !== undefined);
}

interface Entry {
  readonly rule: SourceNode;
  readonly name: string | null;
}

function rulesIn(document: SourceNode): readonly Entry[] {
  if (Array.isArray(document.value)) return listOf(document).map((rule) => ({ rule, name: textOf(child(rule, 'id')) }));
  if (textOf(child(document, 'kind')) === 'List') return listOf(child(document, 'items')).flatMap(rulesIn);
  if (textOf(child(document, 'kind')) !== 'Rule') {
    return refuse(document, 'expected a list of access rules, or resources of kind Rule');
  }
  const rule = child(document, 'spec');
  return rule === undefined ? [] : [{ rule, name: textOf(child(document, 'metadata', 'name')) }];
}

type Settings = ReadSettings & { readonly glob: boolean };

function readRule(rule: SourceNode, given: string | null, settings: Settings, leftovers: Leftover[]): ImportedRule[] {
  if (!isMapping(rule)) return refuse(rule, 'an access rule is a mapping');
  const { file, line } = rule;
  const name = given ?? `rule-${line}`;
  const lost: string[] = [];
  const tell = (why: string, at: SourceNode = rule) => leftovers.push({ file, line: at.line, what: name, why });
  const match = child(rule, 'match');
  const url = textOf(child(match, 'url'));
  const urls = url === null ? null : readUrl(url, settings);
  const methods = readMethods(child(match, 'methods'), tell);
  const deny = (why: string, at?: SourceNode): 'deny' => {
    lost.push(`denied: ${why}`);
    tell(`denied, because ${why}`, at);
    return 'deny';
  };
  if (urls === null) {
    tell('left out: its URL cannot be read', child(match, 'url'));
    return [unreadable(name, rule)];
  }
  const access = accessOf(rule, tell, deny);
  for (const [key, value] of entriesOf(rule)) noteKey(key, value, tell);
  const upstream = splitUrl(textOf(child(rule, 'upstream', 'url')));
  if (upstream === null) tell('it names no service; set "targets" of its upstream');
  const strip = textOf(child(rule, 'upstream', 'strip_path')) ?? '';
  return urls.map(({ shape, pattern, loss }: ReadUrl): ImportedRule => {
    if (loss !== null) {
      tell(
        pattern === null
          ? `left out: ${loss}${settings.widen ? '' : '; --widen lets a route take the whole segment'}`
          : `only in part: ${loss}`,
        child(match, 'url'),
      );
    }
    return {
      name,
      place: { file, line },
      shape,
      pattern,
      methods,
      access,
      when: [],
      upstream: upstream?.origin ?? null,
      stripPrefix: strip === '' ? '' : `/${strip.replace(/^\/+|\/+$/g, '')}`,
      addPrefix: upstream?.path ?? '',
      anyCase: false,
      websocket: false,
      remarks: [...lost, ...(loss === null ? [] : [`only in part: ${loss}`])],
    };
  });
}

/** It may be about anything, and lets nobody in. */
function unreadable(name: string, { file, line }: SourceNode): ImportedRule {
  return {
    name,
    place: { file, line },
    shape: { host: null, segments: [], rest: true },
    pattern: null,
    methods: null,
    access: 'deny',
    when: [],
    upstream: null,
    stripPrefix: '',
    addPrefix: '',
    anyCase: false,
    websocket: false,
    remarks: [],
  };
}

type Tell = (why: string, at?: SourceNode) => void;

function accessOf(rule: SourceNode, tell: Tell, deny: (why: string, at?: SourceNode) => 'deny'): ImportedAccess {
  const authorizer = child(rule, 'authorizer');
  const handler = textOf(child(authorizer, 'handler'));
  const access = readAuthenticators(listOf(child(rule, 'authenticators')), tell);
  if (typeof access === 'object' && 'refused' in access) return deny(access.refused, child(rule, 'authenticators'));
  if (handler === 'deny') return 'deny';
  if (handler === 'allow') return access;
  return deny(handler === null ? 'it has no authorizer' : `its authorizer "${handler}" decides elsewhere`, authorizer);
}

function noteKey(key: string, value: SourceNode, tell: Tell): void {
  if (key === 'errors') tell('its error handlers: refusals are answered with RFC 9457 JSON', value);
  if (key === 'mutators' || key === 'mutator') {
    for (const mutator of key === 'mutators' ? listOf(value) : [value]) {
      const handler = textOf(child(mutator, 'handler'));
      if (handler !== 'noop' && handler !== 'header') tell(`its mutator "${handler ?? 'without handler'}"`, mutator);
    }
  }
  if (key === 'upstream' && textOf(child(value, 'preserve_host')) === 'true') {
    tell('"preserve_host": services get the host in X-Forwarded-Host', value);
  }
}

/** Headers with the subject and nothing else; they are the same for every route here. */
function headersOf(entries: readonly Entry[], leftovers: Leftover[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { rule, name } of entries) {
    for (const mutator of [...listOf(child(rule, 'mutators')), ...[child(rule, 'mutator')]]) {
      if (mutator === undefined || textOf(child(mutator, 'handler')) !== 'header') continue;
      for (const [header, value] of entriesOf(child(mutator, 'config', 'headers'))) {
        if (/^\{\{-? *(?:print )?\.Subject *-?\}\}$/.test(textOf(value) ?? ''))
          found.set(header.toLowerCase(), 'userId');
        else
          leftovers.push({
            file: value.file,
            line: value.line,
            what: name ?? 'a rule',
            why: `its header "${header}" is made from a template`,
          });
      }
    }
  }
  return found;
}
