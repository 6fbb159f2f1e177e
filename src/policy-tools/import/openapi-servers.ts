/** Base paths of the servers of an OpenAPI document. */
import type { Leftover } from './imported-rule.ts';
import { child, entriesOf, listOf, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

/** Without servers: the root. Variables have their defaults. */
export function readServers(servers: SourceNode | undefined, lost: Leftover[]): readonly string[] {
  const bases = new Set<string>();
  for (const server of listOf(servers)) {
    let url = textOf(child(server, 'url')) ?? '/';
    for (const [name, variable] of entriesOf(child(server, 'variables'))) {
      const chosen = textOf(child(variable, 'default')) ?? '';
      url = url.replaceAll(`{${name}}`, chosen);
      if (listOf(child(variable, 'enum')).length > 1) {
        const why = `only its default "${chosen}" is carried over`;
        lost.push({ kind: 'lost', file: variable.file, line: variable.line, what: `server variable ${name}`, why });
      }
    }
    const base = 'http://any.example';
    if (URL.canParse(url, base)) bases.add(new URL(url, base).pathname.replace(/\/+$/, ''));
    else lost.push({ kind: 'lost', file: server.file, line: server.line, what: 'a server', why: 'its URL is invalid' });
  }
  return bases.size === 0 ? [''] : [...bases];
}
