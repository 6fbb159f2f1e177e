/** Finds ways to bypass `ext_authz` in a configuration of Envoy. */
import type { ProxySettings } from '../proxy-settings.ts';
import { duration } from './durations.ts';
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

export function checkEnvoy(text: string, settings: ProxySettings): readonly Finding[] {
  const findings: Finding[] = [];
  const report: Report = (code, { line }, subject = '') => findings.push({ code, line, subject });
  const managers = readYamlTrees(text).flatMap((tree) =>
    [...tree.all()].filter((one) => one.get('http_filters') !== null),
  );
  if (managers.length === 0) throw new UnreadableFileError('it contains no http_connection_manager');
  for (const manager of managers) checkManager(manager, settings, report);
  return findings;
}

function checkManager(manager: YamlTree, settings: ProxySettings, report: Report): void {
  const filters = manager.get('http_filters')!;
  const names = filters.items.map((filter) => filter.get('name')?.text ?? '');
  const place = filters.items.findIndex((filter) => filter.at('typed_config', '@type')?.text.includes('ext_authz'));
  const filter = filters.items[place];
  if (filter === undefined) {
    report('not_checked', filters);
    return;
  }
  if (filter.get('disabled')?.value === true) report('not_checked', filter.get('disabled')!);
  for (const [index, name] of names.entries()) {
    if (index < place && name.includes('.cache')) report('check_cached', filters.items[index]!);
    if (index > place && /header_mutation|\.lua|header_to_metadata/.test(name))
      checkSets(filters.items[index]!, settings, report);
  }
  checkConnection(manager, report);
  checkFilter(filter.get('typed_config')!, manager, settings, report);
  for (const tree of manager.all()) checkRoute(tree, settings, report);
  const removed = new Set(
    [...manager.all()]
      .flatMap((tree) => tree.get('request_headers_to_remove')?.texts ?? [])
      .map((name) => name.toLowerCase()),
  );
  for (const name of mustBeRemoved)
    if (!removed.has(name)) report('override_forwarded', manager.get('route_config') ?? manager, name);
}

function checkConnection(manager: YamlTree, report: Report): void {
  const remote = manager.get('use_remote_address');
  if (remote?.value !== true) report('client_forgeable', remote ?? manager, 'use_remote_address');
}

function checkFilter(config: YamlTree, manager: YamlTree, settings: ProxySettings, report: Report): void {
  const open = config.get('failure_mode_allow');
  if (open?.value === true) report('outage_opens', open);
  const status = config.at('status_on_error', 'code');
  if (status === null || !['ServiceUnavailable', '503'].includes(status.text))
    report('outage_as_refusal', status ?? config, 'status_on_error');
  const overGrpc = config.get('grpc_service');
  if (overGrpc !== null) checkGrpc(config, overGrpc, settings, report);
  const service = config.get('http_service');
  if (service === null) return;
  const prefix = service.get('path_prefix');
  if (prefix?.text !== settings.checkPath) report('check_path_wrong', prefix ?? service);
  const lost = service.get('path_override');
  if (lost !== null) report('target_not_raw', lost, 'path_override');
  const wait = service.at('server_uri', 'timeout');
  if (wait !== null && duration(wait.text) < settings.waitMs - 1_000) report('deadline_short', wait);
  const response = service.get('authorization_response');
  const toService = response?.get('allowed_upstream_headers') ?? null;
  const sets = matcherOf(toService);
  for (const name of settings.identity) if (!sets(name)) report('identity_missing', toService ?? service, name);
  const toClient = response?.get('allowed_client_headers') ?? null;
  if (toClient !== null)
    for (const name of ['x-error', 'x-error-id', 'www-authenticate', 'retry-after'])
      if (!matcherOf(toClient)(name)) report('refusal_lost', toClient, name);
  const asked = config.get('allowed_headers') ?? service.at('authorization_request', 'allowed_headers');
  const sees = matcherOf(asked);
  for (const [name, kind] of decidedNames(settings))
    if (kind === 'credential_forwarded' && name !== 'authorization' && !sees(name))
      report('field_missing', asked ?? config, name);
  if (!sees('x-forwarded-for')) report('field_missing', asked ?? config, 'x-forwarded-for');
  for (const name of ['sec-websocket-key', 'sec-fetch-site', 'origin'])
    if (!sees(name)) report('field_missing', asked ?? config, name);
  const underscores = manager.at('common_http_protocol_options', 'headers_with_underscores_action')?.text ?? '';
  if (underscores !== 'DROP_HEADER' && underscores !== 'REJECT_REQUEST')
    for (const name of otherSpellings(settings)) if (!sees(name)) report('spelling_forwarded', asked ?? config, name);
}

/** Over gRPC the response determines what is set and removed, and a check has every header unless some are listed. */
function checkGrpc(config: YamlTree, service: YamlTree, settings: ProxySettings, report: Report): void {
  const wait = service.get('timeout');
  // Envoy's default is 200 ms.
  if (duration(wait?.text ?? '200ms') < settings.waitMs - 1_000) report('deadline_short', wait ?? service);
  const allowed = config.get('allowed_headers');
  const lost = config.get('disallowed_headers');
  const sees = (name: string) => (allowed === null || matcherOf(allowed)(name)) && !matcherOf(lost)(name);
  const at = lost ?? allowed ?? config;
  const decisive = ['x-forwarded-for', 'sec-websocket-key', 'sec-fetch-site', 'origin'];
  for (const name of [...settings.credentials, ...decisive]) if (!sees(name)) report('field_missing', at, name);
  for (const name of otherSpellings(settings)) if (!sees(name)) report('spelling_forwarded', at, name);
}

/** Of a list of string matchers. */
function matcherOf(list: YamlTree | null): (name: string) => boolean {
  const patterns = list?.get('patterns')?.items ?? [];
  return (name) =>
    patterns.some((pattern) => {
      const [exact, prefix, suffix, contains] = ['exact', 'prefix', 'suffix', 'contains'].map((kind) =>
        pattern.get(kind)?.text.toLowerCase(),
      );
      const regex = pattern.at('safe_regex', 'regex')?.text;
      return (
        name === exact ||
        (prefix !== undefined && name.startsWith(prefix)) ||
        (suffix !== undefined && name.endsWith(suffix)) ||
        (contains !== undefined && name.includes(contains)) ||
        (regex !== undefined && readPattern(regex, true)?.test(name) === true)
      );
    });
}

function checkRoute(tree: YamlTree, settings: ProxySettings, report: Report): void {
  for (const upgrade of tree.get('upgrade_configs')?.items ?? []) {
    const type = upgrade.get('upgrade_type');
    if (type !== null && type.text.toLowerCase() !== 'websocket') report('upgrade_forwarded', type, type.text);
  }
  for (const key of ['prefix_rewrite', 'regex_rewrite', 'path_rewrite_policy']) {
    const rewrite = tree.get(key);
    if (rewrite !== null) report('path_changed', rewrite, key);
  }
  for (const [name, override] of tree.get('typed_per_filter_config')?.entries ?? [])
    if (name.includes('ext_authz') && override.get('disabled')?.value === true) report('not_checked', override);
  checkSets(tree, settings, report);
}

/** Headers that are set after the check. */
function checkSets(tree: YamlTree, settings: ProxySettings, report: Report): void {
  for (const added of tree.get('request_headers_to_add')?.items ?? []) {
    const key = added.at('header', 'key');
    if (key !== null && settings.identity.includes(key.text.toLowerCase()))
      report('identity_not_from_check', key, key.text.toLowerCase());
  }
}
