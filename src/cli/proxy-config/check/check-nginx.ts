/** Finds ways to bypass `auth_request` in a configuration of nginx, and names what it does not read. */

import type { ProxySettings } from '../proxy-settings.ts';
import { type Directive, readBlocks } from './blocks.ts';
import { duration } from './durations.ts';
import { decidedNames, type Finding, type FindingCode, mustBeRemoved, UnreadableFileError } from './finding.ts';

/** From the outermost block to the location itself. */
type Chain = readonly (readonly Directive[])[];

interface Location {
  readonly directive: Directive;
  readonly chain: Chain;
  readonly serverLocations: readonly Directive[];
}

export function checkNginx(text: string, settings: ProxySettings): readonly Finding[] {
  const findings: Finding[] = [];
  const report = (code: FindingCode, { line }: { line: number }, subject = '') =>
    findings.push({ code, line, subject });
  const top = readBlocks(text);
  const locations = locationsOf(top);
  const unknown = unread(top);
  if (unknown.length === 0 && !locations.some(({ directive }) => passesOf(directive).length > 0))
    throw new UnreadableFileError('no location forwards requests');
  for (const directive of unknown) report('not_read', directive, directive.name);
  const checks = new Set<Directive>();
  for (const { chain, serverLocations } of locations) {
    const auth = inherited(chain, 'auth_request');
    const target = serverLocations.find(({ args }) => args.at(-1) === auth?.args[0]);
    if (target !== undefined) checks.add(target);
    for (const { args } of allInherited(chain, 'error_page')) {
      const refusal = serverLocations.find((one) => one.args.at(-1) === args.at(-1) && asksForRefusal(one, settings));
      if (refusal !== undefined) checks.add(refusal);
    }
  }
  for (const location of locations) {
    const { directive, chain } = location;
    if (checks.has(directive)) checkAsking(directive, chain, settings, report);
    else for (const pass of passesOf(directive)) checkServing(location, pass, settings, report);
  }
  for (const { chain, directive } of locations) {
    if (inherited(chain, 'underscores_in_headers')?.args[0] === 'on')
      report('spelling_forwarded', directive, 'underscores_in_headers');
    if (inherited(chain, 'ignore_invalid_headers')?.args[0] === 'off')
      report('spelling_forwarded', directive, 'ignore_invalid_headers');
  }
  return findings;
}

type Report = (code: FindingCode, at: { line: number }, subject?: string) => void;

/** The server part of `proxy_pass`: text after it replaces the path. */
const server = /^https?:\/\/(?:unix:[^:]+|\$\w+|[^/$]+)(?::\d+)?/;

function checkServing({ directive, chain }: Location, pass: Directive, settings: ProxySettings, report: Report): void {
  const auth = inherited(chain, 'auth_request');
  if (auth === undefined || auth.args[0] === 'off') {
    report('not_checked', directive);
    return;
  }
  if (inherited(chain, 'satisfy')?.args[0] === 'any') report('not_checked', directive, 'satisfy any');
  if (pass.name === 'proxy_pass' && (pass.args[0] ?? '').replace(server, '') !== '') report('path_changed', pass);
  for (const rewrite of all(chain, 'rewrite')) report('path_changed', rewrite);
  const fromCheck = new Map(allInherited(chain, 'auth_request_set').map(({ args }) => [args[0] ?? '', args[1] ?? '']));
  const headers = new Map(
    allInherited(chain, pass.name.replace('_pass', '_set_header')).map((one) => [
      one.args[0]?.toLowerCase() ?? '',
      one,
    ]),
  );
  for (const [name, missing] of decidedNames(settings)) {
    const set = headers.get(name);
    const value = set?.args[1] ?? '';
    const source = fromCheck.get(value);
    if (set === undefined) report(missing, directive, name);
    else if (missing === 'credential_forwarded' && value === '') continue;
    else if (source !== `$upstream_http_${name.replaceAll('-', '_')}`)
      report(missing === 'identity_missing' ? 'identity_not_from_check' : missing, set, name);
  }
  for (const name of mustBeRemoved)
    if (headers.get(name)?.args[1] !== '') report('override_forwarded', directive, name);
  const upgrade = headers.get('upgrade');
  if (upgrade !== undefined && !isWebSocketAlone(upgrade.args[1] ?? '', chain)) report('upgrade_forwarded', upgrade);
  const pages = allInherited(chain, 'error_page');
  const codes = new Set(pages.flatMap(({ args }) => args));
  for (const code of ['401', '403', '500'])
    if (!codes.has(code)) report('refusal_lost', directive, `error_page ${code}`);
  for (const page of pages) {
    if (page.args.some((arg) => /^=\d/.test(arg))) report('refusal_bypassed', page);
  }
}

/** Whether the value is empty or that of a WebSocket, regardless of the client. */
function isWebSocketAlone(value: string, chain: Chain): boolean {
  const fine = (text: string) => text === '' || text.toLowerCase() === 'websocket';
  if (fine(value)) return true;
  const map = all(chain, 'map').findLast(({ args }) => args[1] === value);
  return (
    map?.block?.every(({ name, args }) => fine(args[0] ?? '') || (name === 'hostnames' && args.length === 0)) === true
  );
}

const fields: Readonly<Record<string, string>> = {
  'x-original-method': '$request_method',
  'x-original-uri': '$request_uri',
  'x-original-host': '$http_host',
  'x-real-ip': '$remote_addr',
};

function checkAsking(directive: Directive, chain: Chain, settings: ProxySettings, report: Report): void {
  if (!directive.args.at(-1)?.startsWith('@') && own(directive, 'internal') === undefined)
    report('check_reachable', directive);
  const headers = new Map(
    allInherited(chain, 'proxy_set_header').map((one) => [one.args[0]?.toLowerCase() ?? '', one]),
  );
  for (const [name, value] of Object.entries(fields)) {
    const set = headers.get(name);
    if (set === undefined) report('field_missing', directive, name);
    else if (set.args[1] !== value) report(name === 'x-real-ip' ? 'client_forgeable' : 'target_not_raw', set, name);
  }
  if (settings.secret && !headers.has('x-rolegate-authorizer'))
    report('field_missing', directive, 'x-rolegate-authorizer');
  const cache = inherited(chain, 'proxy_cache');
  if (cache !== undefined && cache.args[0] !== 'off') report('check_cached', cache);
  const wait = inherited(chain, 'proxy_read_timeout');
  if (wait !== undefined && duration(wait.args[0] ?? '') < settings.waitMs - 1_000) report('deadline_short', wait);
  const pass = own(directive, 'proxy_pass');
  const path = /^https?:\/\/[^/]+(\/.*)?$/.exec(pass?.args[0] ?? '')?.[1];
  if (path !== undefined && path !== settings.checkPath && path !== `${settings.checkPath}/refusal`)
    report('check_path_wrong', pass!);
}

const passes = /^(?:proxy|grpc|fastcgi|uwsgi|scgi)_pass$/;

/** Targets of a location, including blocks such as `if`, but not nested locations. */
function passesOf({ block }: Directive): readonly Directive[] {
  return (block ?? []).flatMap((one) => {
    if (one.name === 'location') return [];
    return passes.test(one.name) ? [one] : passesOf(one);
  });
}

function asksForRefusal(location: Directive, { checkPath }: ProxySettings): boolean {
  const texts = (location.block ?? []).flatMap(({ args }) => args);
  return texts.some((text) => text.includes(`${checkPath}/refusal`));
}

function own(directive: Directive, name: string): Directive | undefined {
  return directive.block?.find((one) => one.name === name);
}

function all(chain: Chain, name: string): Directive[] {
  return chain.flatMap((block) => block.filter((one) => one.name === name));
}

/** The innermost one. */
function inherited(chain: Chain, name: string): Directive | undefined {
  return all(chain, name).at(-1);
}

/** Of lists such as `proxy_set_header`: those of the innermost block that has any. */
function allInherited(chain: Chain, name: string): readonly Directive[] {
  for (const block of [...chain].reverse()) {
    const directives = block.filter((one) => one.name === name);
    if (directives.length > 0) return directives;
  }
  return [];
}

function locationsOf(
  top: readonly Directive[],
  chain: Chain = [],
  serverLocations: readonly Directive[] = [],
): Location[] {
  const here = [...chain, top];
  return top.flatMap((directive) => {
    if (directive.block === null) return [];
    const siblings =
      directive.name === 'server' ? directive.block.filter(({ name }) => name === 'location') : serverLocations;
    const nested = locationsOf(directive.block, here, siblings);
    if (directive.name !== 'location') return nested;
    return [{ directive, chain: [...here, directive.block], serverLocations }, ...nested];
  });
}

/** Directives that are read above. */
const read = new Set([
  ...['http', 'server', 'location', 'internal', 'auth_request', 'auth_request_set', 'satisfy', 'error_page', 'rewrite'],
  ...['underscores_in_headers', 'ignore_invalid_headers', 'proxy_cache', 'proxy_read_timeout'],
]);
/** Blocks whose lines are no directives, or name servers only. */
const data = new Set(['map', 'types', 'upstream', 'events']);
/** Directives that change neither who is checked, nor what the check and the service receive. */
const harmless = new Set([
  ...['user', 'pid', 'daemon', 'listen', 'server_name', 'server_tokens', 'resolver', 'resolver_timeout', 'return'],
  ...['sendfile', 'tcp_nopush', 'tcp_nodelay', 'default_type', 'charset', 'expires', 'etag', 'root', 'index', 'http2'],
  ...['access_log', 'error_log', 'log_format', 'log_not_found', 'map_hash_bucket_size', 'map_hash_max_size'],
  ...['proxy_http_version', 'proxy_connect_timeout', 'proxy_send_timeout', 'proxy_pass_request_body', 'proxy_redirect'],
  ...['proxy_buffering', 'proxy_request_buffering', 'proxy_buffers', 'proxy_buffer_size', 'proxy_busy_buffers_size'],
  ...[
    'proxy_hide_header',
    'proxy_max_temp_file_size',
    'proxy_socket_keepalive',
    'send_timeout',
    'reset_timedout_connection',
  ],
]);
const harmlessFamily =
  /^(?:worker|ssl|proxy_ssl|gzip|client|large_client|keepalive|types_hash|server_names_hash|open_file_cache|limit_req|limit_conn|add_header)(?:_|$)/;

/** `include` above all: the included lines may forward without a check. */
function unread(block: readonly Directive[]): readonly Directive[] {
  return block.flatMap((directive) => {
    const { name, block: inner } = directive;
    if (data.has(name)) return [];
    const known =
      read.has(name) || harmless.has(name) || harmlessFamily.test(name) || passes.test(name) || setHeader.test(name);
    return [...(known || checksMethod(directive) ? [] : [directive]), ...unread(inner ?? [])];
  });
}

const setHeader = /^(?:proxy|grpc)_set_header$/;

/** Of the check itself, which has no body. */
function checksMethod({ name, args }: Directive): boolean {
  return name === 'proxy_method' && args[0] === 'GET';
}
